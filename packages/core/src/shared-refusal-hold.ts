import type { Clock } from './clock.js';
import { errorSentences } from './error-code.js';
import { LatchkeyError } from './latchkey-error.js';
import { longestNamedMs, type LocalRefusalHold, type RefusalHold } from './refusal-hold.js';
import { packRefusal, unpackRefusal, type RefusalRecord } from './refusal-record.js';
import type { Store } from './store.js';

/** A hold whose refusals go to a store, and that takes over those of others from there (X6). */
export interface SharedRefusalHold extends RefusalHold {
  /** Where the last refusal stands in the store. */
  readonly key: string;
  /**
   * Takes over the refusal that stands in the store, once: one that is known here says nothing new. Beside a good token it
   * says nothing, and that none is there says that somebody else has signed in since.
   */
  see(text: string | undefined, isTokenGood: boolean): void;
  /** Writes a refusal that has begun here and is not written yet, if there is one. */
  publish(store: Store): Promise<void>;
  /** Removes the refusal that was there and has been forgotten here since, if there is one. */
  withdraw(store: Store): Promise<void>;
}

/**
 * Makes a hold of one set of credentials that is shared (T6, X6). Without a store it is `hold` itself.
 *
 * What others were refused before this hold last began here, or was told to forget, is of no account. A refusal stays in the
 * store for as long as the hold, and `mostMs` beyond: the next one in a row doubles it, whichever process has that.
 *
 * @param hold remembers in this process.
 * @param options.name names the credentials; see `credentialsKey`.
 * @param options.skewMs how far the provider's clock is ahead of this machine's; records have moments by the provider's.
 * @param options.since when refusals begin to count, by the monotonic clock.
 */
export function sharedRefusalHold(
  hold: LocalRefusalHold,
  options: {
    readonly name: string;
    readonly provider: string;
    readonly clock: Clock;
    readonly skewMs: () => number;
    readonly mostMs: number;
    readonly since: number;
  },
): SharedRefusalHold {
  const { name, provider, clock, skewMs, mostMs } = options;
  const key = `refusal:${name}`;
  let { since } = options;
  /** What stood in the store, or should, when it was last looked at or written. */
  let known: string | undefined;
  /** Whether that was forgotten since. */
  let isForgotten = false;
  let unwritten: { readonly text: string; readonly ttlMs: number } | undefined;

  return {
    key,
    get isOn() {
      return hold.isOn;
    },
    check: () => hold.check(),

    begin(error) {
      const { code, status, upstreamCode, retryAfterMs } = error;
      const span = hold.begin(error);
      const now = providersNow();
      const until = now + span.holdMs;
      const retryAt = retryAfterMs === undefined ? undefined : now + retryAfterMs;
      known = packRefusal({ provider, code, status, upstreamCode, retryAt, until, ...span });
      isForgotten = false;
      since = clock.monotonic();
      unwritten = { text: known, ttlMs: span.holdMs + mostMs };
      return span;
    },

    forget() {
      hold.forget();
      since = clock.monotonic();
      isForgotten = true;
      unwritten = undefined;
    },

    see(text, isTokenGood) {
      if (isTokenGood && text === undefined) hold.forget();
      if (isTokenGood || text === known) return;
      known = text;
      isForgotten = false;
      const record = text === undefined ? undefined : unpackRefusal(text);
      if (record?.provider !== provider) return;
      // Where clocks differ by more than is known, it has at most its whole length before it.
      const leftMs = Math.min(record.until - providersNow(), record.holdMs);
      if (record.holdMs - leftMs >= clock.monotonic() - since) return;
      hold.takeOver(refusalOf(record), { holdMs: Math.max(0, leftMs), nextMs: record.nextMs });
    },

    async publish(store) {
      const record = unwritten;
      unwritten = undefined;
      if (record) await store.set(key, record.text, { ttlMs: record.ttlMs });
    },

    async withdraw(store) {
      if (known === undefined || !isForgotten) return;
      await store.delete(key);
      known = undefined;
    },
  };

  function providersNow(): number {
    return clock.now() + skewMs();
  }

  /** Makes the error that the provider's refusal was, with what is left of the wait at each moment. */
  function refusalOf({ code, status, upstreamCode, retryAt }: RefusalRecord): () => LatchkeyError {
    const takenAt = clock.monotonic();
    const waitMs = retryAt === undefined ? undefined : Math.min(retryAt - providersNow(), longestNamedMs);
    const message = `${provider} refused these credentials to another process, so that they are not sent again for a while. ${errorSentences[code]}`;
    return () => {
      const retryAfterMs = waitMs && Math.max(0, waitMs - (clock.monotonic() - takenAt));
      return new LatchkeyError(code, { provider, message, status, upstreamCode, retryAfterMs });
    };
  }
}
