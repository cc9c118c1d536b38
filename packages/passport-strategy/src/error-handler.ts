import type { ServerResponse } from 'node:http';
import { isLatchkeyError } from '@latchkey/core';
import { answer } from './answer.js';
import { isAuthenticationError, isNoted } from './answer-of.js';

/** Middleware of Express for errors. */
export type ErrorHandler = (
  error: unknown,
  request: object,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Middleware that answers errors of Latchkey, and those that Passport makes with `failWithError`, as `answer` does. All
 * others go on to the next handler, as does everything once headers are sent.
 *
 * @param options.realm names the protected area in `WWW-Authenticate` where no strategy did. Default: `latchkey`.
 *
 * @example
 * app.post('/sign-in', passport.authenticate('lclx', { session: false, failWithError: true }), handler);
 * app.use(errorHandler());
 */
export function errorHandler(options: { readonly realm?: string | undefined } = {}): ErrorHandler {
  // Express tells it from other middleware by its four parameters.
  return (error, request, response, next) => {
    const isOurs = isLatchkeyError(error) || isOfPassport(error, request);
    if (!isOurs || response.headersSent) next(error);
    else answer(request, response, error, options);
  };
}

function isOfPassport(error: unknown, request: object): boolean {
  return isAuthenticationError(error) && (isNoted(request) || error.status === 401);
}
