import type { ReadRateLimit } from '@latchkey/core';
import { number } from '@latchkey/core/wire';
import { momentOf } from './moment.js';

/** `X-Rate-Limit-Remaining` is a count, `X-Rate-Limit-Reset` a date; `X-Rate-Limit-Limit` names the period only. */
export const readCryptlexRateLimit: ReadRateLimit = (headers) => {
  const resetAt = momentOf(headers['x-rate-limit-reset'] ?? '');
  return resetAt === undefined
    ? undefined
    : { remaining: number.parse(headers['x-rate-limit-remaining']), resetAt };
};
