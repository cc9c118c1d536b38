import { createSessions, memoryStore, type Store } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import express from 'express';
import passports from 'passport';
import { describe, expect, it } from 'vitest';
import { errorHandler, SessionStrategy, Strategy, type VerifyDone } from '../src/index.js';
import { expresses, served } from './applications.js';
import { performed } from './harness.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };

describe.each(expresses)('an application’s own callback that throws, on %s', (_, express) => {
  it.each(['upstream_unavailable', undefined] as const)('P1: is called once (provider: %s)', async (code) => {
    const provider = fakeProvider();
    const sessions = createSessions({ providers: [provider] });
    const passport = new passports.Passport();
    passport.use(new Strategy({ provider, sessions }));
    const thrown = new Error('no such view');
    let calls = 0;
    const app = express();
    app.post('/sign-in', express.json(), (request, response, next) => {
      const callback: passports.AuthenticateCallback = () => {
        calls += 1;
        throw thrown;
      };
      (passport.authenticate('fake', callback) as express.RequestHandler)(request, response, next);
    });
    const seen: unknown[] = [];
    const onError: express.ErrorRequestHandler = (error, _request, response, _next) => {
      seen.push(error);
      response.status(500).end();
    };
    app.use(onError);
    await using server = await served(app);
    if (code) provider.failNext(code);
    expect((await server.post('/sign-in', credentials)).status).toBe(500);
    expect([calls, seen]).toEqual([1, [thrown]]);
    await sessions.close();
  });

  it('P1: does not end a session that the client was told of', async () => {
    const provider = fakeProvider();
    const sessions = createSessions({ providers: [provider] });
    const passport = new passports.Passport();
    passport.use(new Strategy({ provider, sessions }));
    const app = express();
    app.post('/sign-in', express.json(), (request, response, next) => {
      const callback: passports.AuthenticateCallback = (_error, _user, info) => {
        response.json((info as { readonly id: string }).id);
        throw new Error('afterwards');
      };
      (passport.authenticate('fake', callback) as express.RequestHandler)(request, response, next);
    });
    const onError: express.ErrorRequestHandler = (_error, _request, _response, _next) => undefined;
    app.use(onError);
    await using server = await served(app);
    const id = (await (await server.post('/sign-in', credentials)).json()) as string;
    expect(await sessions.get(id)).toBeDefined();
    await sessions.close();
  });
});

describe('a verify that calls done', () => {
  it.each<[string, unknown]>([
    ['an object of its driver', { all: () => [] }],
    ['a thenable of its driver', { then: (resolve: (rows: object[]) => void) => resolve([{}]) }],
    ['a number', 1],
    ['a timer', { hasRef: () => true, unref: () => undefined }],
  ])('P3: signs nobody in by returning %s', async (_, returned) => {
    const verify = (_result: object, done: VerifyDone) => {
      setImmediate(() => done(null, false));
      return returned;
    };
    const { action } = await performed(new Strategy({ provider: fakeProvider() }, verify), {
      body: credentials,
    });
    expect(action).toBe('fail');
  });

  it('P3: counts as an async function that returns the user, too', async () => {
    const verify = async ({ identity }: { identity: { subject: string } }, _done: VerifyDone) =>
      identity.subject;
    const done = await performed(new Strategy({ provider: fakeProvider() }, verify), { body: credentials });
    expect([done.action, done.args[0]]).toEqual(['success', credentials.email]);
  });

  it('P3: that says nothing at all ends with an error that says so', async () => {
    const strategy = new Strategy({ provider: fakeProvider(), timeoutMs: 20 }, async () => undefined);
    const { action, args } = await performed(strategy, { body: credentials });
    expect([action, args[0]]).toMatchObject([
      'error',
      { code: 'timeout', message: /must return one, or call done/ },
    ]);
  });
});

