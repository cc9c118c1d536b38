import { inspect } from 'node:util';

/**
 * A frozen object of `shown` fields, and of `secret` ones that are read by name like any other, but are left out when it
 * is printed, logged, copied or serialised: `req.authInfo` ends up in all of these.
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
