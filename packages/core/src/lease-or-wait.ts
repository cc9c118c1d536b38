import { startTimer, type Clock } from './clock.js';
import { LatchkeyError } from './latchkey-error.js';
import { startLeaseHeartbeat } from './lease-heartbeat.js';
import type { Lease } from './store.js';
import { unlessAborted } from './unless-aborted.js';

/** What several processes need, and one of them gets for all. */
export interface LeasedWork<Seen, Result> {
  /** Looks at what there is. */
  readonly look: () => Promise<Seen>;
  /** What of that will do, or `undefined`; what it throws ends the call. */
  readonly found: (seen: Seen) => Result | undefined;
  /** Takes the lease; `undefined` when somebody else holds it. */
  readonly lease: (options: { readonly ttlMs: number }) => Promise<Lease | undefined>;
  /** Gets what is needed and tells the others, given what was seen under the lease. */
  readonly work: (seen: Seen) => Promise<Result>;
  readonly clock: Clock;
  /** Ends the call while it waits; work that was begun heeds it or not. */
  readonly signal: AbortSignal | undefined;
  /** Since when the caller has been waiting, by the monotonic clock. Default: now. */
  readonly since?: number;
  readonly provider: string;
  /** What the work is, to be said of who holds the lease: `getting a token of acme`. */
  readonly doing: string;
}

/**
 * Gives what somebody else has got, or gets it under a lease. Whoever has the lease looks once more before the work, holds
 * it for as long as that takes, and releases it; the others look again and again. A holder that died is replaced when
 * its lease has run out.
 *
 * @throws LatchkeyError `timeout` where somebody else has not ended after 15 s, however slow the store is meanwhile (X1);
 *   the reason of `signal`; what `look`, `found` and `lease` throw; and what the work fails with.
 */
export async function leaseOrWait<Seen, Result>({
  look,
  found,
  lease: take,
  work,
  clock,
  signal,
  since = clock.monotonic(),
  provider,
  doing,
}: LeasedWork<Seen, Result>): Promise<Result> {
  const giveUpAt = since + longestWaitMs;
  const leftMs = () => giveUpAt - clock.monotonic();
  let isWaiting = false;

  for (;;) {
    const present = found(await inTime(look()));
    if (present !== undefined) return present;
    const lease = await taken();
    if (lease) return await underLease(lease);
    isWaiting = true;
    // Not all at the same moments, who wait for the same.
    await clock.sleep(Math.min(leftMs(), pollMs * (0.5 + Math.random())), signal);
    if (leftMs() <= 0) throw problem();
  }

  /** Settles as `work` does, but not after the wait for somebody else has ended: a store may take its time to answer. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    if (!isWaiting) return work;
    const late = new AbortController();
    const stop = startTimer(clock, leftMs(), () => late.abort(problem()));
    try {
      return await unlessAborted(work, late.signal);
    } finally {
      stop();
    }
  }

  async function taken(): Promise<Lease | undefined> {
    const taking = take({ ttlMs: leaseMs });
    try {
      return await inTime(taking);
    } catch (error) {
      // One that comes after that would be nobody's, and keep the others waiting.
      taking.then((lease) => lease?.release()).catch(() => undefined); // it runs out
      throw error;
    }
  }

  async function underLease(lease: Lease): Promise<Result> {
    const stop = startLeaseHeartbeat(lease, clock, leaseMs);
    try {
      const seen = await look();
      const present = found(seen);
      if (present !== undefined) return present;
      signal?.throwIfAborted();
      return await work(seen);
    } finally {
      stop();
      await lease.release().catch(() => undefined); // it runs out
    }
  }

  function problem(): LatchkeyError {
    const message = `Somebody else has been ${doing} for ${longestWaitMs} ms.`;
    return new LatchkeyError('timeout', { provider, message });
  }
}

const leaseMs = 5_000;
const longestWaitMs = 15_000;
const pollMs = 100;
