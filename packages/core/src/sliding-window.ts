/** What was taken of a limit over the last span. */
export interface SlidingWindow {
  /** Oldest first. */
  readonly log: { readonly at: number; cost: number }[];
  /** Of all costs in the log. */
  sum: number;
}

/** Whole numbers above 0, but for the cost: that may be 0 or below, to give back. */
export interface Counts {
  readonly limit: number;
  readonly perMs: number;
  readonly cost: number;
}

export function emptyWindow(): SlidingWindow {
  return { log: [], sum: 0 };
}

/**
 * Takes `cost` if no span of `perMs` then holds more than `limit`. A cost below 0 gives back what was taken last, as far
 * as there is any.
 *
 * @returns whether it was taken, and else the time until it could be.
 */
export function takeFrom(
  window: SlidingWindow,
  { limit, perMs, cost }: Counts,
  now: number,
): { readonly taken: boolean; readonly retryAfterMs: number } {
  forget(window, perMs, now);
  if (cost <= 0) {
    giveBack(window, -cost);
  } else if (window.sum + cost > limit) {
    return { taken: false, retryAfterMs: untilItFits(window, { limit, perMs, cost }, now) };
  } else {
    window.log.push({ at: now, cost });
    window.sum += cost;
  }
  return { taken: true, retryAfterMs: 0 };
}

function forget(window: SlidingWindow, perMs: number, now: number) {
  const first = window.log.findIndex(({ at }) => at + perMs > now);
  const ended = window.log.splice(0, first === -1 ? window.log.length : first);
  for (const { cost } of ended) window.sum -= cost;
}

function giveBack(window: SlidingWindow, cost: number) {
  for (let left = cost; left > 0;) {
    const last = window.log.at(-1);
    if (!last) return;
    const part = Math.min(left, last.cost);
    last.cost -= part;
    window.sum -= part;
    left -= part;
    if (last.cost === 0) window.log.pop();
  }
}

function untilItFits({ log, sum }: SlidingWindow, { limit, perMs, cost }: Counts, now: number): number {
  let left = sum;
  let endsAt = now;
  for (const taken of log) {
    if (left + cost <= limit) break;
    left -= taken.cost;
    endsAt = taken.at + perMs;
  }
  const ms = endsAt - now;
  // Fractions are rounded: who waits for so long must not come a trace too early.
  return now + ms < endsAt ? ms + endsAt * Number.EPSILON : ms;
}
