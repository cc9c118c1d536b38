import { z } from 'zod';

/**
 * A credential as text: a string of 1 to `maxLength` characters that can be sent as it is. NUL and lone surrogates are
 * refused, since no server gets them as they were typed.
 */
export function credentialText(maxLength: number): z.ZodString {
  const rule = `must be text of 1 to ${maxLength} characters`;
  return z
    .string(rule)
    .min(1, rule)
    .max(maxLength, rule)
    .refine(
      (text) => text.isWellFormed() && !text.includes('\0'),
      'must be text without NUL or broken characters',
    );
}

/** An e-mail address as people type it to sign in: something, an `@`, something, and no space or control character. */
export function emailText(maxLength = 256): z.ZodString {
  return credentialText(maxLength).regex(/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u, 'must be an e-mail address');
}
