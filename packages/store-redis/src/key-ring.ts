import { createHmac, hkdfSync } from 'node:crypto';

/** What one secret opens: each use has a key of its own. */
export interface SecretKeys {
  /** Tells the secret from others, and nothing more of it. */
  readonly id: Buffer;
  /** Where something is kept: a keyed hash, from which the key can neither be read nor guessed. */
  nameOf(space: Space, key: string): string;
  /** Where the value of a key is kept, and what it is sealed with there. */
  placeOf(key: string): Place;
}

/** Values, counts and leases of one key do not meet. */
export type Space = 'value' | 'count' | 'lease';

export interface Place {
  readonly name: string;
  readonly secretId: Buffer;
  /** For what is kept at that name, and nothing else. */
  readonly sealKey: Buffer;
  /** Says which text is kept there, to those who have the secret. */
  macOf(text: string): Buffer;
  /** What was last read or written there, and its text. */
  last?: { readonly value: Buffer; readonly text: string } | undefined;
}

/** The keys of each secret, in the order of the secrets. */
export type KeyRing = readonly [SecretKeys, ...SecretKeys[]];

export function keyRing(prefix: string, [first, ...others]: readonly [string, ...string[]]): KeyRing {
  return [secretKeys(prefix, first), ...others.map((secret) => secretKeys(prefix, secret))];
}

/** HKDF (RFC 5869) makes independent keys of one secret; HMAC is what each is used with. */
function secretKeys(prefix: string, secret: string): SecretKeys {
  const derived = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `latchkey store-redis 1: ${use}`, bytes));
  const [names, seals, macs] = [derived('names', 32), derived('seals', 32), derived('macs', 32)];
  const id = derived('id', idBytes);
  const nameOf = (space: Space, key: string) =>
    `${prefix}${letters[space]}:${keyed(names, `${space} ${key}`).toString('base64url', 0, nameBytes)}`;
  return {
    id,
    nameOf,
    placeOf(key) {
      const name = nameOf('value', key);
      const macOf = (text: string) => keyed(macs, `${name} ${text}`).subarray(0, macBytes);
      return { name, secretId: id, sealKey: keyed(seals, name), macOf };
    },
  };
}

function keyed(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export const idBytes = 4;
export const macBytes = 16;
// 192 bits of the hash: nobody who has no secret can make two keys meet, and no two do by chance.
const nameBytes = 24;
const letters: Readonly<Record<Space, string>> = { value: 'v', count: 'c', lease: 'l' };
