import type { Surroundings } from './surroundings.js';

/** The environment says something that cannot be acted on; the message says what to change. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * The variables `<PREFIX>_<NAME>` of the environment. An empty one counts as unset, as in a shell script that passes on
 * what it was not given.
 */
export function variables<Name extends string>(
  env: Surroundings['env'],
  prefix: string,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const set = names.flatMap((name) => {
    const value = env[`${prefix}_${name}`];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(set) as Partial<Record<Name, string>>;
}

/**
 * The e-mail address and password among `given`; `undefined` when nothing is given at all, which asks for the emulator.
 *
 * @throws SettingsError when something is given but not both of these.
 */
export function credentialsIn(
  given: Partial<Record<'EMAIL' | 'PASSWORD', string>>,
  prefix: string,
): { readonly email: string; readonly password: string } | undefined {
  const { EMAIL: email, PASSWORD: password } = given;
  if (email !== undefined && password !== undefined) return { email, password };
  if (Object.keys(given).length === 0) return undefined;
  const missing = (['EMAIL', 'PASSWORD'] as const).filter((name) => given[name] === undefined);
  const needed = missing.map((name) => `${prefix}_${name}`).join(' and ');
  throw new SettingsError(
    `${needed} must be set to sign in; with no ${prefix}_ variable set, the embedded emulator is used.`,
  );
}
