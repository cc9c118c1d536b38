import type { Clock } from './clock.js';
import { LatchkeyError } from './latchkey-error.js';

/** How many requests may be sent in any span of so many milliseconds. */
export interface PaceOptions {
  readonly requests: number;
  readonly perMs: number;
}

/** What a request is for, which decides who goes first when the pace is reached. */
export type Purpose = 'renewal' | 'call' | 'sign-in' | 'verify';

/** What a provider said of its own limit: so many requests more, for so long. */
export interface Allowance {
  readonly remaining: number;
  readonly resetsInMs: number;
}

/** Keeps the pace of one upstream. */
export interface Pace {
  /**
   * Resolves when a request may be sent; `answered` is to be called when that has ended.
   *
   * Renewals go first; all others take turns as they came. Sign-ins have at most half of the pace, and verifying tokens
   * that strangers bring a quarter, so that a flood of either holds up nobody who is signed in.
   *
   * @throws LatchkeyError `rate_limited` at once when the wait could be longer than two spans; or the reason of `signal`.
   */
  turn(purpose: Purpose, signal: AbortSignal): Promise<void>;
  /** Tells that a request has ended, and what the provider then said of its limit, which is kept to as well. */
  answered(allowance?: Allowance): void;
}

interface Waiter {
  readonly purpose: Purpose;
  go(): void;
  refuse(error: LatchkeyError): void;
}

/**
 * Makes a pace over a sliding window, since a fixed one lets twice the limit through at its edge.
 *
 * @param onRefusal is told of each request that is refused.
 */
export function createPace(
  provider: string,
  { requests, perMs }: PaceOptions,
  clock: Clock,
  onRefusal: () => void = () => {},
): Pace {
  const mostSignIns = Math.max(1, Math.floor(requests / 2));
  const most = { 'sign-in': mostSignIns, verify: Math.max(1, Math.floor(requests / 4)) };
  const longestWaitMs = 2 * perMs;
  /** Requests of the last span, oldest first. */
  let sent: { readonly at: number; readonly purpose: Purpose }[] = [];
  /** Requests that were sent and have not ended. */
  let flying = 0;
  /** What the provider's last word on it leaves to be sent until `until`. */
  let told = { left: Infinity, until: -Infinity };
  /** In the order in which they go. */
  let waiting: Waiter[] = [];
  /** Asleep until the next one may go; there is none while nobody waits. */
  let tick: AbortController | undefined;

  return {
    async turn(purpose, signal) {
      signal.throwIfAborted();
      if (isFull(purpose)) throw refusal(Math.max(perMs, pausedMs()));
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting = waiting.filter((other) => other !== waiter);
          if (waiting.length === 0) tick?.abort();
          reject(signal.reason as Error);
        };
        const settle = (how: () => void) => {
          signal.removeEventListener('abort', leave);
          how();
        };
        const waiter: Waiter = {
          purpose,
          go: () => settle(resolve),
          refuse: (error) => settle(() => reject(error)),
        };
        signal.addEventListener('abort', leave, { once: true });
        enqueue(waiter);
        admit();
      });
    },

    answered(allowance) {
      flying -= 1;
      if (!allowance) return;
      // Those on their way may not be among what the provider has counted.
      const left = allowance.remaining - flying;
      const until = clock.monotonic() + Math.min(allowance.resetsInMs, longestPauseMs);
      const isPaused = pausedMs() > 0;
      // Answers overtake each other: nothing is sent during a pause, so that a milder word is an older one.
      if (isPaused && left > 0) return;
      told = { left, until: isPaused ? Math.max(until, told.until) : until };
      if (pausedMs() > longestWaitMs) {
        for (const { refuse } of waiting.splice(0)) refuse(refusal(pausedMs()));
      }
      tick?.abort();
      admit();
    },
  };

  function isFull(purpose: Purpose): boolean {
    if (pausedMs() > longestWaitMs) return true;
    // Only renewals go before a renewal, so only they can hold it up.
    if (purpose === 'renewal') return count(waiting, 'renewal') >= requests;
    if (purpose === 'sign-in') return hasShareOf(waiting, purpose);
    return waiting.length >= requests + mostSignIns || hasShareOf(waiting, purpose);
  }

  /** Whether `list` holds as many of a purpose as it may, where there is a limit to them. */
  function hasShareOf(list: readonly { readonly purpose: Purpose }[], purpose: Purpose): boolean {
    return (purpose === 'sign-in' || purpose === 'verify') && count(list, purpose) >= most[purpose];
  }

  function refusal(retryAfterMs: number): LatchkeyError {
    onRefusal();
    return new LatchkeyError('rate_limited', {
      provider,
      retryAfterMs,
      message: `More was asked of ${provider} than it allows at a time; this request was not sent.`,
    });
  }

  function enqueue(waiter: Waiter) {
    if (waiter.purpose !== 'renewal') waiting.push(waiter);
    else waiting.splice(count(waiting, 'renewal'), 0, waiter);
  }

  function admit() {
    sent = sent.filter(({ at }) => at + perMs > clock.monotonic());
    waiting = waiting.filter((waiter) => {
      const isItsTurn = pausedMs() === 0 && sent.length < requests && !hasShareOf(sent, waiter.purpose);
      if (isItsTurn) {
        sent.push({ at: clock.monotonic(), purpose: waiter.purpose });
        flying += 1;
        told.left -= 1;
        waiter.go();
      }
      return !isItsTurn;
    });
    if (waiting.length > 0 && (tick === undefined || tick.signal.aborted)) sleep();
  }

  function sleep() {
    const [oldest] = sent;
    const untilOldestLeaves = oldest ? oldest.at + perMs - clock.monotonic() : 0;
    const asleep = new AbortController();
    tick = asleep;
    const wake = () => {
      if (tick !== asleep) return;
      tick = undefined;
      admit();
    };
    // Also when it was aborted: somebody may have come since.
    clock.sleep(pausedMs() || untilOldestLeaves, asleep.signal).then(wake, wake);
  }

  /** How long the provider's own word keeps everybody waiting. */
  function pausedMs(): number {
    return told.left > 0 ? 0 : Math.max(0, told.until - clock.monotonic());
  }
}

function count(list: readonly { readonly purpose: Purpose }[], purpose: Purpose): number {
  return list.filter((one) => one.purpose === purpose).length;
}

// A provider that asks for a day is asked again before that: its word may have been meant for somebody else.
const longestPauseMs = 900_000;
