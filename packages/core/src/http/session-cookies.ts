import { z } from 'zod';
import { checkedOptions } from '../checked.js';
import { LatchkeyError } from '../latchkey-error.js';
import { isSessionId } from '../session-id.js';
import { cookieSettings, type CookieOptions } from './cookie-options.js';
import { credentialReader, type PresentedCredential } from './presented-credential.js';
import type { RequestHeaders } from './request-headers.js';

/** Writes and reads the cookie that carries the id of a session. */
export interface SessionCookies {
  readonly name: string;
  /**
   * The `Set-Cookie` value that gives `id` to a browser.
   *
   * @throws LatchkeyError `invalid_input` for anything that has not the shape of an id.
   */
  set(id: string): string;
  /** The `Set-Cookie` value that takes the cookie away, by the attributes that it was set with (S6). */
  clear(): string;
  /** The id that a request presents; see `readSessionId`. */
  read(headers: RequestHeaders): string | undefined;
  /** All that a request shows of who sent it. */
  presented(headers: RequestHeaders): PresentedCredential;
}

/** What `createSessionCookies` and `readSessionId` take. */
export interface SessionCookiesOptions extends CookieOptions {
  /** Whether the id may also come as a bearer token. Default: true. */
  readonly bearer?: boolean | undefined;
}

/**
 * Checks options once, for as many requests as come. By default the cookie is
 * `__Host-latchkey=<id>; Path=/; HttpOnly; Secure; SameSite=Lax`.
 *
 * @throws LatchkeyError `invalid_config`, with every problem in one message.
 *
 * @example
 * const cookies = createSessionCookies({ sameSite: 'strict' });
 * response.setHeader('Set-Cookie', cookies.set(id));
 */
export function createSessionCookies(given: SessionCookiesOptions = {}): SessionCookies {
  const { bearer, ...options } = checkedOptions('the session cookie', sessionCookiesOptions, given);
  const { name, attributes, lifetime } = cookieSettings('the session cookie', options);
  const cleared = `${name}=${attributes}; Max-Age=0; Expires=${new Date(0).toUTCString()}`;

  const presented = credentialReader(name);

  return Object.freeze({
    name,
    presented,
    clear: () => cleared,

    read(headers: RequestHeaders) {
      const shown = presented(headers);
      const id = bearer ? (shown.bearer ?? shown.cookie) : shown.cookie;
      return isSessionId(id) ? id : undefined;
    },

    set(id: string) {
      if (isSessionId(id)) return `${name}=${id}${attributes}${lifetime}`;
      throw new LatchkeyError('invalid_input', {
        message: 'The id of a session must be 43 characters of base64url.',
      });
    },
  });
}

// The rest is for the cookie.
const sessionCookiesOptions = z.looseObject({ bearer: z.boolean('must be true or false').default(true) });
