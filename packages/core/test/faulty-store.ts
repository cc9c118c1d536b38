import { LatchkeyError, type Lease, type Store } from '../src/index.js';
import type { VirtualClock } from '../src/testing/index.js';

/** What one process sees of a store, and of time; a test can stop it, hold it up, or cut it off. */
export interface Process {
  readonly store: Store;
  readonly clock: VirtualClock;
  /** From now on nothing that it waits for ever comes, and nothing it does reaches the store: it was killed. */
  kill(): void;
  /** Nothing that it waits for comes before it is resumed: a long pause for garbage, or a laptop that sleeps. */
  pause(): void;
  resume(): void;
  /** Which calls of the store fail from now on. */
  failing: (method: keyof Store | 'extend' | 'release') => boolean;
  /** What comes from outside, as this process sees it. */
  seen<T>(promise: Promise<T>): Promise<T>;
}

/** A process that shares a store and a clock with others. */
export function processWith(store: Store, clock: VirtualClock): Process {
  let isKilled = false;
  let paused: Promise<void> | undefined;
  let resume = () => {};

  const own: Process = {
    failing: () => false,
    kill: () => (isKilled = true),
    pause() {
      paused ??= new Promise((resolve) => {
        resume = () => {
          paused = undefined;
          resolve();
        };
      });
    },
    resume: () => resume(),
    seen,
    clock: Object.freeze({
      ...clock,
      get sleepers() {
        return clock.sleepers;
      },
      sleep: (ms: number, signal?: AbortSignal) => seen(clock.sleep(ms, signal)),
    }),
    store: {
      get: (key) => done('get', () => store.get(key)),
      set: (key, value, options) => done('set', () => store.set(key, value, options)),
      delete: (key) => done('delete', () => store.delete(key)),
      replace: (key, expected, value, options) =>
        done('replace', () => store.replace(key, expected, value, options)),
      take: (key, options) => done('take', () => store.take(key, options)),
      async lease(key, options) {
        const lease = await done('lease', () => store.lease(key, options));
        return lease && leaseOf(lease);
      },
    },
  };
  return own;

  function leaseOf(lease: Lease): Lease {
    return {
      extend: (ttlMs) => done('extend', () => lease.extend(ttlMs)),
      release: () => done('release', () => lease.release()),
    };
  }

  async function done<T>(method: keyof Store | 'extend' | 'release', work: () => Promise<T>): Promise<T> {
    await here();
    if (own.failing(method)) throw new LatchkeyError('store_error', { message: `${method} fails` });
    return seen(work());
  }

  async function seen<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } finally {
      await here();
    }
  }

  /** Goes on when the process does. */
  async function here(): Promise<void> {
    while (paused) await paused;
    if (isKilled) await new Promise(() => {});
  }
}
