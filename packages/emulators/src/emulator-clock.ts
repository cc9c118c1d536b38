/** What an emulator takes for the present: the real time, moved by `advance`. */
export interface EmulatorClock {
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Moves the present by so many milliseconds; a negative number moves it back. */
  readonly advance: (ms: number) => void;
  /** Goes back to the real time. */
  readonly reset: () => void;
}

/** A clock that shows `Date.now()` until it is moved. */
export function emulatorClock(): EmulatorClock {
  let offsetMs = 0;
  return {
    now: () => Date.now() + offsetMs,
    advance(ms) {
      if (!Number.isFinite(ms))
        throw new TypeError(`advance() takes a finite number of milliseconds, not ${ms}.`);
      offsetMs += ms;
    },
    reset() {
      offsetMs = 0;
    },
  };
}
