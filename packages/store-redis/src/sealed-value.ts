import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { idBytes, macBytes, type Place } from './key-ring.js';

/**
 * `text` as it is kept at `place`: AES-256-GCM under the key of the place and a nonce of its own, bound to the head before it.
 *
 *     version 1 | id of the secret 4 | MAC of the text 16 | nonce 12 | sealed text | tag 16      (bytes)
 */
export function sealedValue(place: Place, text: string): Buffer {
  const head = headOf(place, text);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', place.sealKey, nonce).setAAD(head);
  const parts = [head, nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
  const value = Buffer.concat(parts);
  remember(place, value, text);
  return value;
}

/**
 * The text of what `sealedValue` made for this place; `undefined` for anything else, however it came about. What is the same as
 * the last time, to the byte, is not opened again.
 */
export function openedValue(place: Place, value: Buffer): string | undefined {
  if (place.last?.value.equals(value)) return place.last.text;
  const text = unsealed(place, value);
  // A copy: what a client gives is a piece of something larger.
  remember(place, Buffer.from(value), text);
  return text;
}

function remember(place: Place, value: Buffer, text: string | undefined) {
  place.last = text !== undefined && value.length <= mostKeptBytes ? { value, text } : undefined;
}

function unsealed({ secretId, sealKey }: Place, value: Buffer): string | undefined {
  if (value.length < headBytes + nonceBytes + tagBytes) return undefined;
  const head = value.subarray(0, headBytes);
  if (head[0] !== version || head.compare(secretId, 0, idBytes, 1, 1 + idBytes) !== 0) return undefined;
  const textAt = headBytes + nonceBytes;
  const tagAt = value.length - tagBytes;
  const nonce = value.subarray(headBytes, textAt);
  const decipher = createDecipheriv('aes-256-gcm', sealKey, nonce, { authTagLength: tagBytes })
    .setAAD(head)
    .setAuthTag(value.subarray(tagAt));
  try {
    return decipher.update(value.subarray(textAt, tagAt), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/** What every seal of this text at this place begins with: nonces make seals differ, and this makes equal texts known. */
export function headOf({ secretId, macOf }: Place, text: string): Buffer {
  return Buffer.concat([Buffer.of(version), secretId, macOf(text)]);
}

// Of sessions: what is larger is rare, and would add up.
const mostKeptBytes = 16_384;
const version = 1;
const headBytes = 1 + idBytes + macBytes;
const nonceBytes = 12;
const tagBytes = 16;
