import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CryptlexEmulator, type CryptlexLicense, startCryptlexEmulator } from '../src/index.js';
import { ask, cryptlexToken } from './ask.js';

const FIELDS = [
  ...['id', 'createdAt', 'updatedAt', 'key', 'revoked', 'suspended', 'perpetual', 'type', 'validity'],
  ...['subscriptionInterval', 'totalActivations', 'totalDeactivations', 'allowedActivations'],
  ...[
    'allowedDeactivations',
    'allowedFloatingClients',
    'leaseDuration',
    'expiresAt',
    'effectiveDate',
    'notes',
  ],
  ...['metadata', 'meterAttributes', 'product', 'productVersion', 'entitlementSet'],
];

let emulator: CryptlexEmulator;
let origin: string;
let token: string;

beforeEach(async () => {
  emulator = await startCryptlexEmulator();
  ({ origin } = emulator);
  token = await cryptlexToken(origin, { email: 'many@example.com', password: 'sample-password-4' });
});
afterEach(() => emulator.stop());

const get = (path: string) => ask(origin, `GET ${path}`, { token });

/** The licences that a query finds. */
async function found(query: string): Promise<CryptlexLicense[]> {
  const answer = await get(`/v3/me/licenses?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json() as CryptlexLicense[];
}

const all = () => emulator.users[3]?.licenses ?? [];
const times = (licenses: readonly CryptlexLicense[]) => licenses.map(({ createdAt }) => createdAt);

function statusOf({ revoked, suspended, expiresAt }: CryptlexLicense) {
  if (revoked) return 'revoked';
  if (suspended) return 'suspended';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active';
}

describe('the profile', () => {
  it('has every documented field', async () => {
    expect((await get('/v3/me')).json()).toEqual({
      id: emulator.users[3]?.id,
      createdAt: '2024-01-15T10:00:00.1234567Z',
      updatedAt: '2026-10-05T08:15:42.1234567Z',
      name: 'Sample User',
      firstName: 'Sample',
      lastName: 'User',
      email: 'many@example.com',
      role: 'user',
      twoFactorEnabled: false,
      googleSsoEnabled: false,
      lastLoginAt: '2026-10-05T08:15:42.1234567Z',
      company: null,
    });
  });

  it('knows who has a second factor, and has a last name that may be empty', async () => {
    const factor = { email: 'factor@example.com', password: 'sample-password-2', twoFactorCode: '123456' };
    token = await cryptlexToken(origin, factor);
    expect((await get('/v3/me')).json()).toMatchObject({
      twoFactorEnabled: true,
      name: 'Sample',
      lastName: '',
    });
  });
});

describe('the sample licences', () => {
  it('are 237 for one user, of every status, type and product, and the same in every run', async () => {
    const again = await startCryptlexEmulator();
    expect(again.users).toEqual(emulator.users);
    await again.stop();
    expect(all()).toHaveLength(237);
    expect(new Set(all().map(({ id }) => id)).size).toBe(237);
    expect(new Set(all().map(statusOf))).toEqual(new Set(['active', 'expired', 'suspended', 'revoked']));
    expect(new Set(all().map(({ type }) => type)).size).toBe(3);
    expect(new Set(all().map(({ product }) => product.id)).size).toBe(4);
  });

  it('are six for the first user, of every status', () => {
    expect(emulator.users[0]?.licenses.map(statusOf)).toEqual([
      'active',
      'active',
      'expired',
      'suspended',
      'revoked',
      'suspended',
    ]);
  });

  it('have ids in lower-case UUID text and every documented field', () => {
    for (const license of all()) {
      expect(license.id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
      expect(Object.keys(license).sort()).toEqual(FIELDS.toSorted());
    }
  });
});

describe('pages', () => {
  it('are a bare array of 25, oldest first', async () => {
    const page = await found('');
    expect(page).toEqual(all().slice(0, 25));
    expect(times(page)).toEqual(times(page).toSorted());
  });

  it('end with a shorter one', async () => {
    const sizes = [];
    for (const page of [1, 2, 3, 4]) sizes.push((await found(`page=${page}&limit=100`)).length);
    expect(sizes).toEqual([100, 100, 37, 0]);
    expect(await found('page=3&limit=100')).toEqual(all().slice(200));
  });

  it.each(['limit=101', 'limit=0', 'limit=ten', 'limit=-1', 'limit=1.5', 'page=0', 'page=x', 'limit='])(
    '%s is a 400',
    async (query) => {
      const answer = await get(`/v3/me/licenses?${query}`);
      expect([answer.status, answer.at('code')]).toEqual([400, 'INVALID_REQUEST']);
      expect(String(answer.at('errors.query.0'))).toContain(query.split('=')[0]);
    },
  );

  it('are sorted as asked', async () => {
    expect((await found('sort=-createdAt&limit=1'))[0]).toEqual(all()[236]);
    const byExpiry = await found('sort=expiresAt&limit=100');
    expect(byExpiry[0]?.expiresAt).toBe(null);
    expect((await found('sort=-expiresAt&limit=1'))[0]?.expiresAt).toBe('2099-12-31T00:00:00.0000000Z');
    const keys = (await found('sort=key&limit=100')).map(({ key }) => key);
    expect(keys).toEqual(keys.toSorted());
    expect((await get('/v3/me/licenses?sort=nonsense')).status).toBe(400);
  });

  it('move when the list changes between them', async () => {
    const first = await found('limit=100');
    expect(emulator.removeLicense(first[0]?.id ?? '')).toBe(true);
    expect(emulator.removeLicense(first[0]?.id ?? '')).toBe(false);
    expect((await found('page=2&limit=100'))[0]).toEqual(all()[101]);
    const added = emulator.addLicense('many@example.com', {
      createdAt: '2018-01-01T00:00:00Z',
      notes: 'added',
    });
    expect((await found('limit=1'))[0]).toEqual(added);
    expect((await found('page=2&limit=100'))[0]).toEqual(all()[100]);
    emulator.reset();
    token = await cryptlexToken(origin, { email: 'many@example.com', password: 'sample-password-4' });
    expect(await found('limit=100')).toEqual(all().slice(0, 100));
  });

  it('have a licence that is added without a date at their end', async () => {
    const { id } = emulator.addLicense('many@example.com');
    expect((await found('page=3&limit=100')).at(-1)?.id).toBe(id);
    expect(() => emulator.addLicense('nobody@example.com')).toThrow(/nobody@example\.com/);
  });
});

describe('filters', () => {
  const cases: [query: string, wanted: (license: CryptlexLicense) => boolean][] = [
    ['revoked=true', ({ revoked }) => revoked],
    ['revoked=false', ({ revoked }) => !revoked],
    ['suspended=true', ({ suspended }) => suspended],
    ['perpetual=true', ({ expiresAt }) => expiresAt === null],
    ['expired=true', ({ expiresAt }) => expiresAt === '2020-06-30T23:59:59.9999999Z'],
    ['expired=false&revoked=false', (l) => l.expiresAt !== '2020-06-30T23:59:59.9999999Z' && !l.revoked],
    ['type[eq]=node-locked', ({ type }) => type === 'node-locked'],
    ['type[ne]=node-locked', ({ type }) => type !== 'node-locked'],
    ['type[sw]=hosted', ({ type }) => type.startsWith('hosted')],
    ['type[ew]=floating', ({ type }) => type.endsWith('floating')],
    ['type[cn]=premise', ({ type }) => type.includes('premise')],
    ['type[nc]=premise', ({ type }) => !type.includes('premise')],
    ['type[in]=node-locked,hosted-floating', ({ type }) => type !== 'on-premise-floating'],
    ['type[nin]=node-locked,hosted-floating', ({ type }) => type === 'on-premise-floating'],
    ['metadata.key[eq]=seat', ({ metadata }) => metadata.length > 0],
    ['metadata.key[ne]=seat', ({ metadata }) => metadata.length === 0],
    ['metadata.value[eq]=12', ({ metadata }) => metadata[0]?.value === '12'],
    ['allowedActivations[lt]=0', ({ allowedActivations }) => allowedActivations < 0],
    ['allowedActivations[gte]=2', ({ allowedActivations }) => allowedActivations >= 2],
    ['allowedActivations[eq]=-1', ({ allowedActivations }) => allowedActivations === -1],
    ['expiresAt[gt]=2050-01-01', ({ expiresAt }) => expiresAt?.startsWith('2099') ?? false],
    ['expiresAt[lte]=2050-01-01T00:00:00', ({ expiresAt }) => expiresAt?.startsWith('2020') ?? false],
    ['expiresAt[ne]=2099-12-31T00:00:00Z', ({ expiresAt }) => !(expiresAt?.startsWith('2099') ?? false)],
    [
      'createdAt[gte]=2019-02-01&createdAt[lt]=2019-03-01',
      ({ createdAt }) => createdAt.startsWith('2019-02'),
    ],
    ['notes[cn]=licence', ({ notes }) => notes !== null],
    ['notes[ne]=Sample%20licence', ({ notes }) => notes === null],
    ['validity[gt]=0', ({ validity }) => validity > 0],
    ['totalActivations[lte]=0', () => true],
    ['updatedAt[lt]=2019-01-11', ({ createdAt }) => createdAt < '2019-01-11'],
    ['search=sAmPlE%20ReNdErEr', ({ product }) => product.displayName === 'Sample Renderer'],
    ['search=sample%20licence', ({ notes }) => notes !== null],
    ['unknown=1', () => true],
  ];

  it.each(cases)('%s', async (query, wanted) => {
    const expected = all().filter(wanted);
    expect(expected.length).toBeGreaterThan(0);
    expect(await found(`limit=100&${query}`)).toEqual(expected.slice(0, 100));
    expect(await found(`limit=100&page=2&${query}`)).toEqual(expected.slice(100, 200));
  });

  it.each(['id', 'key'] as const)('%s[eq] finds one', async (name) => {
    const license = all()[7];
    expect(await found(`${name}[eq]=${license?.[name]}`)).toEqual([license]);
  });

  it('productId is the id of the product', async () => {
    const product = all()[2]?.product.id ?? '';
    const products = (await found(`productId[eq]=${product}&limit=100`)).map((license) => license.product.id);
    expect(new Set(products)).toEqual(new Set([product]));
  });

  it.each([
    ['expired=maybe', /^expired must be true or false/],
    ['type[gt]=a', /^The field type has no operator gt/],
    ['expiresAt[cn]=2020', /^The field expiresAt has no operator cn/],
    ['expiresAt[gt]=soon', /^expiresAt\[gt\] must be a date/],
    ['validity[gt]=', /^validity\[gt\] must be a number/],
    ['nonsense[eq]=1', /^There is no field nonsense/],
    ['constructor[eq]=1', /^There is no field constructor/],
    ['key[constructor]=1', /^The field key has no operator constructor/],
  ])('%s is a 400 that says why', async (query, message) => {
    const answer = await get(`/v3/me/licenses?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.at('errors.query.0')).toMatch(message);
  });
});

