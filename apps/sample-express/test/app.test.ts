import type { AddressInfo } from 'node:net';
import { createSessions } from '@latchkey/core';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.js';

let origin: string;
let stop: () => Promise<void>;
let revokeTokens: () => void;
let users: { readonly cryptlex: Credentials; readonly lclx: Credentials };

interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly twoFactorCode?: string | undefined;
}

beforeAll(async () => {
  const [vendor, freight] = await Promise.all([startCryptlexEmulator(), startLclxEmulator()]);
  const providers = [
    cryptlex({ origin: vendor.origin, accountAlias: vendor.accountAlias }),
    lclx({ origin: freight.origin }),
  ] as const;
  const sessions = createSessions({ providers });
  const server = createApp({ providers, sessions, cookie: { secure: false } }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  revokeTokens = () => freight.revokeTokens();
  users = { cryptlex: vendor.users[0]!, lclx: freight.users[0]! };
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await sessions.close();
    await Promise.all(providers.map(({ upstream }) => upstream.close()));
    await Promise.all([vendor.stop(), freight.stop()]);
  };
});
afterAll(() => stop());

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const json = { 'content-type': 'application/json', ...headers };
  return fetch(`${origin}${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
}

function submit(
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const body = new URLSearchParams(fields);
  const sent = { 'sec-fetch-site': 'same-origin', ...headers };
  return fetch(`${origin}${path}`, { method: 'POST', headers: sent, body, redirect: 'manual' });
}

/** What a browser would send back. */
function cookieOf(response: Response): string {
  const [cookie = ''] = response.headers.getSetCookie();
  return cookie.split(';')[0] ?? '';
}

describe('sample-express', () => {
  it('signs in at either provider and shows what the account sees', async () => {
    const vendor = await post('/auth/cryptlex', {
      email: users.cryptlex.email,
      password: users.cryptlex.password,
    });
    expect(vendor.status).toBe(200);
    expect(vendor.headers.getSetCookie()[0]).toMatch(/^latchkey=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(await vendor.json()).toMatchObject({
      identity: { provider: 'cryptlex', email: users.cryptlex.email },
    });
    const licenses = await fetch(`${origin}/api/licenses`, { headers: { cookie: cookieOf(vendor) } });
    expect(await licenses.json()).toHaveLength(6);

    const freight = await post('/auth/lclx', { email: users.lclx.email, password: users.lclx.password });
    const routes = await fetch(`${origin}/api/routes`, { headers: { cookie: cookieOf(freight) } });
    expect(JSON.stringify(await routes.json())).toContain('Shanghai');
    const other = await fetch(`${origin}/api/licenses`, { headers: { cookie: cookieOf(freight) } });
    expect([other.status, await other.json()]).toMatchObject([403, { error: 'provider_not_allowed' }]);
  });

  it('takes the id as a bearer token, too, and knows nobody without one', async () => {
    const signedIn = await post('/auth/lclx', { email: users.lclx.email, password: users.lclx.password });
    const id = cookieOf(signedIn).slice('latchkey='.length);
    const me = await fetch(`${origin}/api/me`, { headers: { authorization: `Bearer ${id}` } });
    expect(await me.json()).toMatchObject({ provider: 'lclx', email: users.lclx.email });
    expect(me.headers.get('cache-control')).toBe('no-store');
    const nobody = await fetch(`${origin}/api/me`);
    expect([nobody.status, await nobody.json()]).toMatchObject([401, { error: 'not_signed_in' }]);
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="latchkey"');
  });

  it('S6: signs out, and clears the cookie', async () => {
    const cookie = cookieOf(
      await post('/auth/lclx', { email: users.lclx.email, password: users.lclx.password }),
    );
    const from = { cookie, 'sec-fetch-site': 'same-origin' };
    const signedOut = await post('/sign-out', {}, from);
    expect(signedOut.status).toBe(204);
    expect(signedOut.headers.getSetCookie()[0]).toMatch(/^latchkey=; .*Max-Age=0/);
    expect((await fetch(`${origin}/api/me`, { headers: { cookie } })).status).toBe(401);
  });

  it('S3: no other site signs anybody in or out', async () => {
    const { email, password } = users.lclx;
    const from = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const signIn = await submit('/auth/lclx', { email, password }, from);
    expect(signIn.status).toBe(403);
    expect(signIn.headers.getSetCookie()).toEqual([]);
    const cookie = cookieOf(await post('/auth/lclx', { email, password }));
    const signOut = await submit('/sign-out', {}, { ...from, cookie });
    expect(signOut.status).toBe(403);
    expect((await fetch(`${origin}/api/me`, { headers: { cookie } })).status).toBe(200);
  });

  it('has a form that works without scripts, with helmet’s headers', async () => {
    const form = await fetch(`${origin}/?next=/api/me`);
    expect(form.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await form.text();
    expect(html).toContain('formaction="/auth/cryptlex"');
    expect(html).toContain('name="next" type="hidden" value="/api/me"');
    const { email, password } = users.lclx;
    const signedIn = await submit('/auth/lclx', { email, password, twoFactorCode: '', next: '/api/me' });
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, '/api/me']);
    const home = await fetch(origin, { headers: { cookie: cookieOf(signedIn) } });
    expect(await home.text()).toContain('Signed in with lclx');
    const hostile = await submit('/auth/lclx', { email, password, next: '//evil.example' });
    expect(hostile.headers.get('location')).toBe('/');
  });

  it('S8: a refused form keeps the address, and neither password nor code', async () => {
    const factor = { email: 'factor@example.com', password: 'sample-password-2' };
    const asked = await submit('/auth/cryptlex', factor);
    const html = await asked.text();
    expect(asked.status).toBe(401);
    expect(html).toContain('A second-factor code is needed');
    expect(html).toContain('value="factor@example.com"');
    expect(html).not.toContain(factor.password);
    const signedIn = await submit('/auth/cryptlex', { ...factor, twoFactorCode: '123456' });
    expect(signedIn.status).toBe(303);
    const marked = await submit('/auth/lclx', { email: '"><script>x</script>', password: 'c4nary-password' });
    const shown = await marked.text();
    expect(shown).not.toContain('<script>');
    expect(shown).not.toContain('c4nary');
  });

  it('F4: a field that comes twice, or from another site, puts nothing into the page', async () => {
    const twice = new URLSearchParams([
      ['email', '"><h1>injected</h1>'],
      ['email', 'x'],
      ['next', '"><h1>injected</h1>'],
      ['next', 'x'],
      ['password', 'x'],
    ]);
    for (const site of ['same-origin', 'cross-site']) {
      const headers = { 'sec-fetch-site': site };
      const response = await fetch(`${origin}/auth/lclx`, { method: 'POST', headers, body: twice });
      expect(await response.text()).not.toContain('<h1>injected');
      expect(response.status).toBe(site === 'cross-site' ? 403 : 400);
    }
    const once = await submit(
      '/auth/lclx',
      { email: 'c4nary@example.com', password: 'x' },
      { 'sec-fetch-site': 'cross-site' },
    );
    expect(await once.text()).not.toContain('c4nary');
  });

  it('F3: a body that cannot be read is answered without a piece of it', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${origin}/auth/lclx`, {
      method: 'POST',
      headers,
      body: '{"password":c4nary-secret}',
    });
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([400, { error: 'invalid_input' }]);
    expect(text).not.toContain('c4nary');
  });

  it('S7: clears the cookie of a session that ends while it is used', async () => {
    const cookie = cookieOf(
      await post('/auth/lclx', { email: users.lclx.email, password: users.lclx.password }),
    );
    revokeTokens();
    const response = await fetch(`${origin}/api/routes`, { headers: { cookie } });
    expect([response.status, await response.json()]).toMatchObject([401, { error: 'token_rejected' }]);
    expect(response.headers.getSetCookie()[0]).toMatch(/^latchkey=; .*Max-Age=0/);
  });

  it('has no other provider', async () => {
    const response = await post('/auth/latchkey-session', {
      email: 'a@example.com',
      password: 'secret-secret',
    });
    expect([response.status, await response.json()]).toMatchObject([404, { error: 'unknown_provider' }]);
  });
});
