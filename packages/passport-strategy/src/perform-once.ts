import { LatchkeyError, isLatchkeyError } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import type { PassportActions } from './passport-base.js';
import { passportError } from './passport-error.js';
import { refusal, type Refusal } from './refusal.js';
import { openResponse } from './response-headers.js';
import { forgetRefusals, noteRefusal } from './refusal-notes.js';
import type { StrategyRequest } from './strategy-request.js';
import { startTimeLimit, type TimeLimit } from './time-limit.js';

/** How one request ends, unless it fails. */
export type Outcome = Refused | Success;

/** A request that is not let in. */
export interface Refused {
  readonly refused: Refusal;
}

/** A request that is let in. */
export interface Success {
  readonly user: unknown;
  readonly info: unknown;
  /** Takes back what was made for it, where nobody comes to know of it. Never rejects. */
  readonly undo?: (() => Promise<void>) | undefined;
}

/** One call of `authenticate`. */
export interface Attempt<Request extends StrategyRequest = StrategyRequest> {
  /** The copy of the strategy that Passport made for this request: it has the actions. */
  readonly actor: PassportActions;
  readonly request: Request;
  /** Those of `passport.authenticate`. */
  readonly options: unknown;
}

/**
 * Does `work`, and then exactly one action: `success`, `fail` or `error`.
 *
 * Errors of Latchkey that answer with a status below 500 are refusals, and become `fail`; all others become `error`. What
 * `work` finds before it gives a promise is acted on at once. After `timeoutMs` the action is `error`,
 * with `timeout`, and a later outcome is dropped.
 */
export function performOnce(
  { actor, request, options }: Attempt,
  { realm, timeoutMs }: { readonly realm?: string | undefined; readonly timeoutMs: number },
  work: (limit: TimeLimit) => Refused | Promise<Outcome>,
): void {
  const limit = startTimeLimit(timeoutMs, () => {
    const message = `There was no outcome within ${timeoutMs} ms; a verify must return one, or call done.`;
    return new LatchkeyError('timeout', { message });
  });
  let pending: Refused | Promise<Outcome>;
  try {
    pending = work(limit);
  } catch (error) {
    limit.stop();
    fail(error);
    return;
  }
  if (!(pending instanceof Promise)) {
    limit.stop();
    refuse(pending.refused);
    return;
  }
  limit.bound(pending).then(act, fail).catch(handOn);
  pending.then(undoIfLate, () => undefined);

  function act(outcome: Outcome): undefined | Promise<never> {
    if ('refused' in outcome) {
      refuse(outcome.refused);
      return undefined;
    }
    forgetRefusals(request);
    try {
      actor.success(outcome.user, outcome.info);
      return undefined;
    } catch (error) {
      return undone(request, outcome, error);
    }
  }

  // An action throws where the application's own callback does, or where `req.session` is not of express-session. Another
  // action could call that callback again; Express takes the error as that of any handler.
  function handOn(error: unknown): void {
    const { next } = request as { readonly next?: unknown };
    if (typeof next === 'function') next.call(request, passportError(error));
    else actor.error(passportError(error));
  }

  function fail(error: unknown): void {
    const answer = toHttpAnswer(error, { realm });
    if (isLatchkeyError(error) && answer.status < 500) refuse(refusal(answer));
    else actor.error(passportError(error));
  }

  function refuse(refused: Refusal): void {
    noteRefusal(request, options, refused);
    actor.fail(refused.info, refused.status);
  }

  function undoIfLate(outcome: Outcome): Promise<void> | undefined {
    return limit.isOver() && !('refused' in outcome) ? outcome.undo?.() : undefined;
  }
}

/** Takes the success back, unless the client was told of it. */
async function undone(request: StrategyRequest, { undo }: Success, error: unknown): Promise<never> {
  if (openResponse(request) ?? !('res' in request)) await undo?.();
  throw error;
}
