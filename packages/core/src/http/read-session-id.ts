import type { RequestHeaders } from './request-headers.js';
import { createSessionCookies, type SessionCookiesOptions } from './session-cookies.js';

/**
 * The id that a request presents, or `undefined` where there is nothing of that shape.
 *
 * A request with an `Authorization` header is never authenticated by its cookie: then the id is the bearer token, unless
 * `bearer` is false, or there is none. Otherwise it is the value of the cookie, as it stands; a cookie whose name comes
 * twice counts as none. Odd headers give `undefined` too. Where options are given, `createSessionCookies` has them checked
 * once rather than at each request.
 *
 * @throws LatchkeyError `invalid_config` for the options.
 */
export function readSessionId(headers: RequestHeaders, options?: SessionCookiesOptions): string | undefined {
  return (options ? createSessionCookies(options) : byDefault).read(headers);
}

const byDefault = createSessionCookies();