describe('one licence', () => {
  it('is found by its id', async () => {
    expect((await get(`/v3/me/licenses/${all()[5]?.id}`)).json()).toEqual(all()[5]);
  });

  it('is a 404 where nobody or somebody else has it', async () => {
    const others = emulator.users[0]?.licenses[0]?.id;
    for (const id of [others, '00000000-0000-4000-8000-000000000000', 'nonsense']) {
      const answer = await get(`/v3/me/licenses/${id}`);
      expect([answer.status, answer.at('code')]).toEqual([404, 'LICENSE_NOT_FOUND']);
    }
  });

  it('needs a token, as all of this does', async () => {
    for (const path of ['/v3/me', '/v3/me/licenses', `/v3/me/licenses/${all()[5]?.id}`]) {
      expect((await ask(origin, `GET ${path}`)).status).toBe(401);
    }
  });

  it('other paths are a 404 and other methods a 405', async () => {
    for (const path of ['/v3/me/', '/v3/me/licenses/', '/v3/me/licenses/a/b', '/me']) {
      expect((await get(path)).status, path).toBe(404);
    }
    const answer = await ask(origin, 'DELETE /v3/me', { token });
    expect([answer.status, answer.at('code')]).toEqual([405, 'METHOD_NOT_ALLOWED']);
  });
});

