import { createSessions, LatchkeyError, type ErrorCode } from '@latchkey/core';
import { sessionCookie, toHttpAnswer } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import type { Application, NextFunction, Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import passport from 'passport';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { answer, errorHandler, SessionStrategy, Strategy } from '../src/index.js';
import { expresses, served, type Served } from './applications.js';
import { credentials } from './harness.js';

describe.each(expresses)('under %s', (_version, express) => {
  /** An application with a Passport of its own. */
  async function application(
    build: (app: Application, authenticator: passport.Authenticator) => void,
  ): Promise<Served> {
    const app = express();
    app.set('env', 'test');
    app.use(express.json());
    build(app, new passport.Passport());
    return served(app);
  }

  const user: RequestHandler = (request, response) => {
    response.json({ user: request.user, info: request.authInfo });
  };
  const plainErrors = (
    error: { status?: number },
    _request: Request,
    response: Response,
    _next: NextFunction,
  ) => {
    response.status(error.status ?? 500).json({ plain: true });
  };

  it('signs in', async () => {
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider() }));
      app.post('/sign-in', authenticator.authenticate('fake', { session: false }) as RequestHandler, user);
    });
    const response = await app.post('/sign-in', credentials);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ user: { subject: 'user@example.com' } });
    expect(text).not.toMatch(/correct horse|fake-access/);
    const refused = await app.post('/sign-in', { ...credentials, password: 'wrong' });
    expect([refused.status, await refused.text()]).toEqual([401, 'Unauthorized']);
    expect((await app.post('/sign-in', {})).status).toBe(400);
  });

  it('never mixes up 200 users who sign in at once', async () => {
    const users = Array.from({ length: 200 }, (_, at) => ({
      email: `u${at}@example.com`,
      password: `pw ${at}`,
    }));
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider({ users }) }));
      app.post('/sign-in', authenticator.authenticate('fake', { session: false }) as RequestHandler, user);
    });
    const answers = await Promise.all(
      users.map(
        async (one) => (await app.post('/sign-in', one)).json() as Promise<{ user: { email: string } }>,
      ),
    );
    expect(answers.map((one) => one.user.email)).toEqual(users.map(({ email }) => email));
  });

  it('gives every error its status', async () => {
    const provider = fakeProvider();
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider }));
      app.post('/sign-in', authenticator.authenticate('fake', { session: false }) as RequestHandler, user);
    });
    provider.failNext('upstream_unavailable');
    expect((await app.post('/sign-in', credentials)).status).toBe(503);
    provider.failNext(new LatchkeyError('upstream_error', { status: 400 }));
    expect((await app.post('/sign-in', credentials)).status).toBe(502);
    provider.failNext(new LatchkeyError('rate_limited', { retryAfterMs: 1500 }));
    const limited = await app.post('/sign-in', credentials);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
  });

  it('changes the id of the session of express-session at sign-in', async () => {
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider() }));
      authenticator.serializeUser((who, done) => done(null, who));
      authenticator.deserializeUser((who: Express.User, done) => done(null, who));
      app.use(session({ secret: 'x', resave: false, saveUninitialized: true }));
      app.use(authenticator.session() as RequestHandler);
      app.get('/', user);
      app.post('/sign-in', authenticator.authenticate('fake') as RequestHandler, user);
    });
    const before = cookieOf(await app.get('/'));
    const after = cookieOf(await app.post('/sign-in', credentials, { cookie: before }));
    expect(after).toMatch(/^connect\.sid=/);
    expect(after).not.toBe(before);
    const known = (await (await app.get('/', { cookie: after })).json()) as object;
    expect(known).toMatchObject({ user: { subject: 'user@example.com' } });
    expect(await (await app.get('/', { cookie: before })).json()).toEqual({});
  });

  it('ends the request, and a session that was started, where Passport has no session to log in to', async () => {
    const sessions = createSessions({ providers: [fakeProvider()] });
    let ended = 0;
    const counted = {
      signIn: sessions.signIn,
      signOut: async (id: string) => {
        ended += 1;
        return sessions.signOut(id);
      },
    };
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider(), sessions: counted }));
      authenticator.serializeUser((who, done) => done(null, who));
      // As cookie-session has it: there is nothing to regenerate.
      app.use((request, _response, next) => {
        Object.assign(request, { session: {} });
        next();
      });
      app.post('/sign-in', authenticator.authenticate('fake') as RequestHandler, user);
    });
    expect((await app.post('/sign-in', credentials)).status).toBe(500);
    expect(ended).toBe(1);
  });

  it('has options of Passport: failureMessage, failureRedirect, assignProperty', async () => {
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider() }));
      app.use((request, _response, next) => {
        Object.assign(request, { session: {} });
        next();
      });
      const options = {
        session: false,
        failureMessage: true,
        failureRedirect: '/failed',
        failWithError: true,
      };
      app.post('/message', authenticator.authenticate('fake', options) as RequestHandler);
      app.post(
        '/property',
        authenticator.authenticate('fake', { assignProperty: 'account' }) as RequestHandler,
        (request: Request, response: Response) => {
          response.json({ account: (request as unknown as { account: object }).account, user: request.user });
        },
      );
    });
    const redirected = await app.post('/message', { ...credentials, password: 'wrong' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([302, '/failed']);
    const assigned: unknown = await (await app.post('/property', credentials)).json();
    expect(assigned).toEqual({
      account: expect.objectContaining({ subject: 'user@example.com' }) as unknown,
    });
  });

  it('keeps the message of a failure in the session', async () => {
    let messages: unknown;
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider: fakeProvider() }));
      const held = {};
      app.use((request, _response, next) => {
        Object.assign(request, { session: held });
        next();
      });
      const options = { session: false, failureMessage: true, failureRedirect: '/failed' };
      app.post('/sign-in', authenticator.authenticate('fake', options) as RequestHandler);
      app.get('/failed', (_request, response) => {
        messages = held;
        response.end();
      });
    });
    await app.post('/sign-in', { ...credentials, password: 'wrong' });
    await app.get('/failed');
    expect(messages).toEqual({ messages: ['The e-mail address or the password is wrong.'] });
  });

  describe('P5: answers as the core does', () => {
    const codes: ErrorCode[] = [
      'invalid_credentials',
      'second_factor_required',
      'account_locked',
      'rate_limited',
    ];
    const failures: ErrorCode[] = ['upstream_unavailable', 'timeout', 'invalid_response'];

    it.each([...codes, ...failures])('to %s, with failWithError and errorHandler', async (code) => {
      const provider = fakeProvider();
      await using app = await application((app, authenticator) => {
        authenticator.use(new Strategy({ provider }));
        const options = { session: false, failWithError: true };
        app.post('/sign-in', authenticator.authenticate('fake', options) as RequestHandler, user);
        app.use(errorHandler());
      });
      provider.failNext(new LatchkeyError(code, { retryAfterMs: 2000 }));
      await expectAnswer(
        await app.post('/sign-in', credentials),
        new LatchkeyError(code, { retryAfterMs: 2000 }),
      );
    });

    it.each([...codes, ...failures])('to %s, with a callback and answer', async (code) => {
      const provider = fakeProvider();
      await using app = await application((app, authenticator) => {
        authenticator.use(new Strategy({ provider }));
        app.post('/sign-in', (request, response, next) => {
          const callback = (error: unknown, who: unknown, info: unknown) => {
            if (error || !who) answer(request, response, error ?? info);
            else response.json({ who });
          };
          (authenticator.authenticate('fake', callback) as RequestHandler)(request, response, next);
        });
      });
      provider.failNext(new LatchkeyError(code, { retryAfterMs: 2000 }));
      await expectAnswer(
        await app.post('/sign-in', credentials),
        new LatchkeyError(code, { retryAfterMs: 2000 }),
      );
      expect((await app.post('/sign-in', credentials)).status).toBe(200);
    });

    it('and leaves the errors of others to others', async () => {
      await using app = await application((app) => {
        app.get('/foreign', () => {
          throw new Error('of the application');
        });
        app.get('/ours', () => {
          throw new LatchkeyError('entitlement_required');
        });
        app.get('/sent', (_request, response, next) => {
          response.write('begun');
          next(new LatchkeyError('entitlement_required'));
        });
        app.use(errorHandler());
        app.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
          if (response.headersSent) response.end(', and ended');
          else plainErrors(error as object, request, response, next);
        });
      });
      expect(await (await app.get('/foreign')).json()).toEqual({ plain: true });
      await expectAnswer(await app.get('/ours'), new LatchkeyError('entitlement_required'));
      expect(await (await app.get('/sent')).text()).toBe('begun, and ended');
    });
  });

  describe('with several strategies on one route', () => {
    const signInAt = (names: string[]) =>
      application((app, authenticator) => {
        const one = fakeProvider({ name: 'one' });
        const two = fakeProvider({ name: 'two', users: [{ email: 'two@example.com', password: 'second' }] });
        const sessions = createSessions({ providers: [one, two] });
        authenticator.use(new Strategy({ provider: one }));
        authenticator.use(new Strategy({ provider: two, passwordField: 'other' }));
        authenticator.use(new SessionStrategy({ sessions }));
        app.post(
          '/',
          authenticator.authenticate(names, { session: false, failWithError: true }) as RequestHandler,
          user,
        );
        app.post('/plain', authenticator.authenticate(names, { session: false }) as RequestHandler, user);
        app.post('/callback', (request, response, next) => {
          const callback = (error: unknown, _who: unknown, info: unknown) =>
            answer(request, response, error ?? info);
          (authenticator.authenticate(names, callback) as RequestHandler)(request, response, next);
        });
        app.use(errorHandler());
      });

    it('takes the first that lets in, and takes back what others set', async () => {
      await using app = await signInAt(['latchkey-session', 'one', 'two']);
      const id = 'A'.repeat(43);
      const response = await app.post(
        '/plain',
        { email: 'two@example.com', other: 'second' },
        { cookie: sessionCookie(id).split(';')[0]!, 'sec-fetch-site': 'same-origin' },
      );
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ user: { provider: 'two' } });
      expect(response.headers.get('www-authenticate')).toBeNull();
      expect(response.headers.getSetCookie()).toEqual([]);
    });

    it.each(['/', '/callback'])('tells the most telling failure at %s', async (path) => {
      await using app = await signInAt(['latchkey-session', 'one', 'two']);
      const wrong = await app.post(path, { ...credentials, password: 'wrong' });
      await expectAnswer(wrong, new LatchkeyError('invalid_credentials'));
      await expectAnswer(await app.post(path, {}), new LatchkeyError('not_signed_in'));
    });

    it('challenges in the plain answer of Passport', async () => {
      await using app = await signInAt(['latchkey-session', 'one']);
      const response = await app.post('/plain', {});
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="latchkey"',
      ]);
    });
  });

  it('forgets what failed in an earlier passport.authenticate', async () => {
    const provider = fakeProvider();
    await using app = await application((app, authenticator) => {
      authenticator.use(new Strategy({ provider }));
      const optional: RequestHandler = (request, response, next) => {
        const callback = () => next();
        (authenticator.authenticate('fake', callback) as RequestHandler)(request, response, next);
      };
      const required = authenticator.authenticate('fake', {
        session: false,
        failWithError: true,
      }) as RequestHandler;
      app.post('/', optional, required, user);
      const plain = authenticator.authenticate('fake', { session: false }) as RequestHandler;
      app.post('/plain', optional, plain, user);
      app.use(errorHandler());
    });
    provider.failNext(new LatchkeyError('account_locked', { retryAfterMs: 1000 }));
    await expectAnswer(
      await app.post('/', { ...credentials, password: 'wrong' }),
      new LatchkeyError('invalid_credentials'),
    );
    provider.failNext(new LatchkeyError('account_locked', { retryAfterMs: 1000 }));
    const plain = await app.post('/plain', { ...credentials, password: 'wrong' });
    expect([plain.status, plain.headers.get('retry-after')]).toEqual([401, null]);
    provider.failNext(new LatchkeyError('account_locked', { retryAfterMs: 1000 }));
    const response = await app.post('/', credentials);
    expect([response.status, response.headers.get('retry-after')]).toEqual([200, null]);
  });

  it('has one route for several providers', async () => {
    const providers = [fakeProvider({ name: 'one' }), fakeProvider({ name: 'two' })];
    const sessions = createSessions({ providers });
    await using app = await application((app, authenticator) => {
      for (const provider of providers) authenticator.use(new Strategy({ provider, sessions }));
      authenticator.use(new SessionStrategy({ sessions }));
      app.post('/auth/:provider', (request, response, next) => {
        const { provider } = request.params;
        if (!providers.some(({ name }) => name === provider)) throw new LatchkeyError('unknown_provider');
        const callback = (error: unknown, who: unknown, info: unknown) => {
          if (error || !who) {
            answer(request, response, error ?? info);
            return;
          }
          const { id } = info as { id: string };
          response.append('Set-Cookie', sessionCookie(id)).json({ who });
        };
        (authenticator.authenticate(provider, callback) as RequestHandler)(request, response, next);
      });
      app.get(
        '/me',
        authenticator.authenticate('latchkey-session', { session: false }) as RequestHandler,
        user,
      );
      app.use(errorHandler());
    });
    for (const { name } of providers) {
      const response = await app.post(`/auth/${name}`, credentials);
      expect(await response.json()).toMatchObject({ who: { provider: name } });
      const me = await app.get('/me', { cookie: cookieOf(response) });
      expect(await me.json()).toMatchObject({ user: { provider: name } });
    }
    await expectAnswer(await app.post('/auth/latchkey-session', {}), new LatchkeyError('unknown_provider'));
  });

  it('F3: keeps password, token and id out of everything but the cookie', async () => {
    const password = 'canary-password';
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const provider = fakeProvider({ users: [{ email: 'user@example.com', password }] });
    const sessions = createSessions({ providers: [provider] });
    await using app = await application((app, authenticator) => {
      app.set('env', 'development');
      authenticator.use(new Strategy({ provider, sessions }));
      authenticator.use(new SessionStrategy({ sessions }));
      authenticator.serializeUser((who, done) => done(null, who));
      app.use(session({ secret: 'x', resave: false, saveUninitialized: true }));
      app.post(
        '/sign-in',
        authenticator.authenticate('fake') as RequestHandler,
        (request: Request, response) => {
          const { id } = request.authInfo as { id: string };
          response.append('Set-Cookie', sessionCookie(id));
          response.json({ user: request.user, info: request.authInfo, session: request.session });
        },
      );
      app.get(
        '/me',
        authenticator.authenticate('latchkey-session', { session: false }) as RequestHandler,
        user,
      );
    });
    const response = await app.post('/sign-in', { email: 'user@example.com', password });
    const id = cookieOf(response, '__Host-latchkey').split('=')[1]!;
    const pages = [await response.text()];
    pages.push(await (await app.get('/me', { cookie: `__Host-latchkey=${id}` })).text());
    for (const code of ['upstream_error', 'invalid_credentials'] as const) {
      provider.failNext(code);
      pages.push(await (await app.post('/sign-in', { email: 'user@example.com', password })).text());
    }
    pages.push(inspect(logged.mock.calls, { depth: 10, showHidden: true }));
    expect(pages[0]).toContain('user@example.com');
    expect(logged).toHaveBeenCalled();
    expect(pages.join()).not.toMatch(/canary-password|fake-access/);
    expect(pages.join()).not.toContain(id);
  });
});

function cookieOf(response: globalThis.Response, name = ''): string {
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]!);
  return cookies.find((cookie) => cookie.startsWith(name)) ?? '';
}

async function expectAnswer(response: globalThis.Response, error: LatchkeyError): Promise<void> {
  const { status, headers, body } = toHttpAnswer(error);
  expect(await response.json()).toEqual(body);
  expect(response.status).toBe(status);
  for (const name of ['Cache-Control', 'Retry-After', 'WWW-Authenticate']) {
    expect([name, response.headers.get(name)]).toEqual([name, headers[name] ?? null]);
  }
}
