import type { Clock } from './clock.js';
import type { LatchkeyError } from './latchkey-error.js';

/** Remembers a refusal for a while, during which nothing is asked again. */
export interface RefusalHold {
  /** Whether there is a refusal that is remembered. */
  readonly isOn: boolean;
  /** @throws the refusal that is remembered, if there is one. */
  check(): void;
  /** Remembers `error`: for the wait that it names, else for a time that doubles with each refusal in a row. */
  begin(error: LatchkeyError): void;
  /** Forgets the refusals so far. */
  forget(): void;
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
}): RefusalHold {
  const { clock, firstMs, mostMs, onHold } = options;
  let held: { readonly error: LatchkeyError; readonly until: number } | undefined;
  let nextMs = firstMs;

  return {
    get isOn() {
      return held !== undefined && clock.monotonic() < held.until;
    },
    check() {
      if (held && clock.monotonic() < held.until) throw held.error;
    },
    begin(error) {
      const namedMs = error.code === 'account_locked' ? (error.retryAfterMs ?? 0) : 0;
      const holdMs = namedMs > 0 ? Math.min(namedMs, longestNamedMs) : nextMs;
      nextMs = Math.min(nextMs * 2, mostMs);
      held = { error, until: clock.monotonic() + holdMs };
      onHold(error, holdMs);
    },
    forget() {
      held = undefined;
      nextMs = firstMs;
    },
  };
}

// Further off, a lock is asked about once a day: the header that named it may have been wrong.
const longestNamedMs = 24 * 3_600_000;
