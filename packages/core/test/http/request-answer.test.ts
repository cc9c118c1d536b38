import { describe, expect, it } from 'vitest';
import { createRequestAnswer, createSessionCookies } from '../../src/http/index.js';
import { LatchkeyError } from '../../src/index.js';

const id = 'x'.repeat(43);
const withCookie = { headers: { cookie: `__Host-latchkey=${id}` } };
const withBearer = { headers: { authorization: `Bearer ${id}` } };
const nobody = new LatchkeyError('not_signed_in', { actor: 'user' });
const cookies = createSessionCookies();
const answer = createRequestAnswer({ realm: 'shop', cookies });
const invalidToken =
  'Bearer realm="shop", error="invalid_token", error_description="The access token is no longer accepted."';

describe('createRequestAnswer', () => {
  it('says to a request without a token that one is needed, and no more (RFC 6750, section 3.1)', () => {
    expect(answer(nobody, { headers: {} })).toEqual({
      status: 401,
      headers: { 'Cache-Control': 'no-store', 'WWW-Authenticate': 'Bearer realm="shop"' },
      body: { error: 'not_signed_in', message: 'Sign in to continue.' },
    });
  });

  it('says invalid_token where a token was presented, and clears no cookie', () => {
    expect(answer(nobody, { headers: { ...withBearer.headers, ...withCookie.headers } }).headers).toEqual({
      'Cache-Control': 'no-store',
      'WWW-Authenticate': invalidToken,
    });
    const cookieOnly = createRequestAnswer({ realm: 'shop', cookies, bearer: false });
    expect(cookieOnly(nobody, withBearer).headers['WWW-Authenticate']).toBe('Bearer realm="shop"');
  });

  it('S7: takes the cookie away whose session has ended', () => {
    expect(answer(nobody, withCookie).headers['Set-Cookie']).toBe(cookies.clear());
    const rejected = new LatchkeyError('token_rejected', { actor: 'user' });
    expect(answer(rejected, withCookie).headers).toEqual({
      'Cache-Control': 'no-store',
      'WWW-Authenticate': invalidToken,
      'Set-Cookie': cookies.clear(),
    });
    expect(createRequestAnswer({})(nobody, withCookie).headers['Set-Cookie']).toBeUndefined();
    const malformed = { headers: { cookie: '__Host-latchkey=x' } };
    expect(answer(nobody, malformed).headers['Set-Cookie']).toBeUndefined();
  });

  it.each([
    new LatchkeyError('token_rejected', { actor: 'service' }),
    new LatchkeyError('token_rejected'),
    new LatchkeyError('store_error', { actor: 'user' }),
    new Error('canary'),
  ])('S9: takes nothing away for %o', (error) => {
    expect(answer(error, withCookie).headers['Set-Cookie']).toBeUndefined();
  });
});
