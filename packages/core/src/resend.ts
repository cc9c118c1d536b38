import type { Outcome, WireRequest } from './exchange.js';

/**
 * How long to wait before a request is sent again, in milliseconds; `undefined` when it must not be.
 *
 * A GET or HEAD may be sent again after a failed connection and after 502, 503 and 504. Anything else, a login above all,
 * may be only where nothing was written: a second login could lock the account or end the first token. The wait is
 * what the reply asked for, or a random part of a span that doubles, so that callers who failed together do not come
 * back together.
 */
export function resendDelayMs(attempt: {
  readonly tries: number;
  readonly method: WireRequest['method'];
  readonly outcome: Outcome;
  readonly retryAfterMs: number | undefined;
}): number | undefined {
  const { tries, method, outcome, retryAfterMs = 0 } = attempt;
  if (tries > mostResends || !mayBeSentAgain(method, outcome)) return undefined;
  return Math.max(retryAfterMs, Math.random() * firstSpanMs * 2 ** (tries - 1));
}

function mayBeSentAgain(method: WireRequest['method'], { failure, reply }: Outcome): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  if (failure) return failure.passing && (isRead || failure.unsent);
  return isRead && passingStatuses.has(reply.status);
}

const mostResends = 2;
const firstSpanMs = 200;
const passingStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
