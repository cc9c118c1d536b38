import type { Clock } from '../clock.js';

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves time on, waking every sleeper at its own moment and in order, and letting what it does run before the next one
   * wakes. Sleepers that those start are woken too, when their time falls within the span.
   */
  advance(ms: number): Promise<void>;
  /** Sets the time of day, forwards or back, as somebody setting the machine's clock does. Wakes nobody. */
  setNow(epochMs: number): void;
  /** How many are asleep. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** Makes a clock that stands at `startAt`, in epoch milliseconds. Default: 2026-01-01T00:00:00Z. */
export function virtualClock({
  startAt = Date.UTC(2026, 0, 1),
}: { readonly startAt?: number } = {}): VirtualClock {
  let monotonic = 0;
  let offset = startAt;
  const sleepers = new Set<Sleeper>();

  return Object.freeze({
    now: () => offset + monotonic,
    monotonic: () => monotonic,
    get sleepers() {
      return sleepers.size;
    },
    setNow(epochMs: number) {
      offset = epochMs - monotonic;
    },

    sleep(ms: number, signal?: AbortSignal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (ms <= 0) return Promise.resolve();
      return new Promise<void>((resolve, reject) => {
        const leave = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
        };
        const onAbort = () => {
          leave();
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          wakesAt: monotonic + ms,
          wake() {
            leave();
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
      });
    },

    async advance(ms: number) {
      const until = monotonic + ms;
      await settled();
      for (let next = first(); next && next.wakesAt <= until; next = first()) {
        monotonic = Math.max(monotonic, next.wakesAt);
        next.wake();
        await settled();
      }
      monotonic = Math.max(monotonic, until);
      await settled();
    },
  });

  function first(): Sleeper | undefined {
    return [...sleepers].reduce<Sleeper | undefined>(
      (earliest, sleeper) => (earliest && earliest.wakesAt <= sleeper.wakesAt ? earliest : sleeper),
      undefined,
    );
  }
}

// A turn of the event loop comes after all promise callbacks that are due, however long their chain.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
