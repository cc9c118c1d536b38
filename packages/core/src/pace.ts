import type { Clock } from './clock.js';
import { LatchkeyError } from './latchkey-error.js';

/** How many requests may be sent in any span of so many milliseconds. */
export interface PaceOptions {
  readonly requests: number;
  readonly perMs: number;
}

/** What a request is for, which decides who goes first when the pace is reached. */
export type Purpose = 'renewal' | 'call' | 'sign-in';

/** Keeps the pace of one upstream. */
export interface Pace {
  /**
   * Resolves when a request may be sent.
   *
   * Renewals go first; calls and sign-ins take turns as they came, and sign-ins have at most half of the pace, so that a
   * flood of them holds up nobody who is signed in.
   *
   * @throws LatchkeyError `rate_limited` at once when the wait could be longer than two spans; or the reason of `signal`.
   */
  turn(purpose: Purpose, signal: AbortSignal): Promise<void>;
}

interface Waiter {
  readonly purpose: Purpose;
  go(): void;
}

/** Makes a pace over a sliding window, since a fixed one lets twice the limit through at its edge. */
export function createPace(provider: string, { requests, perMs }: PaceOptions, clock: Clock): Pace {
  const mostSignIns = Math.max(1, Math.floor(requests / 2));
  /** Requests of the last span, oldest first. */
  let sent: { readonly at: number; readonly purpose: Purpose }[] = [];
  /** In the order in which they go. */
  let waiting: Waiter[] = [];
  /** Asleep until the next one may go; there is none while nobody waits. */
  let tick: AbortController | undefined;

  return {
    async turn(purpose, signal) {
      signal.throwIfAborted();
      refuseWhenFull(purpose);
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting = waiting.filter((other) => other !== waiter);
          if (waiting.length === 0) tick?.abort();
          reject(signal.reason as Error);
        };
        const waiter: Waiter = {
          purpose,
          go() {
            signal.removeEventListener('abort', leave);
            resolve();
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        enqueue(waiter);
        admit();
      });
    },
  };

  function refuseWhenFull(purpose: Purpose) {
    const isFull = {
      // Only renewals go before a renewal, so only they can hold it up.
      renewal: count(waiting, 'renewal') >= requests,
      call: waiting.length >= requests + mostSignIns,
      'sign-in': count(waiting, 'sign-in') >= mostSignIns,
    };
    if (!isFull[purpose]) return;
    throw new LatchkeyError('rate_limited', {
      provider,
      retryAfterMs: perMs,
      message: `More than ${requests} requests in ${perMs} ms were asked of ${provider}; this one was not sent.`,
    });
  }

  function enqueue(waiter: Waiter) {
    if (waiter.purpose !== 'renewal') waiting.push(waiter);
    else waiting.splice(count(waiting, 'renewal'), 0, waiter);
  }

  function admit() {
    sent = sent.filter(({ at }) => at + perMs > clock.monotonic());
    waiting = waiting.filter((waiter) => {
      const isItsTurn =
        sent.length < requests && (waiter.purpose !== 'sign-in' || count(sent, 'sign-in') < mostSignIns);
      if (isItsTurn) {
        sent.push({ at: clock.monotonic(), purpose: waiter.purpose });
        waiter.go();
      }
      return !isItsTurn;
    });
    const [oldest] = sent;
    if (tick || waiting.length === 0 || !oldest) return;
    tick = new AbortController();
    const next = () => {
      tick = undefined;
      admit();
    };
    // Also when it was aborted: somebody may have come since.
    clock.sleep(oldest.at + perMs - clock.monotonic(), tick.signal).then(next, next);
  }
}

function count(list: readonly { readonly purpose: Purpose }[], purpose: Purpose): number {
  return list.filter((one) => one.purpose === purpose).length;
}
