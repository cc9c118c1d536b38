import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import { createGrant, packGrant, unpackGrant, type Grant } from './grant.js';
import { grantToken, type GrantToken, type GrantTokenOptions, type GrantTokenSource } from './grant-token.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { startLeaseHeartbeat } from './lease-heartbeat.js';
import type { Lease, Store } from './store.js';
import { unlessAborted } from './unless-aborted.js';

interface Entry<Account> {
  readonly text: string | undefined;
  readonly token?: GrantToken<Account>;
  readonly good?: GrantToken<Account> | undefined;
}

/**
 * Shares the tokens of `inner` through a store with every source of the same key, in this process and others.
 *
 * A token in the store is taken where it will do. Else whoever gets the lease looks again, asks `inner`, publishes what
 * that gave and releases the lease; the others wait for it, for 15 s at most. Where the store fails it is done without.
 *
 * @param options.key names whose token it is; see `credentialsKey`.
 * @param options.skewMs how far the provider's clock is ahead of this machine's. Moments are kept by the provider's, so that
 *   machines whose clocks differ read them alike.
 */
export function storedTokenSource<Account>(
  inner: GrantTokenSource<Account>,
  options: {
    readonly store: Store;
    readonly key: string;
    readonly provider: string;
    readonly clock: Clock;
    readonly skewMs: () => number;
    readonly unknownLifetimeMs: number;
    readonly emit: Emit;
  },
): GrantTokenSource<Account> {
  const { store, clock, provider, skewMs, emit } = options;
  const tokenKey = `token:${options.key}`;
  const leaseKey = `lease:${options.key}`;
  /** The last tokens that were no good any more: one may still be there, where publishing another has failed. */
  const spent = new Set<string>();

  const { origin, upstream } = inner;
  return {
    origin,
    ...(upstream && { upstream }),

    async getToken(asked = {}) {
      const { signal } = asked;
      const giveUpAt = clock.monotonic() + longestWaitMs;
      for (;;) {
        const { good } = await read(asked);
        if (good) return good;
        const lease = await attempt(() => store.lease(leaseKey, { ttlMs: leaseMs }), noLease, asked.closing);
        if (lease) return await underLease(lease, asked);
        const leftMs = giveUpAt - clock.monotonic();
        if (leftMs <= 0) {
          const message = `Somebody else has been getting a token of ${provider} for ${longestWaitMs} ms.`;
          throw new LatchkeyError('timeout', { provider, message });
        }
        // Not all at the same moments, who wait for the same.
        await clock.sleep(Math.min(leftMs, pollMs * (0.5 + Math.random())), signal);
      }
    },
  };

  async function underLease(lease: Lease, asked: GrantTokenOptions): Promise<GrantToken<Account>> {
    const stop = startLeaseHeartbeat(lease, clock, leaseMs);
    try {
      asked.signal?.throwIfAborted();
      const { good, token: last, text } = await read(asked);
      if (good) return good;
      // A token that has ended may have a refresh token, newer than what the caller knows.
      const rejected = last && !spent.has(last.value) ? last : asked.rejected;
      return await published(await inner.getToken({ ...asked, rejected }), text, asked);
    } finally {
      stop();
      await attempt(() => lease.release(), undefined);
    }
  }

  /** Publishes a token, unless there is a newer one by now: then this process was held up for longer than its lease. */
  async function published(token: GrantToken<Account>, seen: string | undefined, asked: GrantTokenOptions) {
    const { grant } = token;
    const write = (expected: string | undefined) => () =>
      store.replace(tokenKey, expected, packed(grant), { ttlMs: ttlOf(grant) });
    // Also while the source is being closed: a renewal may have used the refresh token up that the store has.
    if (await attempt(write(seen), true)) return token;
    const { good, text } = await read({ rejected: asked.rejected });
    // What was there may have ended meanwhile. What has come meanwhile, and ended, may still have the newer refresh token.
    if (text === undefined) await attempt(write(undefined), true);
    return good ?? token;
  }

  /** What the store has: its text, the token in it if it can be read, and that once more if it is good. */
  async function read({ rejected, closing }: GrantTokenOptions): Promise<Entry<Account>> {
    if (rejected) spend(rejected.value);
    const text = await attempt(() => store.get(tokenKey), undefined, closing);
    const grant = text === undefined ? undefined : unpacked(text);
    if (!grant) return { text };
    const token = grantToken(grant);
    const isGood =
      !spent.has(token.value) && (token.expiresAt === undefined || token.expiresAt > clock.now());
    return { text, token, good: isGood ? token : undefined };
  }

  function spend(value: string) {
    spent.delete(value);
    spent.add(value);
    for (const oldest of spent) if (spent.size > mostSpent) spent.delete(oldest);
  }

  function packed(grant: Grant<Account>): string {
    return JSON.stringify(packGrant(moved(grant, skewMs())));
  }

  function unpacked(text: string): Grant<Account> | undefined {
    try {
      const grant = unpackGrant(JSON.parse(text)) as Grant<Account> | undefined;
      return grant?.provider === provider ? moved(grant, -skewMs()) : undefined;
    } catch {
      return undefined;
    }
  }

  function ttlOf({ expiresAt, refreshToken }: Grant<Account>): number {
    const lifetimeMs = expiresAt === undefined ? options.unknownLifetimeMs : expiresAt - clock.now();
    return Math.max(1, lifetimeMs) + (refreshToken === undefined ? 0 : refreshTokenKeptMs);
  }

  /**
   * What `work` gives; `otherwise` where the store fails or does not answer, since a service must not stop for that.
   * Rejects when the source is closed.
   */
  async function attempt<T>(work: () => Promise<T>, otherwise: T, closing?: AbortSignal): Promise<T> {
    const answered = new AbortController();
    const late = clock.sleep(storeTimeoutMs, answered.signal).then(() => {
      throw new LatchkeyError('store_error');
    });
    try {
      return await unlessAborted(Promise.race([work(), late]), closing);
    } catch (error) {
      closing?.throwIfAborted();
      emit('store-fallback', { code: isLatchkeyError(error) ? error.code : 'internal_error' });
      return otherwise;
    } finally {
      answered.abort();
      await late.catch(() => {});
    }
  }
}

function moved<Account>(grant: Grant<Account>, byMs: number): Grant<Account> {
  const { expiresAt } = grant;
  return createGrant({
    ...packGrant(grant),
    account: grant.account,
    issuedAt: grant.issuedAt + byMs,
    expiresAt: expiresAt === undefined ? undefined : expiresAt + byMs,
  });
}

/** Stands for a lease where the store cannot give one. */
const noLease: Lease = { extend: async () => true, release: async () => {} };

const leaseMs = 5_000;
const longestWaitMs = 15_000;
const pollMs = 100;
const mostSpent = 8;
// Stores have deadlines of their own; this is for one that has none.
const storeTimeoutMs = 5_000;
// How long a refresh token lasts is not known; one that has ended by then costs a login, as would none.
const refreshTokenKeptMs = 7 * 24 * 3_600_000;
