import type { Grant } from '@latchkey/core';
import prettyMs from 'pretty-ms';

/** When the token of a grant ends, as a duration from its sign-in and as a moment. */
export function expiry({ issuedAt, expiresAt }: Grant): string {
  if (expiresAt === undefined) return 'ends at a time that the provider does not say';
  const moment = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  return `ends in ${prettyMs(expiresAt - issuedAt, { verbose: true, unitCount: 2 })}, at ${moment} UTC`;
}
