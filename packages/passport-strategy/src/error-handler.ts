import type { ServerResponse } from 'node:http';
import { isLatchkeyError, LatchkeyError } from '@latchkey/core';
import { createSessionCookies, type CookieOptions } from '@latchkey/core/http';
import { answer } from './answer.js';
import { isAuthenticationError, isNoted } from './answer-of.js';
import type { StrategyRequest } from './strategy-request.js';

/** Middleware of Express for errors. */
export type ErrorHandler = (
  error: unknown,
  request: object,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What `errorHandler` takes. */
export interface ErrorHandlerOptions {
  /** Names the protected area in `WWW-Authenticate` where no strategy did. Default: `latchkey`. */
  readonly realm?: string | undefined;
  /** How the cookie is made that is cleared where its session has ended meanwhile; as for `SessionStrategy`. */
  readonly cookie?: CookieOptions | false | undefined;
}

/**
 * Middleware that answers errors of Latchkey, and those that Passport makes with `failWithError`, as `answer` does. So it does
 * with bodies that a parser could not read: its error holds a piece of the body, and that may be a password. All others
 * go on to the next handler, as does everything once headers are sent.
 *
 * @example
 * app.post('/sign-in', passport.authenticate('lclx', { session: false, failWithError: true }), handler);
 * app.use(errorHandler());
 */
export function errorHandler({ realm, cookie }: ErrorHandlerOptions = {}): ErrorHandler {
  const cookies = cookie === false ? undefined : createSessionCookies({ ...cookie, bearer: false });
  // Express tells it from other middleware by its four parameters.
  return (error, request, response, next) => {
    const isOurs = isLatchkeyError(error) || isOfPassport(error, request);
    if (response.headersSent || !(isOurs || isOfBodyParser(error))) {
      next(error);
      return;
    }
    const { headers } = request as StrategyRequest;
    if (cookies?.read(headers) !== undefined && hasEnded(error)) {
      response.appendHeader('Set-Cookie', cookies.clear());
    }
    answer(request, response, isOurs ? error : new LatchkeyError('invalid_input'), { realm });
  };
}

function isOfPassport(error: unknown, request: object): boolean {
  return isAuthenticationError(error) && (isNoted(request) || error.status === 401);
}

/** Whether the session of the request has ended while it was answered (S7). */
function hasEnded(error: unknown): boolean {
  const isOver = isLatchkeyError(error, 'token_rejected') || isLatchkeyError(error, 'not_signed_in');
  return isOver && error.actor === 'user';
}

// As body-parser of Express marks what a client sent and it could not take.
function isOfBodyParser(error: unknown): boolean {
  const { type, status } = (error ?? {}) as { readonly type?: unknown; readonly status?: unknown };
  const isOfClient = typeof status === 'number' && status >= 400 && status < 500;
  return (
    isOfClient &&
    typeof type === 'string' &&
    /^(entity|encoding|charset|request|parameters|stream)\./.test(type)
  );
}
