import type { Grant } from '@latchkey/core';
import prettyMs from 'pretty-ms';

/** A duration in words, to its two largest units. */
export function lasting(ms: number): string {
  return prettyMs(ms, { verbose: true, unitCount: 2, secondsDecimalDigits: 0 });
}

/** A moment to the minute, in UTC. */
export function minuteOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A moment to the day, in UTC. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** When the token of a grant ends, as a duration from its sign-in and as a moment. */
export function expiryOf({ issuedAt, expiresAt }: Grant): string {
  if (expiresAt === undefined) return 'ends at a time that the provider does not say';
  // A provider that tells the moment tells it in whole seconds, and "59 minutes 59 seconds" would be the hour it means.
  const minutes = Math.round((expiresAt - issuedAt) / 60_000);
  return `ends in ${lasting(minutes > 0 ? minutes * 60_000 : expiresAt - issuedAt)}, at ${minuteOf(expiresAt)}`;
}
