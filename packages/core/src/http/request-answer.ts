import { isLatchkeyError, LatchkeyError } from '../latchkey-error.js';
import { bearerToken } from './bearer-token.js';
import { toHttpAnswer, type HttpAnswer } from './http-answer.js';
import type { RequestHead } from './same-origin.js';
import type { SessionCookies } from './session-cookies.js';

/** What `createRequestAnswer` takes. */
export interface RequestAnswerOptions {
  /** Names the protected area in `WWW-Authenticate`. Default: `latchkey`. */
  readonly realm?: string | undefined;
  /** Clears the cookie of a session that has ended. Default: none is cleared. */
  readonly cookies?: Pick<SessionCookies, 'read' | 'clear'> | undefined;
  /** Whether bearer tokens are taken. Default: true. */
  readonly bearer?: boolean | undefined;
}

/**
 * Makes what turns an error into the answer to the request that it came of: as `toHttpAnswer`, and moreover
 *
 * - where a bearer token was presented and nobody is signed in, `WWW-Authenticate` says `invalid_token` (RFC 6750, section
 *   3.1);
 * - where the session that a cookie brought is none, or has ended (S7), `Set-Cookie` takes the cookie away.
 *
 * An error that the user's own credentials did not cause (`actor`) does neither.
 */
export function createRequestAnswer({
  realm,
  cookies,
  bearer = true,
}: RequestAnswerOptions): (error: unknown, request: Pick<RequestHead, 'headers'>) => HttpAnswer {
  return (error, { headers }) => {
    const answer = toHttpAnswer(error, { realm });
    if (!hasEnded(error)) return answer;
    const token = bearerToken(headers);
    if (token !== undefined) {
      const challenge = toHttpAnswer(new LatchkeyError('token_rejected'), { realm }).headers;
      return bearer ? { ...answer, headers: challenge } : answer;
    }
    if (cookies?.read(headers) === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, 'Set-Cookie': cookies.clear() } };
  };
}

/** Whether the error says that the caller is not signed in, or not any more. */
function hasEnded(error: unknown): boolean {
  const isOver = isLatchkeyError(error, 'not_signed_in') || isLatchkeyError(error, 'token_rejected');
  return isOver && error.actor === 'user';
}
