import { isLatchkeyError, LatchkeyError } from '@latchkey/core';
import { safeCause } from '@latchkey/core/store';
import { createCircuitBreaker } from './circuit-breaker.js';
import { createDeadlines } from './deadlines.js';

/**
 * Runs calls to Redis, none of which takes longer than its deadline. What comes after that is given to `undo`, where it must not
 * stay as it is.
 */
export type Guard = <T>(call: () => Promise<T>, undo?: (reply: T) => Promise<unknown>) => Promise<T>;

/**
 * Makes what every call goes through. After a few that Redis did not answer in time, calls fail at once for a second, but for
 * one trial. There are never more than so many under way, and so many that were given up: a client keeps them all until its
 * connection is back.
 *
 * Its errors are `store_error`, with what the client said as the cause. A call that has failed may still be done later.
 *
 * @param now a monotonic clock.
 */
export function createGuard(deadlineMs: number, now: () => number): Guard {
  const breaker = createCircuitBreaker({ most: mostInARow, spanMs: trialEveryMs }, now);
  const deadlines = createDeadlines(deadlineMs, now);
  let underWay = 0;
  /** Those that came to their deadline, and that the client still has. */
  let abandoned = 0;

  return function guarded(call, undo) {
    if (underWay >= mostUnderWay || abandoned >= mostAbandoned)
      return Promise.reject(failure('Too many calls wait for Redis'));
    if (!breaker.admits())
      return Promise.reject(failure('Redis has not been answering, and is asked again in a moment'));
    underWay += 1;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const stop = deadlines.start(() => {
        isOver = true;
        underWay -= 1;
        abandoned += 1;
        breaker.unanswered();
        reject(failure(`Redis did not answer within ${deadlineMs} ms`));
      });
      begun(call).then(
        (reply) => {
          // An answer that comes too late is none: a server that is always late is to be left alone, too.
          if (isOver) {
            abandoned -= 1;
            undo?.(reply).catch(() => undefined);
            return;
          }
          underWay -= 1;
          stop();
          breaker.answered();
          resolve(reply);
        },
        (error: unknown) => {
          if (isOver) {
            abandoned -= 1;
            return;
          }
          underWay -= 1;
          stop();
          if (isReply(error)) breaker.answered();
          else breaker.unanswered();
          reject(isLatchkeyError(error) ? error : failure('Redis could not do this', error));
        },
      );
    });
  };
}

/** What a client throws, it rejects with. */
function begun<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

// Redis begins each of its errors with a word in capitals: `OOM command not allowed`. Clients say theirs in plain words.
function isReply(error: unknown): boolean {
  return isLatchkeyError(error) || (error instanceof Error && /^[A-Z]{2,} /.test(error.message));
}

function failure(what: string, error?: unknown): LatchkeyError {
  return new LatchkeyError('store_error', {
    message: `${what}.`,
    ...(error !== undefined && { cause: safeCause(error) }),
  });
}

const mostInARow = 5;
const trialEveryMs = 1_000;
const mostUnderWay = 10_000;
// More: where one server of a cluster hangs, those of the others go on, and the breaker stays closed.
const mostAbandoned = 100_000;
