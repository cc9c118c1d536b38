import { hash } from 'node:crypto';

/** The SHA-256 of a text, as 43 characters of base64url: a name for what is not to be kept itself. */
export function hashed(text: string): string {
  return hash('sha256', text, 'base64url');
}
