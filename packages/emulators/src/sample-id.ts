import { createHash } from 'node:crypto';

/** A lower-case UUID that is the same for the same text in every run. */
export function sampleId(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  // Version 4 and its variant, so that strict readers take it too.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
