import type { AbortHub } from './abort-hub.js';

/** Work that is under way, and that any number of callers wait for. */
export interface Flight<T> {
  /**
   * Settles as the work does; or rejects with the reason of `signal`, for this caller alone. When the last of those who
   * wait has left, the work is given up; one without a signal never leaves.
   */
  join(signal?: AbortSignal): Promise<T>;
  /** Gives the work up; who waits is told when it has ended. */
  abandon(): void;
  /** Gives the work up, and tells everybody who waits `reason` at once. */
  end(reason: Error): void;
  /** Whether it was given up. */
  isAbandoned(): boolean;
  /** Resolves when the work has ended, in whatever way. */
  readonly landed: Promise<void>;
}

/**
 * Starts work that is shared, in a microtask of its own.
 *
 * @param work is given a signal of its own, never that of a caller; it is aborted when the work is given up.
 * @param hub listens to the signals of callers.
 */
export function startFlight<T>(work: (signal: AbortSignal) => Promise<T>, hub: AbortHub): Flight<T> {
  const abort = new AbortController();
  let waiting = 0;
  let fail: (reason: unknown) => void = () => {};
  const running = Promise.resolve().then(() => work(abort.signal));
  const landed = running.then(ignore, ignore);
  const outcome = new Promise<T>((resolve, reject) => {
    fail = reject;
    running.then(resolve, reject);
  });
  // It may fail with nobody there: in the background, or after all have left.
  outcome.catch(ignore);

  return {
    landed,
    isAbandoned: () => abort.signal.aborted,

    join(signal) {
      waiting += 1;
      if (!signal) return outcome;
      return new Promise<T>((resolve, reject) => {
        const leave = () => {
          reject(signal.reason as Error);
          waiting -= 1;
          if (waiting === 0) abandon();
        };
        const forget = hub.listen(signal, leave);
        outcome.then(resolve, reject).finally(forget).catch(ignore);
      });
    },

    abandon,

    end(reason) {
      abort.abort(reason);
      fail(reason);
    },
  };

  function abandon() {
    abort.abort(new Error('Nobody waits for it any more.'));
  }
}

/** For promises whose outcome is told elsewhere. */
const ignore = () => undefined;