it('a provider that the sessions do not have is refused at construction', async () => {
  const sessions = createSessions({ providers: [fakeProvider({ name: 'one' })] });
  expect(() => new Strategy({ provider: fakeProvider({ name: 'two' }), sessions })).toThrow(
    /provider must be one of those of the sessions/,
  );
  await sessions.close();
});

describe('errorHandler', () => {
  function appOf(handler: express.RequestHandler) {
    return express()
      .post('/', express.json({ limit: 100 }), handler)
      .use(errorHandler());
  }

  it.each([
    [400, '{"password":c4nary-secret}'],
    [413, JSON.stringify({ password: `c4nary${'x'.repeat(100)}` })],
  ])('F3: answers a body that cannot be read (%s) with nothing of it', async (_, body) => {
    await using server = await served(appOf(() => undefined));
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(server.origin, { method: 'POST', headers, body });
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([400, { error: 'invalid_input' }]);
    expect(text).not.toContain('c4nary');
  });

  it('S7: clears the cookie of a session that ended while the request was answered', async () => {
    const provider = fakeProvider();
    const sessions = createSessions({ providers: [provider] });
    const { id, session } = await sessions.signIn('fake', credentials);
    const [cookie = ''] = sessionCookie(id).split(';');
    await using server = await served(
      appOf(async () => {
        await session.source.getToken({ rejected: await session.source.getToken() });
      }),
    );
    const byCookie = await server.post('/', {}, { cookie });
    expect([byCookie.status, await byCookie.json()]).toMatchObject([401, { error: 'token_rejected' }]);
    expect(byCookie.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-latchkey=; .*Max-Age=0/),
    ]);
    const byBearer = await server.post('/', {}, { authorization: `Bearer ${id}` });
    expect([byBearer.status, byBearer.headers.getSetCookie()]).toEqual([401, []]);
    await sessions.close();
  });

  it('S9: clears no cookie for a service whose own token was refused', async () => {
    const id = 'x'.repeat(43);
    await using server = await served(
      appOf(() => {
        throw Object.assign(new Error('refused'), { status: 401 });
      }),
    );
    const response = await server.post('/', {}, { cookie: `__Host-latchkey=${id}` });
    expect(response.headers.getSetCookie()).toEqual([]);
  });
});

it('never mixes up 200 users who start sessions at once, and no secret stands in the store', async () => {
  const users = Array.from({ length: 200 }, (_, at) => ({
    email: `user${at}@example.com`,
    password: `c4nary-password-${at}`,
  }));
  const kept: unknown[] = [];
  const memory = memoryStore();
  const store: Store = {
    ...memory,
    set: (...given) => memory.set(...(kept.push(given), given)),
    replace: (...given) => memory.replace(...(kept.push(given), given)),
    take: (...given) => memory.take(...(kept.push(given), given)),
  };
  const provider = fakeProvider({ users });
  const sessions = createSessions({ providers: [provider], store });
  const strategy = new Strategy({ provider, sessions });
  const all = await Promise.all(users.map((body) => performed(strategy, { body, ip: '192.0.2.1' })));
  for (const [at, { action, args }] of all.entries()) {
    const [user, info] = args as [{ subject: string }, { id: string }];
    expect([action, user.subject]).toEqual(['success', users[at]!.email]);
    expect((await sessions.get(info.id))?.identity.subject).toBe(users[at]!.email);
    expect(JSON.stringify([user, info, kept])).not.toContain(info.id);
  }
  const dump = JSON.stringify(kept);
  for (const secret of ['c4nary', 'fake-access', 'user7@example.com', '192.0.2.1'])
    expect(dump).not.toContain(secret);
  const [first] = all;
  const { id } = first!.args[1] as { id: string };
  const known = await performed(new SessionStrategy({ sessions }), {
    method: 'GET',
    headers: { authorization: `Bearer ${id}` },
  });
  expect([known.action, known.args[0]]).toMatchObject(['success', { subject: users[0]!.email }]);
  await sessions.close();
});
