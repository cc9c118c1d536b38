import { inspect } from 'node:util';

/**
 * Makes a maker of frozen objects some of whose fields are secret: those are read by name like any other, but take no part
 * when the object is printed, logged, copied or serialised.
 *
 * One for each kind of object, made once: getters that belong to an object of their own would give it a hidden class of its
 * own, which V8 keeps, with all that the getters see, until it collects the whole heap.
 *
 * @param names of the secret fields.
 */
export function concealer<const Name extends string>(
  ...names: readonly Name[]
): <Shown extends object, Secret extends Secrets<Name>>(
  shown: Shown,
  secret: Secret,
) => Readonly<Shown & Secret> {
  class Concealing {
    declare readonly [reveal]: () => Secrets<Name>;

    constructor(shown: object, secret: Secrets<Name>) {
      Object.assign(this, shown);
      // A function, since `inspect` opens all else.
      Object.defineProperty(this, reveal, { value: () => secret });
    }

    // Without this, `inspect(…, { showHidden: true, getters: true })` would call the getters.
    [inspect.custom](): object {
      return Object.assign({}, this);
    }
  }
  for (const name of names) {
    Object.defineProperty(Concealing.prototype, name, {
      get(this: Concealing) {
        return this[reveal]()[name];
      },
    });
  }
  return (shown, secret) => Object.freeze(new Concealing(shown, secret)) as never;
}

type Secrets<Name extends string> = Readonly<Partial<Record<Name, unknown>>>;

const reveal = Symbol('reveal');
