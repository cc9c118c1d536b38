import fc from 'fast-check';

/** Whose token it is, and of what. */
export interface Identity {
  readonly name: string;
  readonly audience: string;
  readonly oneTime: readonly string[];
  readonly credentials: object;
}

const oddKeys = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '0',
  '10',
  '9',
  'a.b',
  '"',
  '\\',
  '\0',
  'é',
  'e\u0301',
  '\ud800',
  'toJSON',
];
const oneTimeKeys = ['code', 'recovery'];

const key = fc.oneof(
  fc.constantFrom(...oddKeys),
  fc.constantFrom('email', 'password'),
  fc.string({ maxLength: 3 }),
);
const leaf = fc.oneof(
  fc.string({ maxLength: 4, unit: 'binary' }),
  fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 1.5, 1e21, '', 'null', '0', '[]', '{}'),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map(objectOf),
  ),
}));
const oneTime = fc.array(fc.tuple(fc.constantFrom(...oneTimeKeys), value), { maxLength: 2 });
const lasting = fc.array(fc.tuple(key, value), { maxLength: 4 });

type Fields = (readonly [string, unknown])[];
/** What is done to the one to get the other. */
type Change = (fields: Fields) => Fields;

const changes: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((fields) => fields.map(([name, field]) => [name, turned(field)] as const).toReversed()),
  fc.constant<Change>((fields) => fields),
  fc.tuple(key, value).map<Change>((field) => (fields) => [...fields, field]),
  fc.nat(3).map<Change>((which) => (fields) => fields.filter((_, at) => at !== which)),
  fc.tuple(fc.nat(3), value).map<Change>(
    ([which, other]) =>
      (fields) =>
        fields.map(([name, field], at) => [name, at === which ? other : field] as const),
  ),
  fc
    .nat(3)
    .map<Change>(
      (which) => (fields) =>
        fields.map(([name, field], at) => [name, at === which ? [field] : field] as const),
    ),
  lasting.map<Change>((others) => () => others),
);

const names = alike('acme', 'acme-2', 'a');
const accounts = alike('', '/a', '/b', '#2');

/** Two of these, and mostly twice the first. */
function alike(...all: [string, ...string[]]): fc.Arbitrary<[string, string]> {
  const any = fc.constantFrom(...all);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant<[string, string]>([all[0], all[0]]) },
    { weight: 1, arbitrary: fc.tuple(any, any) },
  );
}

/** Two that are the same often enough, and else differ in little. */
export function likeIdentities(): fc.Arbitrary<[Identity, Identity]> {
  return fc
    .record({ lasting, changes, codes: fc.tuple(oneTime, oneTime), names, accounts })
    .map(({ lasting: fields, changes: change, codes, names: name, accounts: account }) => {
      // A field of the same name twice is one field: that it is here, too, before it is changed.
      const once = Object.entries(objectOf(fields));
      return [identity(0, once), identity(1, change(once))];

      function identity(which: 0 | 1, own: Fields): Identity {
        return {
          name: name[which],
          audience: `http://localhost:9${account[which]}`,
          oneTime: oneTimeKeys,
          credentials: objectOf([...own, ...codes[which]]),
        };
      }
    });
}

/** Says the same as the keys should, by other means. */
export function isSameIdentity(one: Identity, other: Identity): boolean {
  return (
    one.name === other.name &&
    one.audience === other.audience &&
    isSame(one.credentials, other.credentials, oneTimeKeys)
  );
}

function isSame(one: unknown, other: unknown, without: readonly string[] = []): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [mine, theirs] = [one, other].map((all) =>
    Object.keys(all).filter((name) => !without.includes(name)),
  );
  if (mine!.length !== theirs!.length) return false;
  return mine!.every((name) => {
    const [field, same] = [one, other].map((all) => Object.getOwnPropertyDescriptor(all, name));
    return field !== undefined && same !== undefined && isSame(field.value, same.value);
  });
}

/** The same, with the fields of each object the other way round. */
function turned(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(turned);
  if (!isObject(given)) return given;
  return objectOf(
    Object.entries(given)
      .toReversed()
      .map(([name, field]) => [name, turned(field)] as const),
  );
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}

function objectOf(fields: Fields): object {
  return Object.fromEntries(fields);
}
