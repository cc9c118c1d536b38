import { inspect } from 'node:util';

/**
 * A frozen object of `shown` and `secret` fields. The secret ones are read like any other, by name, but do not take
 * part when the object is printed, logged, copied or serialised: they are neither enumerable nor kept in a slot that
 * `util.inspect` opens.
 */
export function concealed<Shown extends object, Secret extends object>(
  shown: Shown,
  secret: Secret,
): Readonly<Shown & Secret> {
  const object: object = { ...shown };
  for (const [name, value] of Object.entries(secret)) {
    Object.defineProperty(object, name, { get: () => value as unknown });
  }
  // Without this, `inspect(…, { showHidden: true, getters: true })` would call the getters.
  Object.defineProperty(object, inspect.custom, { value: () => ({ ...object }) });
  return Object.freeze(object) as Readonly<Shown & Secret>;
}
