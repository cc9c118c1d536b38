export { toHttpAnswer, type HttpAnswer } from './http-answer.js';

export type { RequestHeaders } from './request-headers.js';
export type { PresentedCredential } from './presented-credential.js';
export type { CookieOptions } from './cookie-options.js';
export { createSessionCookies, type SessionCookies, type SessionCookiesOptions } from './session-cookies.js';
export { clearSessionCookie, sessionCookie } from './session-cookie.js';
export { readSessionId } from './read-session-id.js';
export { bearerToken } from './bearer-token.js';

export {
  checkSameOrigin,
  createSameOriginCheck,
  type RequestHead,
  type SameOriginCheck,
  type SameOriginCheckOptions,
  type SameOriginOptions,
} from './same-origin.js';
export {
  createCallers,
  hasSession,
  type Caller,
  type Callers,
  type CallersOptions,
  type MaybePromise,
} from './callers.js';
export { createRequestAnswer, type RequestAnswerOptions } from './request-answer.js';
export { safeNext } from './safe-next.js';
