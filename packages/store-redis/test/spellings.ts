import { createHash } from 'node:crypto';

/** A secret in one of the forms in which it may stand somewhere. */
export interface Spelling {
  readonly form: string;
  readonly bytes: Buffer;
}

/** Every form in which text could be kept without being a secret any more, each as it would stand within something longer. */
export function spellingsOf(secret: string): Spelling[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const url = encodeURIComponent(secret);
  const texts = {
    raw: secret,
    reversed: Array.from(secret).reverse().join(''),
    'hex, small': hex,
    'hex, large': hex.toUpperCase(),
    'URL-encoded': url,
    'URL-encoded, small': url.replace(/%../g, (code) => code.toLowerCase()),
    'form-encoded': new URLSearchParams([['', secret]]).toString().slice(1),
    JSON: JSON.stringify(secret).slice(1, -1),
    'JSON in JSON': JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    'JSON, ASCII only': escapedJson(secret),
    ...Object.fromEntries(
      ([0, 1, 2] as const).flatMap((at) => [
        [`base64 at ${at}`, base64Within(bytes, at, 'base64')],
        [`base64url at ${at}`, base64Within(bytes, at, 'base64url')],
      ]),
    ),
    // Of what has few values, such as an address, a hash without a key is no secret.
    ...Object.fromEntries(
      (['hex', 'base64', 'base64url'] as const).map((encoding) => [
        `SHA-256, ${encoding}`,
        sha256(bytes).toString(encoding).replace(/=+$/, ''),
      ]),
    ),
  };
  const spelled = Object.entries(texts).map(([form, text]) => ({ form, bytes: Buffer.from(text) }));
  const utf16 = Buffer.from(secret, 'utf16le');
  return [
    ...spelled,
    { form: 'UTF-16, little end first', bytes: utf16 },
    { form: 'UTF-16, big end first', bytes: Buffer.from(utf16).swap16() },
    { form: 'SHA-256', bytes: sha256(bytes) },
    // An id is base64url itself: what it stands for is as good.
    ...(/^[\w-]{43}$/.test(secret) ? [{ form: 'decoded', bytes: Buffer.from(secret, 'base64url') }] : []),
  ];
}

/** The characters that the secret alone decides, where so many bytes stand before it. */
function base64Within(bytes: Buffer, at: 0 | 1 | 2, encoding: 'base64' | 'base64url'): string {
  const before = Buffer.alloc(at);
  const whole = Buffer.concat([before, bytes]);
  const text = whole.subarray(0, whole.length - (whole.length % 3)).toString(encoding);
  return text.slice(at === 0 ? 0 : 4);
}

function escapedJson(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, escaped);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
