/** How many requests are let through in how long. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
}

/** What the limit says to one request. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** How many more would be let through now. */
  readonly remaining: number;
  /** When the count starts again, epoch milliseconds. */
  readonly resetAt: number;
}

/**
 * Counts requests in windows that begin with the first request after the last one ended. Refused requests do
 * not make a window longer. All clients are one: they all come from the same loopback address.
 */
export function rateLimiter(now: () => number): (limit: RateLimit) => RateLimitVerdict {
  let startedAt = -Infinity;
  let taken = 0;
  return ({ requests, perMs }) => {
    const at = now();
    // A clock that was set back starts a window as well; the old one would last for as long as that.
    if (at >= startedAt + perMs || at < startedAt) {
      startedAt = at;
      taken = 0;
    }
    const allowed = taken < requests;
    taken++;
    return { allowed, remaining: Math.max(0, requests - taken), resetAt: startedAt + perMs };
  };
}
