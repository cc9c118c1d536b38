import { isLatchkeyError, LatchkeyError, type ErrorCode } from '@latchkey/core';
import { toHttpAnswer, type HttpAnswer } from '@latchkey/core/http';
import { mostTelling } from './most-telling.js';
import { codeIn, refusalBehind } from './refusal.js';
import { notedRefusals } from './refusal-notes.js';
import { openResponse } from './response-headers.js';

/**
 * What to answer, with status, headers and body, to a request that was not let in.
 *
 * @param failure what came of it: an error; the info, or the array of them, that Passport gives to a callback of one's own
 *   and that @nestjs/passport gives to `handleRequest`; or the `AuthenticationError` of `failWithError`, which says nothing
 *   itself: what the strategies noted on `request` does. Of several failures the most telling one counts. Errors that are
 *   not from here answer 500.
 * @param options.realm names the protected area in `WWW-Authenticate` where no strategy did. Default: `latchkey`.
 */
export function answerOf(
  request: object,
  failure: unknown,
  options: { readonly realm?: string | undefined } = {},
): HttpAnswer {
  if (Array.isArray(failure)) {
    const answers = failure.map((one: unknown) => answerOf(request, one, options));
    return mostTelling(answers) ?? answerToStatus(401, options);
  }
  const behind = refusalBehind(failure);
  if (behind) return withCookie(behind.answer, request, behind.setCookie);
  if (isLatchkeyError(failure)) return toHttpAnswer(failure, options);
  if (isAuthenticationError(failure)) return noted(request, failure.status, options);
  if (failure instanceof Error) return toHttpAnswer(failure, options);
  const code = codeIn(failure);
  return code ? toHttpAnswer(new LatchkeyError(code), options) : noted(request, 401, options);
}

/** Whether `error` is the one that Passport makes with `failWithError`, for something that can be said of it here. */
export function isAuthenticationError(error: unknown): error is Error & { readonly status: number } {
  return (
    error instanceof Error &&
    error.name === 'AuthenticationError' &&
    'status' in error &&
    typeof error.status === 'number'
  );
}

/** Whether the strategies of this package left word on `request`. */
export function isNoted(request: object): boolean {
  return notedRefusals(request).length > 0;
}

function noted(
  request: object,
  status: number,
  options: { readonly realm?: string | undefined },
): HttpAnswer {
  const refusals = notedRefusals(request);
  const answers = refusals.map(({ answer, setCookie }) => withCookie(answer, request, setCookie));
  return mostTelling(answers) ?? answerToStatus(status, options);
}

// Strategies of others say no more than a status.
function answerToStatus(status: number, options: { readonly realm?: string | undefined }): HttpAnswer {
  const code = codesByStatus[status] ?? 'internal_error';
  return toHttpAnswer(new LatchkeyError(code), options);
}

const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_input',
  401: 'not_signed_in',
  429: 'rate_limited',
};

// A response that is linked to its request has the cookie already, among others that are not ours to replace.
function withCookie(answer: HttpAnswer, request: object, setCookie: string | undefined): HttpAnswer {
  if (setCookie === undefined || openResponse(request)) return answer;
  return { ...answer, headers: { ...answer.headers, 'Set-Cookie': setCookie } };
}
