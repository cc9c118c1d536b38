import { hashed } from './hashed.js';
import { LatchkeyError } from './latchkey-error.js';
import type { Provider } from './provider.js';

/**
 * A name for whose token it is, and of what (T7): the same for the same provider, audience and credentials, and for no
 * others. Credentials that work once are no part of it, since they say nothing of whose.
 *
 * @returns 43 characters, from which the credentials cannot be read; a weak password could be guessed from it, so that a
 *   store that leaves the process hashes it again with a secret.
 * @throws LatchkeyError `invalid_input` for credentials that hold more than JSON does: there is no telling them apart.
 */
export function credentialsKey(
  { name, audience, oneTime = [] }: Pick<Provider, 'name' | 'audience' | 'oneTime'>,
  credentials: object,
): string {
  const lasting = Object.entries(credentials).filter(([field]) => !oneTime.includes(field));
  const text = canonical([formatVersion, name, audience, Object.fromEntries(lasting)], name);
  return hashed(text);
}

const formatVersion = 1;

/** JSON with the fields of objects in one order, and without those that are `undefined`. */
function canonical(value: unknown, provider: string): string {
  if (value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, provider)).join()}]`;
  if (!isPlain(value)) {
    const message = `The credentials for ${provider} may hold text, numbers, booleans, lists and plain objects only.`;
    throw new LatchkeyError('invalid_input', { provider, message });
  }
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field, provider)}`).join()}}`;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
