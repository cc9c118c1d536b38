import { startTimer, type Clock } from './clock.js';
import type { Emit } from './event.js';
import { LatchkeyError } from './latchkey-error.js';
import { createSharedPace, type SharedPace } from './shared-pace.js';
import type { Store } from './store.js';

/** How many requests may be sent in any span of so many milliseconds. */
export interface PaceOptions {
  readonly requests: number;
  readonly perMs: number;
  /**
   * Has all processes with this store keep the pace of an origin together; they are to be given the same numbers. While the
   * store fails, each keeps the pace for itself. Default: none, each does so all the time.
   */
  readonly store?: Store | undefined;
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
   * @throws LatchkeyError `rate_limited` at once when the wait could be longer than two spans, and later when it turns out to
   *   be, since other processes keep the pace, too; or the reason of `signal`.
   */
  turn(purpose: Purpose, signal: AbortSignal): Promise<void>;
  /** Tells that a request has ended, and what the provider then said of its limit, which is kept to as well. */
  answered(allowance?: Allowance): void;
}

interface Waiter {
  readonly purpose: Purpose;
  readonly since: number;
  go(): void;
  refuse(error: LatchkeyError): void;
}

/**
 * Makes a pace over a sliding window, since a fixed one lets twice the limit through at its edge.
 *
 * @param options.origin whose pace it is, where there is a store.
 * @param options.emit is told of each request that is refused, and of a store that is done without.
 */
export function createPace(
  provider: string,
  { requests, perMs, store }: PaceOptions,
  clock: Clock,
  { origin, emit }: { readonly origin: string; readonly emit: Emit } = { origin: '', emit: () => {} },
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
  /** Those of them who wait for nothing but the store. */
  let asking: readonly Waiter[] = [];
  /** When it is looked again who may go; never while nobody waits. */
  let tick: { readonly at: number; readonly stop: () => void } | undefined;
  const limits = { all: requests, ...most };
  const shared = store && createSharedPace({ store, origin, perMs, limits, clock, emit, onNews: admit });

  return {
    async turn(purpose, signal) {
      signal.throwIfAborted();
      if (isFull(purpose)) throw refusal(Math.max(perMs, pausedMs()));
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting = waiting.filter((other) => other !== waiter);
          reject(signal.reason as Error);
          admit();
        };
        const settle = (how: () => void) => {
          signal.removeEventListener('abort', leave);
          how();
        };
        const waiter: Waiter = {
          purpose,
          since: clock.monotonic(),
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
      admit();
    },
  };

  function isFull(purpose: Purpose): boolean {
    if (pausedMs() > longestWaitMs) return true;
    const held = asking.length === 0 ? waiting : waiting.filter((waiter) => !asking.includes(waiter));
    // Only renewals go before a renewal, so only they can hold it up.
    if (purpose === 'renewal') return count(held, 'renewal') >= requests;
    if (purpose === 'sign-in') return hasShareOf(purpose, held);
    return held.length >= requests + mostSignIns || hasShareOf(purpose, held);
  }

  /** Whether the lists hold as many of a purpose as there may be, where there is a limit to them. */
  function hasShareOf(purpose: Purpose, ...lists: (readonly { readonly purpose: Purpose }[])[]): boolean {
    if (purpose !== 'sign-in' && purpose !== 'verify') return false;
    return lists.reduce((sum, list) => sum + count(list, purpose), 0) >= most[purpose];
  }

  function refusal(retryAfterMs: number): LatchkeyError {
    emit('throttled', { code: 'rate_limited' });
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
    const now = clock.monotonic();
    shared?.checkStore(waiting.length > 0, now);
    sent = sent.filter(({ at }) => at + perMs > now);
    const next = nextOnes(now);
    const going = shared ? shared.admit(next, now) : next;
    for (const { purpose, go } of going) {
      sent.push({ at: now, purpose });
      flying += 1;
      told.left -= 1;
      go();
    }
    if (going.length > 0) waiting = waiting.filter((waiter) => !going.includes(waiter));
    if (shared) {
      asking = next.filter((waiter) => !going.includes(waiter));
      refuseOverdue(shared, now);
    }
    rest(now);
  }

  /** Refuses those whose turn comes later than two spans after themselves: how others keep the pace could not be foreseen. */
  function refuseOverdue({ waitMs }: SharedPace, now: number) {
    const overdue = waiting
      .filter((waiter) => !asking.includes(waiter))
      .map((waiter) => ({ waiter, ms: waitMs(waiter.purpose, asking, now) || untilFreeMs(now) }))
      .filter(({ waiter, ms }) => ms > 0 && now + ms > waiter.since + longestWaitMs);
    if (overdue.length === 0) return;
    waiting = waiting.filter((one) => overdue.every(({ waiter }) => waiter !== one));
    for (const { waiter, ms } of overdue) waiter.refuse(refusal(ms));
  }

  /** Those who may go by what this process has sent, the provider has told, and the store has said so far. */
  function nextOnes(now: number): Waiter[] {
    const next: Waiter[] = [];
    const room = Math.min(requests - sent.length, told.until > now ? told.left : Infinity);
    for (const waiter of waiting) {
      if (next.length >= room) break;
      const { purpose } = waiter;
      if (hasShareOf(purpose, sent, next)) continue;
      if (shared && shared.waitMs(purpose, next, now) > 0) continue;
      next.push(waiter);
    }
    return next;
  }

  /** Sees to it that those who wait are looked at again when that may be of use, or before. */
  function rest(now: number) {
    const freeAt = now + (untilFreeMs(now) || Infinity);
    const at = waiting.length === 0 ? Infinity : Math.min(freeAt, shared?.dueAt(now) ?? Infinity);
    if (tick && tick.at <= at && at < Infinity) return;
    tick?.stop();
    tick = undefined;
    if (at === Infinity) return;
    const wake = () => {
      if (tick !== asleep) return;
      tick = undefined;
      admit();
    };
    const asleep = { at, stop: startTimer(clock, at - now, wake) };
    tick = asleep;
  }

  /** How long until this process may send more than now, at the least; 0 where it has sent nothing lately. */
  function untilFreeMs(now: number): number {
    const [oldest] = sent;
    return pausedMs(now) || (oldest ? oldest.at + perMs - now : 0);
  }

  /** How long the provider's own word keeps everybody waiting. */
  function pausedMs(now = clock.monotonic()): number {
    return told.left > 0 ? 0 : Math.max(0, told.until - now);
  }
}

function count(list: readonly { readonly purpose: Purpose }[], purpose: Purpose): number {
  return list.filter((one) => one.purpose === purpose).length;
}

// A provider that asks for a day is asked again before that: its word may have been meant for somebody else.
const longestPauseMs = 900_000;
