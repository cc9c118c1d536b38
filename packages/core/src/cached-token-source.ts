import { createAbortHub } from './abort-hub.js';
import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import { startFlight, type Flight } from './flight.js';
import type { GrantTokenOptions } from './grant-token.js';
import { LatchkeyError } from './latchkey-error.js';
import type { RefusalHold } from './refusal-hold.js';
import type { Token } from './token.js';
import { checkGetTokenOptions, type GetTokenOptions, type TokenSource } from './token-source.js';

/** Keeps one token, and shares what it takes to get another. */
export interface CachedTokenSource<T extends Token = Token> extends TokenSource {
  getToken(options?: GetTokenOptions): Promise<T>;
  peek(): T | undefined;
  accepted(token: Token): void;
  /** Has the token at hand looked at before it is given once more: its credentials may no longer be those of today. */
  recheck(): void;
  /** Gives up what is under way and forgets the token; resolves when all has ended. */
  close(): Promise<void>;
}

/** What a token is asked of. */
interface Inner<T extends Token> extends TokenSource {
  getToken(options?: GrantTokenOptions): Promise<T>;
}

/** How a token is kept. Times are in milliseconds. */
export interface CachedTokenSourceOptions {
  readonly provider: string;
  readonly clock: Clock;
  /** How long before its end a token is renewed; a tenth of its lifetime where that is less. */
  readonly renewAheadMs: number;
  /** A token is used for so long, however short a life it tells of; a failure is shared for so long with late 401s. */
  readonly renewFloorMs: number;
  /** What is taken for the lifetime of a token that does not tell. */
  readonly unknownLifetimeMs: number;
  /** A token refused within so long, and not accepted before, was refused at once. */
  readonly refusedAtOnceMs: number;
  /** Remembers that tokens are refused at once. */
  readonly hold: RefusalHold;
  readonly emit: Emit;
}

/** The token at hand. Its moments are of the monotonic clock: setting the time of day moves none of them (T11). */
interface Kept<T> {
  readonly token: T;
  /** What callers are given, made once: a token at hand costs no allocation. */
  readonly promise: Promise<T>;
  readonly since: number;
  readonly staleAt: number;
  readonly endsAt: number;
  isAccepted: boolean;
  isRejected: boolean;
}

/**
 * Keeps the token of `inner` and gives it to everybody. Another one is asked for once, however many wait: when there is
 * none, when it has ended or was refused, and in the background ahead of its end, for which nobody waits.
 *
 * There are no timers: moments are kept, and compared at each call.
 */
