import type { Clock } from './clock.js';
import type { LatchkeyError } from './latchkey-error.js';

/** Remembers a refusal for a while, during which nothing is asked again. */
export interface RefusalHold {
  /** Whether there is a refusal that is remembered. */
  readonly isOn: boolean;
  /** @throws the refusal that is remembered, if there is one. */
  check(): void;
  /** Remembers `error`: for the wait that it names, else for a time that doubles with each refusal in a row. */
  begin(error: LatchkeyError): HoldSpan;
  /** Forgets the refusals so far. */
  forget(): void;
}

/** One that takes over what others remember. */
export interface LocalRefusalHold extends RefusalHold {
  /**
   * Remembers, in place of what is remembered here, what somebody else was refused and remembers for so long; within the
   * bounds of this hold.
   *
   * @param refusal makes the error, each time that it is thrown.
   */
  takeOver(refusal: () => LatchkeyError, span: HoldSpan): void;
}

/** How long a refusal is remembered, in milliseconds. */
export interface HoldSpan {
  /** From now. */
  readonly holdMs: number;
  /** If the next one is a refusal, too. */
  readonly nextMs: number;
}

/**
 * Makes a hold (T6): a wrong password costs one login for the whole hold, however many ask.
 *
 * @param options.firstMs how long the first refusal is remembered.
 * @param options.mostMs what the time doubles up to; a wait that the refusal names may be longer.
 * @param options.onHold is told of each hold that begins.
 */
export function createRefusalHold(options: {
  readonly clock: Clock;
  readonly firstMs: number;
  readonly mostMs: number;
  readonly onHold: (error: LatchkeyError, holdMs: number) => void;
}): LocalRefusalHold {
  const { clock, firstMs, mostMs, onHold } = options;
  let held: { readonly refusal: () => LatchkeyError; readonly until: number } | undefined;
  let nextMs = firstMs;

  return {
    get isOn() {
      return held !== undefined && clock.monotonic() < held.until;
    },
    check() {
      if (held && clock.monotonic() < held.until) throw held.refusal();
    },
    begin(error) {
      const holdMs = namesWait(error) ? Math.min(error.retryAfterMs, longestNamedMs) : nextMs;
      nextMs = Math.min(nextMs * 2, mostMs);
      held = { refusal: () => error, until: clock.monotonic() + holdMs };
      onHold(error, holdMs);
      return { holdMs, nextMs };
    },
    takeOver(refusal, theirs) {
      const error = refusal();
      const holdMs = Math.min(theirs.holdMs, namesWait(error) ? longestNamedMs : mostMs);
      nextMs = Math.min(Math.max(theirs.nextMs, firstMs), mostMs);
      held = { refusal, until: clock.monotonic() + holdMs };
      if (holdMs > 0) onHold(error, holdMs);
    },
    forget() {
      held = undefined;
      nextMs = firstMs;
    },
  };
}

function namesWait(error: LatchkeyError): error is LatchkeyError & { readonly retryAfterMs: number } {
  return error.code === 'account_locked' && error.retryAfterMs !== undefined && error.retryAfterMs > 0;
}

/** Further off, a lock is asked about once a day: the header that named it may have been wrong. */
export const longestNamedMs = 24 * 3_600_000;
