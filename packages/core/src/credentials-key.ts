import { createHash } from 'node:crypto';
import type { Provider } from './provider.js';

/**
 * A name for whose token it is, and of what (T7): the same for the same provider, audience and credentials, and for no
 * others. Credentials that work once are no part of it, since they say nothing of whose.
 *
 * @returns 43 characters, from which the credentials cannot be read; a weak password could be guessed from it, so that a
 *   store that leaves the process hashes it again with a secret.
 */
export function credentialsKey(
  { name, audience, oneTime = [] }: Pick<Provider, 'name' | 'audience' | 'oneTime'>,
  credentials: object,
): string {
  const lasting = Object.entries(credentials).filter(([field]) => !oneTime.includes(field));
  const text = JSON.stringify([formatVersion, name, audience, Object.fromEntries(lasting)], inOrder);
  return createHash('sha256').update(text).digest('base64url');
}

const formatVersion = 1;

/** For `JSON.stringify`: the fields of an object in one order, whatever order they were written in. */
function inOrder(_field: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)),
  );
}
