import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import { createGrant, packGrant, unpackGrant, type Grant } from './grant.js';
import { grantToken, type GrantToken, type GrantTokenOptions, type GrantTokenSource } from './grant-token.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { leaseOrWait } from './lease-or-wait.js';
import type { SharedRefusalHold } from './shared-refusal-hold.js';
import type { SignInTokenSource } from './sign-in-token-source.js';
import type { Lease, Store } from './store.js';
import { unlessAborted } from './unless-aborted.js';

interface Entry<Account> {
  readonly text: string | undefined;
  readonly token?: GrantToken<Account>;
  readonly good?: GrantToken<Account> | undefined;
}

type Text = string | undefined | null;

/**
 * Shares the tokens of `inner` through a store with every source of the same key, in this process and others.
 *
 * A token in the store is taken where it will do. Else whoever gets the lease looks again, asks `inner`, publishes what
 * that gave and releases the lease; the others wait for it, for 15 s at most. Where the store fails it is done without.
 *
 * Likewise a refusal of the credentials is published and removed (X6). While it is remembered there is neither a lease
 * nor a sign-in, only a look at the store.
 *
 * @param options.key names whose token it is; see `credentialsKey`.
 * @param options.hold what `inner` remembers of refusals.
 * @param options.skewMs how far the provider's clock is ahead of this machine's. Moments are kept by the provider's, so that
 *   machines whose clocks differ read them alike.
 */
export function storedTokenSource<Account>(
  inner: SignInTokenSource<Account>,
  options: {
    readonly store: Store;
    readonly key: string;
    readonly hold: SharedRefusalHold;
    readonly provider: string;
    readonly clock: Clock;
    readonly skewMs: () => number;
    readonly unknownLifetimeMs: number;
    readonly emit: Emit;
  },
): GrantTokenSource<Account> {
  const { store, hold, clock, provider, skewMs, emit } = options;
  const tokenKey = `token:${options.key}`;
  /** The last tokens that were no good any more: one may still be there, where publishing another has failed. */
  const spent = new Set<string>();
  /** How long the last call had been waiting when it last looked. */
  let waitedMs = 0;

  const { origin, upstream } = inner;
  return {
    origin,
    ...(upstream && { upstream }),

    async getToken(asked = {}) {
      // A sign-in in place of a renewal that was refused belongs to the wait before it: nobody waits for 15 s twice (X1).
      const since = clock.monotonic() - (asked.anew ? waitedMs : 0);
      return await leaseOrWait({
        look: () => read(asked),
        found(entry) {
          waitedMs = clock.monotonic() - since;
          if (!entry.good) inner.check(toReplace(entry, asked));
          return entry.good;
        },
        lease: ({ ttlMs }) => leaseFor(ttlMs, asked.closing),
        work: async (entry) => published(await replaced(entry, asked), entry.text, asked),
        clock,
        signal: asked.signal,
        since,
        provider,
        doing: `getting a token of ${provider}`,
      });
    },
  };

  async function leaseFor(ttlMs: number, closing: AbortSignal | undefined): Promise<Lease | undefined> {
    const lease = await attempt(() => store.lease(`lease:${options.key}`, { ttlMs }), noLease, closing);
    return (
      lease && {
        extend: (ms) => lease.extend(ms),
        release: () => attempt(() => lease.release(), undefined),
      }
    );
  }

  /** What `inner` is to be asked: a token that has ended may have a refresh token, newer than what the caller knows. */
  function toReplace({ token }: Entry<Account>, asked: GrantTokenOptions): GrantTokenOptions {
    return { ...asked, rejected: token && !spent.has(token.value) ? token : asked.rejected };
  }

  /** Another token, the others being told how that has changed what is remembered of refusals. */
  async function replaced(entry: Entry<Account>, asked: GrantTokenOptions): Promise<GrantToken<Account>> {
    try {
      const token = await inner.getToken(toReplace(entry, asked));
      await attempt(() => hold.withdraw(store), undefined);
      return token;
    } catch (error) {
      await attempt(() => hold.publish(store), undefined);
      throw error;
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
  async function read(asked: GrantTokenOptions): Promise<Entry<Account>> {
    if (asked.rejected) spend(asked.rejected.value);
    const [text, refusal] = await looked(asked.closing);
    const entry = entryOf(text ?? undefined);
    if (refusal !== null) hold.see(refusal, entry.good !== undefined);
    return entry;
  }

  /** The texts of token and refusal; `null` where the store fails. */
  async function looked(closing: AbortSignal | undefined): Promise<[Text, Text]> {
    const { getMany } = store;
    const get = (key: string) => attempt<Text>(() => store.get(key), null, closing);
    if (!getMany) return await Promise.all([get(tokenKey), get(hold.key)]);
    const both = async (): Promise<[Text, Text]> => {
      const [text, refusal] = await getMany.call(store, [tokenKey, hold.key]);
      return [text, refusal];
    };
    return await attempt(both, [null, null], closing);
  }

  function entryOf(text: string | undefined): Entry<Account> {
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

const mostSpent = 8;
// Stores have deadlines of their own; this is for one that has none.
const storeTimeoutMs = 5_000;
// How long a refresh token lasts is not known; one that has ended by then costs a login, as would none.
const refreshTokenKeptMs = 7 * 24 * 3_600_000;
