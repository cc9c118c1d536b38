import type { AbortHub } from './abort-hub.js';
import type { Clock } from './clock.js';
import { unlessAborted } from './unless-aborted.js';

/** The end of one call: whichever comes first of its time running out and somebody aborting it. */
export interface Deadline {
  /** Aborted at the end of the call, with the error or reason that the call then rejects with. */
  readonly signal: AbortSignal;
  /** What is left of the time, in milliseconds. */
  remainingMs(): number;
  /** Settles as `work` does, or rejects at the deadline; `work` itself goes on, and its late outcome is dropped. */
  bound<T>(work: Promise<T>): Promise<T>;
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
  const end = new AbortController();
  const timer = new AbortController();

  const listening = options.signals
    .filter((signal) => signal !== undefined)
    .map((signal) => hub.listen(signal, () => end.abort(signal.reason)));
  clock.sleep(timeoutMs, timer.signal).then(
    () => end.abort(onTimeout()),
    () => undefined, // stopped
  );

  return {
    signal: end.signal,
    remainingMs: () => Math.max(0, timeoutMs - (clock.monotonic() - startedAt)),
    bound: (work) => unlessAborted(work, end.signal),
    stop() {
      timer.abort();
      for (const forget of listening) forget();
    },
  };
}
