import { describe, expect, it } from 'vitest';
import {
  createCallers,
  createSameOriginCheck,
  createSessionCookies,
  hasSession,
} from '../../src/http/index.js';
import { createSessions, createUpstreamTokens, memoryStore, type Store } from '../../src/index.js';
import { fakeProvider } from '../../src/testing/index.js';

const known = { identity: { subject: 'user@example.com' } };
const user = { email: 'user@example.com', password: 'correct horse' };

async function setup(options: { acceptsCookie?: boolean; bearer?: boolean; upstream?: boolean } = {}) {
  const { acceptsCookie = true, bearer = true, upstream = false } = options;
  const provider = fakeProvider();
  const verified: string[] = [];
  const verify = provider.verify?.bind(provider);
  const watched = {
    ...provider,
    verify: async (token: string) => {
      verified.push(token);
      return verify?.(token);
    },
  };
  const sessions = createSessions({ providers: [provider] });
  const callers = createCallers({
    sessions,
    acceptsCookie,
    acceptsBearer: bearer,
    cookies: createSessionCookies(),
    check: createSameOriginCheck(),
    upstreamTokens: upstream ? createUpstreamTokens({ provider: watched }) : undefined,
  });
  const { id } = await sessions.signIn('fake', user);
  return { provider, verified, sessions, callers, id };
}

describe('createCallers', () => {
  it('knows a session by its bearer token and by its cookie', async () => {
    const { callers, sessions, id } = await setup();
    for (const headers of [{ authorization: `Bearer ${id}` }, { cookie: `__Host-latchkey=${id}` }]) {
      const caller = await callers.of({ method: 'GET', headers });
      expect(caller && hasSession(caller)).toBe(true);
      expect(caller).toMatchObject({ identity: { subject: 'user@example.com' } });
    }
    expect(await callers.ofCredential(id)).toBe(await sessions.get(id));
  });

  it('answers at once where nothing need be asked', async () => {
    const { callers, id } = await setup();
    expect(callers.of({ headers: {} })).toBeUndefined();
    expect(callers.of({ headers: { authorization: 'Bearer other' } })).toBeUndefined();
    expect(callers.of({ headers: { cookie: '__Host-latchkey=other' } })).toBeUndefined();
    // S3: a request with an Authorization header is never known by its cookie.
    const both = { authorization: 'Basic x', cookie: `__Host-latchkey=${id}` };
    expect(callers.of({ headers: both })).toBeUndefined();
    expect(callers.ofCredential('other')).toBeUndefined();
  });

  it('S3: has a request with a cookie checked for its origin, and none with a bearer token', async () => {
    const { callers, id } = await setup();
    const foreign = { 'sec-fetch-site': 'cross-site' };
    const cookie = { ...foreign, cookie: `__Host-latchkey=${id}` };
    expect(() => callers.of({ method: 'POST', headers: cookie })).toThrow(
      expect.objectContaining({ code: 'csrf_rejected' }),
    );
    expect(await callers.of({ method: 'GET', headers: cookie })).toMatchObject(known);
    const bearer = { ...foreign, authorization: `Bearer ${id}` };
    expect(await callers.of({ method: 'POST', headers: bearer })).toMatchObject(known);
  });

  it('takes ids only in the way that is in use', async () => {
    const noCookie = await setup({ acceptsCookie: false });
    expect(noCookie.callers.of({ headers: { cookie: `__Host-latchkey=${noCookie.id}` } })).toBeUndefined();
    const noBearer = await setup({ bearer: false });
    expect(noBearer.callers.of({ headers: { authorization: `Bearer ${noBearer.id}` } })).toBeUndefined();
  });

  it('shows a provider what is no id, and never what is one', async () => {
    const { callers, provider, verified } = await setup({ upstream: true });
    const { accessToken } = await provider.signIn(user);
    const headers = { authorization: `Bearer ${accessToken}` };
    const caller = await callers.of({ headers });
    expect(caller).toMatchObject(known);
    expect(caller && hasSession(caller)).toBe(false);
    expect(await callers.ofCredential('unknown')).toBeUndefined();
    const ended = 'x'.repeat(43);
    expect(await callers.of({ headers: { authorization: `Bearer ${ended}` } })).toBeUndefined();
    expect(await callers.ofCredential(ended)).toBeUndefined();
    expect(verified).toEqual([accessToken, 'unknown']);
  });

  it('asks for options only where a provider is asked', async () => {
    const { callers, id } = await setup({ upstream: true });
    const options = () => {
      throw new Error('asked');
    };
    expect(await callers.of({ headers: { authorization: `Bearer ${id}` } }, options)).toMatchObject(known);
    expect(() => callers.of({ headers: { authorization: 'Bearer other' } }, options)).toThrow('asked');
  });

  it('rejects as the store fails', async () => {
    const store: Store = {
      ...memoryStore(),
      getMany: undefined,
      get: () => Promise.reject(new Error('down')),
    } as never;
    const sessions = createSessions({ providers: [fakeProvider()], store });
    const callers = createCallers({ sessions, cookies: createSessionCookies() });
    await expect(callers.ofCredential('x'.repeat(43))).rejects.toMatchObject({ code: 'store_error' });
  });
});
