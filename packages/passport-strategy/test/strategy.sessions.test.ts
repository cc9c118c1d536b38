import { createSessions, isSessionId } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Strategy, type VerifyDone } from '../src/index.js';
import { credentials, performed, type Done } from './harness.js';

const provider = fakeProvider();
const sessions = createSessions({ providers: [provider] });

afterEach(() => vi.restoreAllMocks());

const idIn = ({ args }: Done) => (args[1] as { id: string }).id;

describe('Strategy with sessions', () => {
  it('starts a session, and gives its user and its id', async () => {
    const done = await performed(new Strategy({ provider, sessions }), { body: credentials });
    expect(done.action).toBe('success');
    expect(done.args[0]).toMatchObject({ provider: 'fake', subject: 'user@example.com' });
    const id = idIn(done);
    expect(isSessionId(id)).toBe(true);
    expect(JSON.stringify(done.args)).not.toContain(id);
    expect((await sessions.get(id))?.identity.subject).toBe('user@example.com');
  });

  it('gives verify the session and its id, which does not show', async () => {
    const verify = vi.fn((_result: { id: string }) => ({ id: 1 }));
    const done = await performed(new Strategy({ provider, sessions }, verify), { body: credentials });
    const [result] = verify.mock.calls[0]!;
    expect(Object.keys(result)).toEqual(['identity', 'account', 'session']);
    expect(result.id).toBe(idIn(done));
    expect(JSON.stringify(result)).not.toContain(result.id);
    expect(done.args[0]).toEqual({ id: 1 });
  });

  it('gives the user that the hook of the sessions made', async () => {
    const own = createSessions({ providers: [provider], user: () => ({ id: 7 }) });
    const done = await performed(new Strategy({ provider, sessions: own }), { body: credentials });
    expect(done.args[0]).toEqual({ id: 7 });
  });

  it('S1: ends the session that the request presents, by cookie or as a bearer token', async () => {
    const strategy = new Strategy({ provider, sessions, cookie: { name: 'sid' } });
    const first = idIn(await performed(strategy, { body: credentials }));
    const headers = { cookie: `sid=${first}` };
    const second = idIn(await performed(strategy, { body: credentials, headers }));
    expect(await sessions.get(first)).toBeUndefined();
    const third = idIn(
      await performed(strategy, { body: credentials, headers: { authorization: `Bearer ${second}` } }),
    );
    expect(await sessions.get(second)).toBeUndefined();
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it('names the client for the limits', async () => {
    const spied = { signIn: sessions.signIn, signOut: sessions.signOut };
    const signIn = vi.spyOn(spied, 'signIn');
    await performed(new Strategy({ provider, sessions: spied }), { body: credentials, ip: '192.0.2.7' });
    const client = ({ headers }: { headers: object }) => String(Object.values(headers)[0]);
    const headers = { 'x-client': '192.0.2.8' };
    await performed(new Strategy({ provider, sessions: spied, client }), { body: credentials, headers });
    expect(signIn.mock.calls.map(([, , options]) => options?.client)).toEqual(['192.0.2.7', '192.0.2.8']);
  });

  it('S5: fails with 429, and says when to come back', async () => {
    const own = createSessions({ providers: [fakeProvider()] });
    const strategy = new Strategy({ provider, sessions: own });
    const body = { ...credentials, password: 'wrong' };
    const res = recordedResponse();
    const statuses: unknown[] = [];
    for (let time = 0; time < 5; time += 1) {
      statuses.push((await performed(strategy, { body, ip: '192.0.2.1', res })).args[1]);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(Number(res.headers.get('Retry-After'))).toBeGreaterThan(0);
  });

  describe('ends the session again', () => {
    it.each<[string, (result: unknown, done: VerifyDone) => unknown]>([
      ['where verify refuses', () => false],
      ['where verify refuses by done', (_result, done) => setImmediate(() => done(null, false))],
      ['where verify throws', () => Promise.reject(new Error('the database is down'))],
      ['where verify never ends', () => new Promise(() => {})],
    ])('%s', async (_name, verify) => {
      let id = '';
      const strategy = new Strategy({ provider, sessions, timeoutMs: 50 }, (result, done) => {
        id = result.id;
        return verify(result, done);
      });
      const { action } = await performed(strategy, { body: credentials });
      expect(action).not.toBe('success');
      expect(isSessionId(id)).toBe(true);
      expect(await sessions.get(id)).toBeUndefined();
    });

    it('where it came only after the time was up', async () => {
      let giveBack: () => void = () => {};
      const signedOut: string[] = [];
      const slow = {
        signIn: async () => {
          await new Promise<void>((resolve) => {
            giveBack = resolve;
          });
          return sessions.signIn('fake', credentials);
        },
        signOut: async (id: string) => {
          signedOut.push(id);
        },
      };
      const { action } = await performed(new Strategy({ provider, sessions: slow, timeoutMs: 20 }), {
        body: credentials,
      });
      giveBack();
      await vi.waitFor(() => expect(signedOut).toHaveLength(1));
      expect(action).toBe('error');
    });

    it('where nobody was let in after all, because success threw', async () => {
      const copy = Object.create(new Strategy({ provider, sessions })) as Strategy;
      let id = '';
      const error = await new Promise((resolve) => {
        copy.success = (_user, info) => {
          id = (info as { id: string }).id;
          throw new Error('no session support');
        };
        copy.error = resolve;
        copy.authenticate({ method: 'POST', headers: {}, body: credentials });
      });
      expect(error).toEqual(new Error('no session support'));
      expect(await sessions.get(id)).toBeUndefined();
    });

    it('and answers as it would have where even that fails', async () => {
      const signOut = () => Promise.reject(new Error('the store is down'));
      const broken = { signIn: sessions.signIn, signOut };
      const { action, args } = await performed(new Strategy({ provider, sessions: broken }, () => false), {
        body: credentials,
      });
      expect([action, args[1]]).toEqual(['fail', 401]);
    });
  });

  it('S10: gives an error with the status 503 where the store is down', async () => {
    const closed = createSessions({ providers: [provider] });
    await closed.close();
    const { action, args } = await performed(new Strategy({ provider, sessions: closed }), {
      body: credentials,
    });
    expect(action).toBe('error');
    expect(args[0]).toMatchObject({ code: 'closed', status: 503 });
  });
});

/** As much of a response as a strategy uses. */
function recordedResponse() {
  const headers = new Map<string, string>();
  return {
    headers,
    headersSent: false,
    setHeader: (name: string, value: string) => headers.set(name, value),
    hasHeader: (name: string) => headers.has(name),
  };
}
