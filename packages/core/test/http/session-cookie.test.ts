import { describe, expect, it, vi } from 'vitest';
import {
  clearSessionCookie,
  createSessionCookies,
  sessionCookie,
  type CookieOptions,
} from '../../src/http/index.js';
import { shown, thrownBy } from '../failures.js';
import { startHttp } from '../loopback.js';

const id = 'Abc_-'.repeat(8) + 'xyz';
const epoch = 'Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT';

describe('the session cookie', () => {
  it.each<[CookieOptions | undefined, string]>([
    [undefined, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    [{}, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    [{ name: 'id', secure: undefined }, `id=${id}; Path=/; HttpOnly; Secure; SameSite=Lax`],
    [
      { domain: 'example.com' },
      `__Secure-latchkey=${id}; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax`,
    ],
    [{ sameSite: 'strict' }, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Strict`],
    [{ sameSite: 'none' }, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=None`],
    [{ secure: false }, `latchkey=${id}; Path=/; HttpOnly; SameSite=Lax`],
    [{ persistent: true }, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=43200`],
    [
      { persistent: true, maxAgeMs: 90_999 },
      `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=90`,
    ],
    [
      { persistent: true, maxAgeMs: 1e300 },
      `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=34560000`,
    ],
    [{ maxAgeMs: 60_000 }, `__Host-latchkey=${id}; Path=/; HttpOnly; Secure; SameSite=Lax`],
  ])('S2: %j gives %s', (options, header) => {
    expect(sessionCookie(id, options)).toBe(header);
  });

  it.each<[CookieOptions | undefined]>([
    [undefined],
    [{ domain: 'example.com', sameSite: 'strict' }],
    [{ secure: false, name: 'sid' }],
    [{ persistent: true, sameSite: 'none' }],
  ])('S6: with %j it is cleared by the attributes that it was set with', (options) => {
    const attributes = sessionCookie(id, options).replace(/; Max-Age=\d+$/, '');
    expect(clearSessionCookie(options)).toBe(`${attributes.replace(id, '')}; ${epoch}`);
  });

  it('S2: comes whole through an HTTP server and a client', async () => {
    const set = sessionCookie(id, { persistent: true });
    const server = await startHttp((_, response) =>
      response.setHeader('Set-Cookie', ['other=1', set, clearSessionCookie()]).end(),
    );
    const { headers } = await fetch(server.origin);
    expect(headers.getSetCookie()).toEqual(['other=1', set, clearSessionCookie()]);
  });

  it.each([
    '',
    'c4nary',
    `${id}c`,
    id.slice(1),
    `c4nary; Domain=evil.example; ${'a'.repeat(13)}`,
    `c4nary\r\n${'a'.repeat(35)}`,
    `${id.slice(1)}=`,
    `${id}\n`,
  ])('F4: %j is no id: it is refused, and not repeated', (value) => {
    const error = thrownBy(() => sessionCookie(value));
    expect(error.code).toBe('invalid_input');
    expect(shown(error)).not.toContain('c4nary');
  });

  it.each<[unknown]>([[undefined], [null], [43], [[id]], [{ toString: () => id }]])(
    'F4: %j is no id either',
    (value) => {
      expect(thrownBy(() => sessionCookie(value as string)).code).toBe('invalid_input');
    },
  );

  it.each<[unknown, string]>([
    [{ name: '' }, 'name'],
    [{ name: 'a b' }, 'name'],
    [{ name: 'a=b' }, 'name'],
    [{ name: 'a;b' }, 'name'],
    [{ name: 'a\r\nb' }, 'name'],
    [{ name: 'größe' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ name: '__Host-id', domain: 'example.com' }, 'name'],
    [{ name: '__host-id', domain: 'example.com' }, 'name'],
    [{ name: '__Host-id', secure: false }, 'name'],
    [{ name: '__SECURE-id', secure: false }, 'name'],
    [{ name: '__Http-id', secure: false }, 'name'],
    [{ domain: '' }, 'domain'],
    [{ domain: '.example.com' }, 'domain'],
    [{ domain: 'example.com; Secure' }, 'domain'],
    [{ domain: 'example com' }, 'domain'],
    [{ domain: 'https://example.com' }, 'domain'],
    [{ domain: 'example.com\n' }, 'domain'],
    [{ domain: 'a'.repeat(64) }, 'domain'],
    [{ domain: 'a.'.repeat(150) + 'a' }, 'domain'],
    [{ sameSite: 'Lax' }, 'sameSite'],
    [{ sameSite: 'none', secure: false }, 'sameSite'],
    [{ secure: 'false' }, 'secure'],
    [{ persistent: 1 }, 'persistent'],
    [{ maxAgeMs: 999 }, 'maxAgeMs'],
    [{ maxAgeMs: NaN }, 'maxAgeMs'],
    [{ maxAgeMs: '1000' }, 'maxAgeMs'],
    [{ path: '/app' }, 'path'],
  ])('the options %j are refused', (options, problem) => {
    for (const use of [sessionCookie.bind(null, id), clearSessionCookie, createSessionCookies]) {
      const error = thrownBy(() => use(options as CookieOptions));
      expect(error.code).toBe('invalid_config');
      expect(error.message).toContain(problem);
    }
  });

  it('S2: plain http is refused in production, whatever else is given', () => {
    const cookies = createSessionCookies({ secure: false });
    vi.stubEnv('NODE_ENV', 'production');
    expect(thrownBy(() => createSessionCookies({ secure: false, name: 'id' })).code).toBe('invalid_config');
    expect(sessionCookie(id)).toContain('; Secure');
    expect(cookies.name).toBe('latchkey');
  });

  it('options are checked once, and what comes of them is frozen', () => {
    const cookies = createSessionCookies({ name: 'id', bearer: false });
    expect(Object.isFrozen(cookies)).toBe(true);
    expect(cookies.name).toBe('id');
    expect(cookies.set(id)).toBe(sessionCookie(id, { name: 'id' }));
    expect(cookies.clear()).toBe(clearSessionCookie({ name: 'id' }));
    expect(cookies.read({ cookie: `id=${id}` })).toBe(id);
    expect(cookies.read({ authorization: `Bearer ${id}` })).toBeUndefined();
  });
});
