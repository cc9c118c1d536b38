/** Keeps calls from something that does not answer. */
export interface CircuitBreaker {
  /** Whether a call may be made. Of one that may, the outcome is to be told. */
  admits(): boolean;
  /** It was answered, in whatever way. */
  answered(): void;
  /** It was not answered. */
  unanswered(): void;
}

/**
 * Opens after `most` calls in a row that were not answered. Open, it lets one call through in each span of `spanMs`, as a
 * trial, and none beside it: who comes meanwhile does not wait for its outcome. An answer closes it.
 *
 * @param now a monotonic clock: setting the time of day must not keep it open.
 */
export function createCircuitBreaker(
  { most, spanMs }: { readonly most: number; readonly spanMs: number },
  now: () => number,
): CircuitBreaker {
  let inARow = 0;
  let nextTrialAt = -Infinity;

  return {
    admits() {
      if (inARow < most) return true;
      if (now() < nextTrialAt) return false;
      nextTrialAt = now() + spanMs;
      return true;
    },
    answered() {
      inARow = 0;
    },
    unanswered() {
      inARow += 1;
      // Those that end later, when it is open, were made before, or are trials.
      if (inARow === most) nextTrialAt = now() + spanMs;
    },
  };
}
