import type { AbortHub } from './abort-hub.js';
import { startTimer, type Clock } from './clock.js';

/** The end of one call: whichever comes first of its time running out and somebody ending it. */
export interface Deadline {
  /** Aborted at the end of the call, with the error or reason that the call then rejects with. Made when it is asked for. */
  signal(): AbortSignal;
  /** What is left of the time, in milliseconds. */
  remainingMs(): number;
  /** @throws what has ended the call, if it has ended. */
  throwIfEnded(): void;
  /** Calls `listener` with what ends the call, at once where it has ended. Gives what takes it away again. */
  onEnd(listener: (reason: unknown) => void): () => void;
  /** Settles as `work` does, or rejects at the deadline; `work` itself goes on, and its late outcome is dropped. */
  bound<T>(work: Promise<T>): Promise<T>;
  /** Ends the call now. */
  end(reason: unknown): void;
  /** Lets go of the timer and of the signals listened to. To be called when the call has ended. */
  stop(): void;
}

/**
 * Starts the deadline of a call that must end within `timeoutMs`.
 *
 * @param options.onTimeout makes the error for a call whose time has run out.
 * @param options.signals end the call early, each with its own reason.
 * @param options.hub listens to them, for this call and others.
 */
export function startDeadline(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onTimeout: () => Error;
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly hub: AbortHub;
}): Deadline {
  const { clock, timeoutMs, onTimeout, hub } = options;
  const startedAt = clock.monotonic();
  const listeners = new Set<(reason: unknown) => void>();
  let ended: { readonly reason: unknown } | undefined;
  // A signal costs as much as all the rest, and most calls need none.
  let controller: AbortController | undefined;

  const stopTimer = startTimer(clock, timeoutMs, () => end(onTimeout()));
  const listening: (() => void)[] = [];
  for (const signal of options.signals) {
    if (signal) listening.push(hub.listen(signal, () => end(signal.reason)));
  }

  return {
    signal() {
      if (!controller) {
        controller = new AbortController();
        if (ended) controller.abort(ended.reason);
      }
      return controller.signal;
    },

    remainingMs: () => Math.max(0, timeoutMs - (clock.monotonic() - startedAt)),

    throwIfEnded() {
      if (ended) throw ended.reason;
    },

    onEnd,

    bound: <T>(work: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        const forget = onEnd(reject);
        work
          .then(resolve, reject)
          .finally(forget)
          .catch(() => undefined); // it never rejects
      }),

    end,

    stop() {
      stopTimer();
      for (const forget of listening) forget();
    },
  };

  function onEnd(listener: (reason: unknown) => void): () => void {
    if (ended) listener(ended.reason);
    else listeners.add(listener);
    return () => listeners.delete(listener);
  }

  function end(reason: unknown) {
    if (ended) return;
    ended = { reason };
    controller?.abort(reason);
    for (const listener of listeners) listener(reason);
  }
}