export function cachedTokenSource<T extends Token>(
  inner: Inner<T>,
  options: CachedTokenSourceOptions,
): CachedTokenSource<T> {
  const { clock, renewFloorMs, hold, emit } = options;
  const hub = createAbortHub();
  const closing = new AbortController();
  /** The last token. */
  let kept: Kept<T> | undefined;
  /** The same while it is good to be given, but for its end: every call looks here, and mostly no further. */
  let good: Kept<T> | undefined;
  let flight: Flight<T> | undefined;
  let mustRecheck = false;
  /** A flight that was under way when the token was last to be looked at again. */
  let outdated: Flight<T> | undefined;
  /** The last flight, where it failed: when, with what, and which refused token it was to replace. */
  let failure:
    { readonly at: number; readonly error: unknown; readonly rejected: Token | undefined } | undefined;
  /** Renewals in the background that failed in a row, and when the next may be tried. */
  let ahead = { failures: 0, nextAt: -Infinity };
  /** Tokens in a row that were refused at once. */
  let refusedAtOnce = 0;

  const { origin, upstream, actor } = inner;
  return Object.freeze({
    origin,
    ...(upstream && { upstream }),
    ...(actor && { actor }),

    getToken(asked?: GetTokenOptions): Promise<T> {
      const isPlain = !asked || (asked.rejected === undefined && !asked.signal?.aborted);
      if (isPlain && good !== undefined && clock.monotonic() < good.staleAt) return good.promise;
      return found(asked ?? {});
    },

    peek: () => (good !== undefined && clock.monotonic() < good.endsAt ? good.token : undefined),

    accepted(token: Token) {
      if (!kept || kept.isRejected || (token !== kept.token && token.value !== kept.token.value)) return;
      if (!kept.isAccepted) hold.forget();
      kept.isAccepted = true;
      refusedAtOnce = 0;
      if (kept === good && clock.monotonic() >= kept.staleAt) renewAhead();
    },

    recheck() {
      mustRecheck = true;
      good = undefined;
      failure = undefined;
      hold.forget();
      // What is under way may be for the credentials before; who waits for it is given what comes after.
      outdated = flight;
      flight?.abandon();
    },

    async close() {
      const reason = problem('closed');
      closing.abort(reason);
      kept = good = undefined;
      flight?.end(reason);
      await flight?.landed;
    },
  });

  /** The token at hand, or the next one. */
  async function found(asked: GetTokenOptions): Promise<T> {
    checkGetTokenOptions(asked);
    const { signal, rejected } = asked;
    signal?.throwIfAborted();
    closing.signal.throwIfAborted();
    if (rejected && rejected.value === failure?.rejected?.value) {
      // Late, with a token whose renewal has failed: that was this caller's renewal, too (T2).
      if (clock.monotonic() < failure.at + renewFloorMs) throw failure.error;
    }
    if (rejected && rejected.value === kept?.token.value) refuse(kept);
    if (good && clock.monotonic() < good.endsAt) {
      const { token } = good;
      if (clock.monotonic() >= good.staleAt) renewAhead();
      return token;
    }
    hold.check();
    for (;;) {
      const joined = flight ?? start();
      try {
        const token = await joined.join(signal);
        if (joined === outdated) continue;
        if (token.value === rejected?.value) throw problem('token_rejected', givenAgain);
        return token;
      } catch (error) {
        // Who comes just as the others leave finds work that was given up.
        if (!joined.isAbandoned() || signal?.aborted || closing.signal.aborted) throw error;
      }
    }
  }

  function start(): Flight<T> {
    const [startedAt, startedNow] = [clock.monotonic(), clock.now()];
    const known = kept;
    const atHand =
      mustRecheck && known && !known.isRejected && startedAt < known.endsAt ? known.token : undefined;
    flight = startFlight(async (signal) => {
      try {
        const token = await another(signal, atHand, known);
        const wasRejected = known?.isRejected && token.value === known.token.value;
        failure = wasRejected ? failureOf(problem('token_rejected', givenAgain), known) : undefined;
        ahead = { failures: 0, nextAt: -Infinity };
        if (flight !== outdated) mustRecheck = false;
        // The time of day as it would be had nobody set the clock meanwhile.
        const now = startedNow + clock.monotonic() - startedAt;
        if (!closing.signal.aborted && token !== atHand) kept = keeping(token, now);
        if (!mustRecheck && !kept?.isRejected) good = kept;
        return token;
      } catch (error) {
        // That it was given up is no failure for those who come later.
        if (!signal.aborted || error !== signal.reason) failure = failureOf(error, known);
        throw error;
      } finally {
        flight = undefined;
      }
    }, hub);
    return flight;
  }

  /** A token of `inner`: the one at hand, if that will do and was not refused meanwhile. */
  async function another(signal: AbortSignal, atHand: T | undefined, known: Kept<T> | undefined): Promise<T> {
    const call = { signal, closing: closing.signal };
    if (atHand) {
      const token = await inner.getToken({ ...call, atHand });
      if (token !== atHand || !known?.isRejected) return token;
    }
    return await inner.getToken({ ...call, rejected: known?.token });
  }

  function failureOf(error: unknown, known: Kept<T> | undefined): NonNullable<typeof failure> {
    return { at: clock.monotonic(), error, rejected: known?.isRejected ? known.token : undefined };
  }

  function keeping(token: T, now: number): Kept<T> {
    const { renewAheadMs, unknownLifetimeMs } = options;
    const since = clock.monotonic();
    const lifetimeMs = token.expiresAt === undefined ? unknownLifetimeMs : token.expiresAt - now;
    const marginMs = Math.min(renewAheadMs, lifetimeMs / 10);
    return {
      token,
      promise: Promise.resolve(token),
      since,
      staleAt: since + Math.max(renewFloorMs, lifetimeMs - marginMs),
      endsAt: since + Math.max(renewFloorMs, lifetimeMs),
      isAccepted: false,
      isRejected: false,
    };
  }

  function refuse(known: Kept<T>) {
    if (known.isRejected) return;
    known.isRejected = true;
    good = undefined;
    emit('rejected', { code: 'token_rejected' });
    const wasAtOnce = !known.isAccepted && clock.monotonic() < known.since + options.refusedAtOnceMs;
    refusedAtOnce = wasAtOnce ? refusedAtOnce + 1 : 0;
    // One more login may be right where the first token was ended by chance; more of them would go on for ever (T6).
    if (refusedAtOnce > 1) hold.begin(problem('token_rejected', 'gives tokens that are refused at once'));
  }

  function renewAhead() {
    if (flight || clock.monotonic() < ahead.nextAt) return;
    start()
      .join()
      .catch(() => {
        // With full jitter, so that those who failed together do not come back together.
        const failures = ahead.failures + 1;
        const spanMs = Math.min(renewFloorMs * 2 ** failures, longestBackOffMs);
        const waitMs = Math.max(renewFloorMs, Math.random() * spanMs);
        ahead = { failures, nextAt: clock.monotonic() + waitMs };
      });
  }

  function problem(code: 'closed' | 'token_rejected', what?: string): LatchkeyError {
    const message = what && `${options.provider} ${what}; there is no other to be had.`;
    return new LatchkeyError(code, { provider: options.provider, actor, message });
  }
}

const givenAgain = 'gave the refused token again';
const longestBackOffMs = 60_000;
