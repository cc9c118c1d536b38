// Imported, since each look at the global of the same name goes through a getter.
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

/** Time, as everything in Latchkey asks for it; tests give one that they move themselves (`virtualClock`). */
export interface Clock {
  /** The time of day, in epoch milliseconds. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since some moment in the past. Never goes back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the reason of `signal` when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms: number, signal?: AbortSignal) {
    signal?.throwIfAborted();
    try {
      // A timer of more than 2^31 - 1 milliseconds would fire at once.
      for (let left = ms; left > 0; left -= longestTimerMs) {
        await wait(Math.min(left, longestTimerMs), undefined, { signal });
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
});

const longestTimerMs = 2_147_483_647;
