import { createSessions, createUpstreamTokens, LatchkeyError } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { SessionStrategy } from '../src/index.js';
import { credentials, performed } from './harness.js';

const provider = fakeProvider();
const sessions = createSessions({ providers: [provider] });
const strategy = new SessionStrategy({ sessions });

const signedIn = async () => (await sessions.signIn('fake', credentials)).id;
const stranger = 'A'.repeat(43);
const cookie = (id: string) => `__Host-latchkey=${id}`;
const notSignedIn = [{ code: 'not_signed_in', message: 'Sign in to continue.' }, 401];
const invalidToken =
  'Bearer realm="latchkey", error="invalid_token", error_description="The access token is no longer accepted."';

function response() {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

describe('SessionStrategy', () => {
  it('knows a session again by its cookie, and as a bearer token', async () => {
    const id = await signedIn();
    for (const headers of [{ cookie: cookie(id) }, { authorization: `Bearer ${id}` }]) {
      const { action, args } = await performed(strategy, { method: 'GET', headers });
      expect(action).toBe('success');
      expect(args[0]).toMatchObject({ subject: 'user@example.com' });
      const info = args[1] as { id: string };
      expect(info.id).toBe(id);
      expect(JSON.stringify(args)).not.toContain(id);
    }
    expect(strategy.name).toBe('latchkey-session');
  });

  it('asks verify, and refuses whom it refuses, while the session goes on', async () => {
    const id = await signedIn();
    const headers = { cookie: cookie(id) };
    const verify = vi.fn(({ id: given }: { id: string }) => (given === id ? { mine: true } : false));
    const asking = new SessionStrategy({ sessions }, verify);
    expect((await performed(asking, { method: 'GET', headers })).args[0]).toEqual({ mine: true });
    const refusing = new SessionStrategy({ sessions }, () => false);
    expect((await performed(refusing, { method: 'GET', headers })).args).toEqual(notSignedIn);
    expect(await sessions.get(id)).toBeDefined();
  });

  it('gives verify the request where it is told to', async () => {
    const headers = { cookie: cookie(await signedIn()) };
    const passing = new SessionStrategy({ sessions, passReqToCallback: true }, ({ ip }, { session }) => ({
      ip,
      provider: session.provider,
    }));
    const { args } = await performed(passing, { method: 'GET', headers, ip: '192.0.2.1' });
    expect(args[0]).toEqual({ ip: '192.0.2.1', provider: 'fake' });
  });

  it.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'Bearer realm="latchkey"'],
    ['a cookie of another shape', { cookie: cookie('x') }, 'Bearer realm="latchkey"'],
    ['a cookie of nobody', { cookie: cookie(stranger) }, 'Bearer realm="latchkey"'],
    ['a bearer token of nobody', { authorization: `Bearer ${stranger}` }, invalidToken],
    ['a bearer token of another shape', { authorization: 'Bearer x' }, invalidToken],
    ['another scheme', { authorization: 'Basic eDp5' }, 'Bearer realm="latchkey"'],
  ])('fails with 401 for %s, and says so as RFC 6750 has it', async (_name, headers, challenge) => {
    const res = response();
    const { action, args } = await performed(strategy, { method: 'GET', headers, res });
    expect({ action, args }).toEqual({ action: 'fail', args: notSignedIn });
    expect(res.getHeader('WWW-Authenticate')).toBe(challenge);
  });

  it('names its realm', async () => {
    const res = response();
    await performed(new SessionStrategy({ sessions, realm: 'Acme "1"' }), { method: 'GET', res });
    expect(res.getHeader('WWW-Authenticate')).toBe('Bearer realm="Acme \\"1\\""');
  });

  it('S3: never takes the cookie of a request that has an Authorization header', async () => {
    const headers = { cookie: cookie(await signedIn()), authorization: 'Bearer x' };
    const { action } = await performed(strategy, { method: 'GET', headers });
    expect(action).toBe('fail');
    const cookieOnly = new SessionStrategy({ sessions, bearer: false });
    expect((await performed(cookieOnly, { method: 'GET', headers })).action).toBe('fail');
  });

  it('takes neither what it is told not to', async () => {
    const id = await signedIn();
    const byCookie = { method: 'GET', headers: { cookie: cookie(id) } };
    const byBearer = { method: 'GET', headers: { authorization: `Bearer ${id}` } };
    const cookieOnly = new SessionStrategy({ sessions, bearer: false });
    const bearerOnly = new SessionStrategy({ sessions, cookie: false });
    expect((await performed(cookieOnly, byCookie)).action).toBe('success');
    expect((await performed(cookieOnly, byBearer)).action).toBe('fail');
    expect((await performed(bearerOnly, byBearer)).action).toBe('success');
    expect((await performed(bearerOnly, byCookie)).action).toBe('fail');
  });

  describe('S3: checks where an unsafe request with a cookie comes from', () => {
    it.each<[string, string, Record<string, string>, string]>([
      ['a POST of its own page', 'POST', { 'sec-fetch-site': 'same-origin' }, 'success'],
      ['a POST of a neighbour', 'POST', { 'sec-fetch-site': 'same-site' }, 'fail'],
      ['a POST from nowhere', 'POST', {}, 'fail'],
      ['a POST of a page it names', 'POST', { origin: 'https://app.example.com', host: 'a' }, 'success'],
      ['a GET of another site', 'GET', { 'sec-fetch-site': 'cross-site' }, 'success'],
    ])('%s', async (_name, method, headers, outcome) => {
      const id = await signedIn();
      const checking = new SessionStrategy({ sessions, csrf: { origins: ['https://app.example.com'] } });
      const request = { method, headers: { ...headers, cookie: cookie(id) } };
      const { action, args } = await performed(checking, request);
      expect(action).toBe(outcome);
      if (outcome === 'fail') expect(args).toMatchObject([{ code: 'csrf_rejected' }, 403]);
      const unchecked = new SessionStrategy({ sessions, csrf: false });
      expect((await performed(unchecked, request)).action).toBe('success');
      const byBearer = { method, headers: { ...headers, authorization: `Bearer ${id}` } };
      expect((await performed(checking, byBearer)).action).toBe('success');
    });
  });

  it('S7: clears the cookie of a session that has ended, and keeps the cookies of others', async () => {
    const id = await signedIn();
    await sessions.signOut(id);
    const res = response();
    res.setHeader('Set-Cookie', 'theme=dark');
    const { args } = await performed(strategy, { method: 'GET', headers: { cookie: cookie(id) }, res });
    expect(args).toEqual(notSignedIn);
    const [theme, cleared] = res.getHeader('Set-Cookie') as string[];
    expect(theme).toBe('theme=dark');
    expect(cleared).toMatch(/^__Host-latchkey=; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=0/);
  });

  it('S10: gives an error for a store that is down, and clears nothing', async () => {
    const down = { get: async () => Promise.reject(new LatchkeyError('store_error')) };
    const res = response();
    const request = { method: 'GET', headers: { cookie: cookie(stranger) }, res };
    const { action, args } = await performed(new SessionStrategy({ sessions: down }), request);
    expect(action).toBe('error');
    expect(args[0]).toMatchObject({ code: 'store_error', status: 503 });
    expect(res.getHeaderNames()).toEqual([]);
  });

  describe('with upstreamTokens', () => {
    const token = async () => (await provider.signIn(credentials)).accessToken;
    const options = { provider, owns: () => true };
    const bearer = (value: string) => ({ method: 'GET', headers: { authorization: `Bearer ${value}` } });

    it.each([
      ['options', options],
      ['what createUpstreamTokens made', createUpstreamTokens(options)],
    ])('lets in a token of the provider, given %s', async (_name, upstreamTokens) => {
      const taking = new SessionStrategy({ sessions, upstreamTokens });
      const value = await token();
      const { action, args } = await performed(taking, bearer(value));
      expect(action).toBe('success');
      expect(args[0]).toMatchObject({ subject: 'user@example.com' });
      expect((args[1] as { source: object }).source).toHaveProperty('getToken');
      expect(JSON.stringify(args)).not.toContain(value);
    });

    it('gives verify whose it is', async () => {
      const taking = new SessionStrategy({ sessions, upstreamTokens: options }, (result) => ({
        keys: Object.keys(result),
      }));
      const { args } = await performed(taking, bearer(await token()));
      expect(args[0]).toEqual({ keys: ['identity', 'account', 'source'] });
      const { args: bySession } = await performed(taking, bearer(await signedIn()));
      expect(bySession[0]).toEqual({ keys: ['identity', 'account', 'session'] });
    });

    it('refuses other tokens, and never shows it the id of a session', async () => {
      const verify = vi.fn(async () => Promise.resolve(undefined));
      const taking = new SessionStrategy({ sessions, upstreamTokens: { verify } as never });
      const res = response();
      expect((await performed(taking, { ...bearer('x'), res })).args).toEqual(notSignedIn);
      expect(res.getHeader('WWW-Authenticate')).toBe(invalidToken);
      await performed(taking, bearer(stranger));
      expect(verify).toHaveBeenCalledTimes(1);
    });

    it('S5: fails with 429 where a client brought too many', async () => {
      const taking = new SessionStrategy({
        sessions,
        upstreamTokens: { ...options, throttle: { tries: 1, perMs: 60_000 } },
      });
      const request = (value: string) => ({ ...bearer(value), ip: '192.0.2.1' });
      await performed(taking, request('x'));
      const { action, args } = await performed(taking, request('y'));
      expect(action).toBe('fail');
      expect(args).toMatchObject([{ code: 'rate_limited' }, 429]);
    });

    it('is off by default', async () => {
      expect((await performed(strategy, bearer(await token()))).args).toEqual(notSignedIn);
    });
  });

  it('names every wrong option at construction', () => {
    const made = () => new SessionStrategy({ sessions: {}, bearer: 1, cookie: 'x', secret: 1 } as never);
    expect(made).toThrow(/sessions must be what createSessions made/);
    expect(made).toThrow(/bearer must be true or false/);
    expect(made).toThrow(/cookie must be false, or an object/);
    expect(made).toThrow(/has no "secret"/);
    expect(() => new SessionStrategy({ sessions, cookie: { name: 'a b' } })).toThrow(/name/);
  });
});
