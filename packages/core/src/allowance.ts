import type { Reply } from './exchange.js';
import type { Allowance } from './pace.js';
import { retryAfterMs } from './retry-after.js';

/**
 * Reads what the headers of a provider say of its limit: how many requests are left of it, where they say that, and when,
 * by the provider's own clock in epoch milliseconds, it begins anew.
 */
export type ReadRateLimit = (
  headers: Reply['headers'],
) => { readonly remaining?: number | undefined; readonly resetAt: number } | undefined;

/**
 * What a reply says of the provider's limit, if anything. A 429 leaves nothing for as long as `Retry-After` says, else until
 * the limit begins anew. That is `perMs` away at most: what is further off was told by another clock.
 *
 * @param now the time of day by the provider's clock.
 */
export function allowanceIn(
  { status, headers }: Reply,
  { now, perMs, read }: { now: number; perMs: number; read: ReadRateLimit | undefined },
): Allowance | undefined {
  if (status === 429) {
    const resetsInMs = limitResetsInMs(headers, now, read) ?? perMs;
    return {
      remaining: 0,
      resetsInMs: retryAfterMs(headers['retry-after'], now) ?? Math.min(resetsInMs, perMs),
    };
  }
  const { remaining, resetAt } = read?.(headers) ?? {};
  return remaining === undefined || resetAt === undefined
    ? undefined
    : { remaining, resetsInMs: Math.min(Math.max(0, resetAt - now), perMs) };
}

/** How long the limit lasts that the headers speak of, in milliseconds. */
export function limitResetsInMs(
  headers: Reply['headers'],
  now: number,
  read: ReadRateLimit | undefined,
): number | undefined {
  const told = read?.(headers);
  return told && Math.max(0, told.resetAt - now);
}
