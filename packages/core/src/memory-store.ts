import { z } from 'zod';
import { createBoundedEntries } from './bounded-entries.js';
import { checkedOptions } from './checked.js';
import { systemClock, type Clock } from './clock.js';
import { LatchkeyError } from './latchkey-error.js';
import { clockOption } from './option-schemas.js';
import { peekable } from './peekable.js';
import { emptyWindow, takeFrom, type SlidingWindow } from './sliding-window.js';
import { checkKey, checkKeys, checkText, countsIn, spanIn } from './store-input.js';
import type { Store } from './store.js';

export interface MemoryStoreOptions {
  /** How many values of one kind are held at most, and as many counters and leases of it. Default: 100 000. */
  readonly maxEntries?: number;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
}

/**
 * A store in the memory of this process, for applications that run as one.
 *
 * Each kind has a bound of its own, so that what comes in masses pushes out only its like. A kind that is full loses
 * the entry that was used least recently. The kinds `session` and `generation` lose none that has not ended: a new
 * one is refused with `store_error` instead. There are no timers: what has ended is dropped when it is met.
 *
 * @throws LatchkeyError `invalid_config`.
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxEntries, clock } = checkedOptions('memoryStore()', memoryStoreOptions, options);
  const bounds = { maxEntries, clock, lastingKinds };
  const values = createBoundedEntries<string>(bounds);
  const counters = createBoundedEntries<SlidingWindow>(bounds);
  /** Who holds each. */
  const leases = createBoundedEntries<symbol>(bounds);
  let isClosed = false;

  const store: Store = {
    async get(key) {
      checkCall(key);
      return values.get(key);
    },

    async getMany(keys) {
      checkOpen();
      checkKeys(keys);
      return allOf(keys);
    },

    async set(key, value, options) {
      checkCall(key);
      checkText('value', value);
      values.set(key, value, spanIn(options, 'ttlMs'));
    },

    async delete(key) {
      checkCall(key);
      values.delete(key);
    },

    async replace(key, expected, value, options) {
      checkCall(key);
      if (expected !== undefined) checkText('expected value', expected);
      checkText('value', value);
      const ttlMs = spanIn(options, 'ttlMs');
      if (values.get(key) !== expected) return false;
      values.set(key, value, ttlMs);
      return true;
    },

    async take(key, options) {
      checkCall(key);
      const counts = countsIn(options);
      const window = counters.get(key) ?? emptyWindow();
      const taking = takeFrom(window, counts, clock.monotonic());
      if (window.sum === 0) counters.delete(key);
      else counters.set(key, window, counts.perMs);
      return taking;
    },

    async lease(key, options) {
      checkCall(key);
      const ttlMs = spanIn(options, 'ttlMs');
      if (leases.get(key) !== undefined) return undefined;
      const holder = Symbol('holder');
      const isHeld = () => leases.get(key) === holder;
      leases.set(key, holder, ttlMs);
      return Object.freeze({
        async extend(ttlMs: number) {
          checkOpen();
          spanIn({ ttlMs }, 'ttlMs');
          if (!isHeld()) return false;
          leases.set(key, holder, ttlMs);
          return true;
        },
        async release() {
          checkOpen();
          if (isHeld()) leases.delete(key);
        },
      });
    },

    async close() {
      isClosed = true;
      for (const entries of [values, counters, leases]) entries.clear();
    },
  };
  return Object.freeze(peekable(store, (keys) => (isClosed ? undefined : allOf(keys))));

  function allOf(keys: readonly string[]): (string | undefined)[] {
    const now = clock.monotonic();
    return keys.map((key) => values.get(key, now));
  }

  function checkCall(key: string) {
    checkOpen();
    checkKey(key);
  }

  function checkOpen() {
    if (isClosed) throw new LatchkeyError('closed', { message: 'The memory store was closed.' });
  }
}

/** Losing one of these would sign somebody out. */
const lastingKinds: ReadonlySet<string> = new Set(['session', 'generation']);

// Below what a map of JavaScript can hold.
const mostEntries = 10_000_000;

const memoryStoreOptions = z.strictObject({
  maxEntries: z
    .int('must be a whole number')
    .positive('must be above 0')
    .max(mostEntries, `must be at most ${mostEntries}`)
    .default(100_000),
  clock: clockOption.default(systemClock),
});
