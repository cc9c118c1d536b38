import type { Clock } from './clock.js';

/** How far another clock is ahead of ours. */
export interface Skew {
  /** In milliseconds; 0 while it is not known. */
  readonly ms: number;
  /** Learns from the headers of an answer that was asked for at `startedAt`, by the monotonic clock, and has just come. */
  learn(headers: Readonly<Record<string, string>>, startedAt: number): void;
}

/**
 * Learns the skew of a server's clock from the `Date` header of its answers (RFC 9110, section 6.6.1).
 *
 * The header has whole seconds and was written at some moment during the exchange, which leaves a span of skews that it
 * may mean. What lies in that span already is kept, so that the skew does not wander, and no skew at all is preferred. An
 * answer with an `Age` header comes from a cache, and one that took long says little: neither is looked at. More than a day
 * is taken for a header that is wrong.
 */
export function createSkew(clock: Clock): Skew {
  let ms = 0;
  /** The last date that was read: a server says the same for a second. */
  let read = { date: '', writtenAt: NaN };
  return {
    get ms() {
      return ms;
    },

    learn({ date = '', age }, startedAt) {
      const tookMs = clock.monotonic() - startedAt;
      if (date !== read.date) read = { date, writtenAt: imfDate.test(date) ? Date.parse(date) : NaN };
      const { writtenAt } = read;
      if (Number.isNaN(writtenAt) || age !== undefined || tookMs > slowMs) return;
      const least = writtenAt - clock.now() - slackMs;
      const most = least + slackMs + resolutionMs + tookMs + slackMs;
      if (Math.abs(least) > largestMs) return;
      const isPossible = (skew: number) => least <= skew && skew <= most;
      if (!isPossible(ms)) ms = isPossible(0) ? 0 : Math.round((least + most) / 2);
    },
  };
}

const imfDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const resolutionMs = 1_000;
// Servers write a date that they made up to a second ago, and a busy one later still.
const slackMs = 2_000;
const slowMs = 2_000;
const largestMs = 24 * 3_600_000;
