import type { CookieOptions } from './cookie-options.js';
import { createSessionCookies } from './session-cookies.js';

/**
 * The `Set-Cookie` value that gives the id of a session to a browser; by default
 * `__Host-latchkey=<id>; Path=/; HttpOnly; Secure; SameSite=Lax`. `createSessionCookies` does the same with options that
 * are checked once.
 *
 * @throws LatchkeyError `invalid_input` for anything that has not the shape of an id; `invalid_config` for the options.
 */
export function sessionCookie(id: string, options?: CookieOptions): string {
  return createSessionCookies(options).set(id);
}

/**
 * The `Set-Cookie` value that takes the cookie away again, given the options that it was set with.
 *
 * @throws LatchkeyError `invalid_config`.
 */
export function clearSessionCookie(options?: CookieOptions): string {
  return createSessionCookies(options).clear();
}