describe('users of a test', () => {
  it('have the licences that were named, filled in', async () => {
    const own = await startCryptlexEmulator({
      users: [{ email: 'own@example.com', password: 'own password', licenses: [{ notes: 'mine' }, {}] }],
    });
    token = await cryptlexToken(own.origin, { email: 'own@example.com', password: 'own password' });
    const answer = await ask(own.origin, 'GET /v3/me/licenses', { token });
    expect(answer.json()).toEqual(own.users[0]?.licenses);
    expect(answer.json()).toMatchObject([{ notes: 'mine', perpetual: true }, { notes: null }]);
    await own.stop();
  });
});

describe('switches of the data', () => {
  it('extraFields: in tokens, profile and licences', async () => {
    emulator.set({ extraFields: true });
    expect((await get('/v3/me')).json()).toHaveProperty('addedLater');
    expect((await found('limit=1'))[0]).toHaveProperty('addedLater');
    expect((await get(`/v3/me/licenses/${all()[0]?.id}`)).json()).toHaveProperty('addedLater');
    const login = { accountAlias: 'example', email: 'demo@example.com', password: 'sample-password-1' };
    expect((await ask(origin, 'POST /v3/accounts/login', { body: login })).json()).toHaveProperty(
      'addedLater',
    );
  });

  it('nulls: what may be null is', async () => {
    emulator.set({ nulls: true });
    const profile = (await get('/v3/me')).json() as object;
    const values = Object.entries(profile).filter(([, value]) => value !== null);
    expect(values.map(([key]) => key)).toEqual(['id', 'email']);
    const [license] = await found('limit=1');
    const nulls = Object.entries(license ?? {}).filter(([, value]) => value === null);
    expect(nulls.map(([key]) => key).sort()).toEqual(
      [
        'effectiveDate',
        'entitlementSet',
        'expiresAt',
        'notes',
        'productVersion',
        'subscriptionInterval',
      ].sort(),
    );
  });

  it('datesWithoutZ: everywhere', async () => {
    expect((await get('/v3/me/licenses')).text).toMatch(/T[\d:.]+Z"/);
    emulator.set({ datesWithoutZ: true });
    expect((await found('limit=1'))[0]?.createdAt).toBe('2019-01-01T09:30:00.1234567');
    expect((await get('/v3/me/licenses')).text).not.toMatch(/T[\d:.]+Z"/);
    expect((await get('/v3/me')).text).not.toMatch(/T[\d:.]+Z"/);
  });
});
