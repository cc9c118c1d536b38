// Imported, since each look at the global of the same name goes through a getter.
import { performance } from 'node:perf_hooks';

/** Time, as everything in Latchkey asks for it; tests give one that they move themselves (`virtualClock`). */
export interface Clock {
  /** The time of day, in epoch milliseconds. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds since some moment in the past. Never goes back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the reason of `signal` when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `run` after `ms` milliseconds, unless what it gives is called first. Absent: done with `sleep`, which costs more
   * for what is mostly called off, such as a deadline.
   */
  after?(ms: number, run: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,

  sleep(ms: number, signal?: AbortSignal) {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise<void>((resolve, reject) => {
      const wake = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const cancel = after(ms, wake);
      const leave = () => {
        cancel();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', leave, { once: true });
    });
  },
});

/** As `clock.after`, for clocks that have none, too. */
export function startTimer(clock: Clock, ms: number, run: () => void): () => void {
  if (clock.after) return clock.after(ms, run);
  const stop = new AbortController();
  clock.sleep(ms, stop.signal).then(run, () => undefined); // stopped
  return () => stop.abort(stopped);
}

function after(ms: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number) => {
    // A timer of more than 2^31 - 1 milliseconds would fire at once.
    const spanMs = Math.min(leftMs, longestTimerMs);
    timer = setTimeout(() => (leftMs > spanMs ? wait(leftMs - spanMs) : run()), spanMs);
  };
  wait(ms);
  return () => clearTimeout(timer);
}

// One for all: to make a reason costs more than all the rest.
const stopped = new Error('The timer was called off.');
const longestTimerMs = 2_147_483_647;
