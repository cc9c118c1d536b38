import { isLatchkeyError, LatchkeyError, type ErrorCode } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import passportStrategy from 'passport';
import { describe, expect, it, vi } from 'vitest';
import LatchkeyDefault, { LatchkeyStrategy, Strategy, type VerifyDone } from '../src/index.js';
import { credentials, performed } from './harness.js';

const identity = {
  provider: 'fake',
  subject: 'user@example.com',
  email: 'user@example.com',
  name: 'user@example.com',
};
const missing = { code: 'invalid_input', message: 'Missing credentials' };

describe('Strategy', () => {
  it('signs in, and gives the identity and the grant', async () => {
    const done = await performed(new Strategy({ provider: fakeProvider() }), { body: credentials });
    expect(done.action).toBe('success');
    expect(done.args[0]).toEqual(identity);
    const { grant } = done.args[1] as { grant: { accessToken: string } };
    expect(grant.accessToken).toBe('fake-access-1');
    expect(JSON.stringify(done.args)).not.toContain('fake-access-1');
  });

  it('is one class under three names, and named after its provider', () => {
    expect(LatchkeyDefault).toBe(Strategy);
    expect(LatchkeyStrategy).toBe(Strategy);
    expect(new Strategy({ provider: fakeProvider({ name: 'acme' }) }).name).toBe('acme');
    expect(new Strategy({ provider: fakeProvider(), name: 'other' }).name).toBe('other');
  });

  it('is a strategy of Passport', () => {
    const base = Object.getPrototypeOf(Strategy) as unknown;
    expect(base).toBe(passportStrategy.Strategy);
  });

  describe('P1: does exactly one action', () => {
    const outcomes: Record<string, [(result: unknown, done: VerifyDone) => unknown, string]> = {
      'done twice': [
        (_result, done) => {
          done(null, { id: 1 });
          done(null, false);
        },
        'success',
      ],
      'done, then a throw': [
        (_result, done) => {
          done(null, { id: 1 });
          throw new Error('late');
        },
        'success',
      ],
      'done, then a rejection': [
        async (_result, done) => {
          done(null, { id: 1 });
          throw new Error('late');
        },
        'success',
      ],
      'done, then a value': [
        async (_result, done) => {
          done(null, false);
          return { id: 1 };
        },
        'fail',
      ],
      'a throw': [
        () => {
          throw new Error('now');
        },
        'error',
      ],
      'a throw, then done': [
        (_result, done) => {
          setImmediate(() => done(null, { id: 1 }));
          throw new Error('now');
        },
        'error',
      ],
      'a rejection': [async () => Promise.reject(new Error('now')), 'error'],
      'an error': [(_result, done) => done(new Error('now')), 'error'],
    };

    it.each(Object.entries(outcomes))('after %s in verify', async (_name, [verify, action]) => {
      const strategy = new Strategy({ provider: fakeProvider() }, verify);
      expect((await performed(strategy, { body: credentials })).action).toBe(action);
    });

    it('error, with the status 504, for a verify that never ends, and drops what comes later', async () => {
      let late: VerifyDone = () => {};
      const strategy = new Strategy({ provider: fakeProvider(), timeoutMs: 20 }, (_result, done) => {
        late = done;
      });
      const { action, args } = await performed(strategy, { body: credentials });
      late(null, { id: 1 });
      expect(action).toBe('error');
      expect(args[0]).toMatchObject({ code: 'timeout', status: 504 });
    });

    it('error for a provider that never answers', async () => {
      const provider = { ...fakeProvider(), signIn: async () => new Promise<never>(() => {}) };
      const { action, args } = await performed(new Strategy({ provider, timeoutMs: 20 }), {
        body: credentials,
      });
      expect([action, args[0]]).toMatchObject(['error', { code: 'timeout', status: 504 }]);
    });

    it('error for sessions that never answer, whose sign-in is given up', async () => {
      let signal: AbortSignal | undefined;
      const sessions = {
        signIn: async (
          _name: string,
          _credentials: object,
          options?: { signal?: AbortSignal | undefined },
        ) => {
          signal = options?.signal;
          return new Promise<never>(() => {});
        },
        signOut: async () => {},
      };
      const strategy = new Strategy({ provider: fakeProvider(), sessions, timeoutMs: 20 });
      const { action } = await performed(strategy, { body: credentials });
      expect(action).toBe('error');
      expect(signal?.aborted).toBe(true);
    });

    it('error where client throws', async () => {
      const thrown = new Error('no address');
      const sessions = { signIn: vi.fn(), signOut: vi.fn() };
      const client = () => {
        throw thrown;
      };
      const strategy = new Strategy({ provider: fakeProvider(), sessions, client });
      expect(await performed(strategy, { body: credentials })).toEqual({ action: 'error', args: [thrown] });
      expect(sessions.signIn).not.toHaveBeenCalled();
    });

    it.each([undefined, null, 'route', 'router', 0, false])(
      'error, with an error, where %j is thrown: next() takes it for something else',
      async (thrown) => {
        const strategy = new Strategy({ provider: fakeProvider() }, () => {
          throw thrown;
        });
        const { action, args } = await performed(strategy, { body: credentials });
        expect(action).toBe('error');
        expect(args[0]).toBeInstanceOf(Error);
        expect(args[0]).toMatchObject({ code: 'internal_error', status: 500 });
      },
    );

    it('error where success itself throws, since then nobody was let in', async () => {
      const actions: unknown[] = [];
      const copy = Object.create(new Strategy({ provider: fakeProvider() })) as Strategy;
      const thrown = new TypeError('req.session.regenerate is not a function');
      await new Promise<void>((resolve) => {
        copy.success = () => {
          throw thrown;
        };
        copy.error = (error) => {
          actions.push(error);
          resolve();
        };
        copy.authenticate({ method: 'POST', headers: {}, body: credentials });
      });
      expect(actions).toEqual([thrown]);
    });
  });

  it('P2: works on copies with the strategy for a prototype, many at a time', async () => {
    const users = Array.from({ length: 200 }, (_, at) => ({
      email: `user-${at}@example.com`,
      password: `password ${at}`,
    }));
    const strategy = new Strategy({ provider: fakeProvider({ users }) }, async ({ identity }) => {
      for (let turns = Math.random() * 5; turns > 0; turns -= 1) await Promise.resolve();
      return { id: identity.subject };
    });
    const done = await Promise.all(users.map((body) => performed(strategy, { body })));
    expect(done.map(({ args }) => args[0])).toEqual(users.map(({ email }) => ({ id: email })));
    expect(Object.keys(strategy)).not.toContain('success');
  });

  describe('P3: takes the first outcome of verify', () => {
    it('that is wrapped as in @nestjs/passport, with no parameters, and calls done', async () => {
      const wrapper = async (...params: unknown[]) => {
        const done = params.at(-1) as VerifyDone;
        await Promise.resolve();
        done(null, { wrapped: params.length });
      };
      expect(wrapper.length).toBe(0);
      const { action, args } = await performed(new Strategy({ provider: fakeProvider() }, wrapper), {
        body: credentials,
      });
      expect(action).toBe('success');
      expect(args[0]).toEqual({ wrapped: 2 });
    });

    it.each([
      ['a value', () => ({ id: 1 })],
      ['a promise', async () => ({ id: 1 })],
      ['done', (_result: unknown, done: VerifyDone) => done(null, { id: 1 })],
      ['late done', (_result: unknown, done: VerifyDone) => void setImmediate(() => done(null, { id: 1 }))],
    ])('that is %s', async (_name, verify) => {
      const { action, args } = await performed(new Strategy({ provider: fakeProvider() }, verify), {
        body: credentials,
      });
      expect([action, args[0]]).toEqual(['success', { id: 1 }]);
    });

    it.each([false, null, 0, ''])('that is %j, which refuses', async (user) => {
      const { action, args } = await performed(new Strategy({ provider: fakeProvider() }, () => user), {
        body: credentials,
      });
      const message = 'The e-mail address or the password is wrong.';
      expect({ action, args }).toEqual({
        action: 'fail',
        args: [{ code: 'invalid_credentials', message }, 401],
      });
    });

    it('and takes no timer for a user', async () => {
      const verify = (_result: unknown, done: VerifyDone) => setTimeout(() => done(null, false), 1);
      const { action } = await performed(new Strategy({ provider: fakeProvider() }, verify), {
        body: credentials,
      });
      expect(action).toBe('fail');
    });
  });

  describe('P4: does as passport-local', () => {
    it.each<[string, object]>([
      ['no body', {}],
      ['a body that is null', { body: null }],
      ['a body that is text', { body: 'email=a' }],
      ['no fields', { body: {} }],
      ['no e-mail address', { body: { password: 'x' } }],
      ['no password', { body: { email: 'user@example.com' } }],
      ['an empty e-mail address', { body: { ...credentials, email: '' } }],
      ['an empty password', { body: { ...credentials, password: '' } }],
      ['fields in the query only', { query: credentials }],
      ['a list for an e-mail address', { body: { ...credentials, email: ['user@example.com'] } }],
      ['an object for a password', { body: { ...credentials, password: { $ne: '' } } }],
      ['a number for a password', { body: { ...credentials, password: 12345678 } }],
      ['a list of codes', { body: { ...credentials, twoFactorCode: ['123456'] } }],
      ['an object for a recovery code', { body: { ...credentials, twoFactorRecoveryCode: {} } }],
      ['inherited fields', { body: Object.create(credentials) as object }],
      ['a file in place of a body', { body: Buffer.from('email=a') }],
    ])('fails with 400 for %s, and asks nobody', async (_name, request) => {
      const provider = fakeProvider();
      const done = await performed(new Strategy({ provider }), request);
      expect(done).toEqual({ action: 'fail', args: [missing, 400] });
      expect(provider.calls.signIn).toBe(0);
    });

    it('fails at once for them, in the same turn', () => {
      const copy = Object.create(new Strategy({ provider: fakeProvider() })) as Strategy;
      const fail = vi.fn();
      copy.fail = fail;
      copy.authenticate({ headers: {} });
      expect(fail).toHaveBeenCalledOnce();
    });

    it('takes the message for that from the call', async () => {
      const strategy = new Strategy({ provider: fakeProvider() });
      const done = await performed(strategy, {}, { badRequestMessage: 'Fill in both' });
      expect(done.args).toEqual([{ code: 'invalid_input', message: 'Fill in both' }, 400]);
    });

    it('has options for the fields', async () => {
      const strategy = new Strategy({
        provider: fakeProvider(),
        emailField: 'login',
        passwordField: 'secret',
      });
      const body = { login: credentials.email, secret: credentials.password };
      expect((await performed(strategy, { body })).action).toBe('success');
      expect((await performed(strategy, { body: credentials })).action).toBe('fail');
    });

    it.each([
      ['nested', { user: credentials }],
      ['flat', { 'user[email]': credentials.email, 'user[password]': credentials.password }],
    ])('finds fields inside others, in a body that is %s', async (_name, body) => {
      const names = { emailField: 'user[email]', passwordField: 'user[password]' };
      expect((await performed(new Strategy({ provider: fakeProvider(), ...names }), { body })).action).toBe(
        'success',
      );
    });

    it.each([
      '__proto__[x]',
      'constructor[name]',
      'a[__proto__][x]',
      '__proto__',
      'prototype',
      'toString[name]',
    ])('finds nothing under %s', async (emailField) => {
      const body: unknown = JSON.parse(
        '{"__proto__":{"x":"a@example.com"},"constructor":{"name":"a"},"prototype":"a","a":{"__proto__":{"x":"a"}},"password":"x"}',
      );
      const done = await performed(new Strategy({ provider: fakeProvider(), emailField }), { body });
      expect(done.args).toEqual([missing, 400]);
    });

    it('reads the query string where it is told to, after the body', async () => {
      const strategy = new Strategy({ provider: fakeProvider(), fromQuery: true });
      expect((await performed(strategy, { query: credentials })).action).toBe('success');
      const both = { body: { email: credentials.email }, query: { ...credentials, email: 'x@example.com' } };
      expect((await performed(strategy, both)).action).toBe('success');
      const listed = { body: { email: ['x'] }, query: credentials };
      expect((await performed(strategy, listed)).action).toBe('fail');
    });

    it('gives the request to verify where it is told to', async () => {
      const request = { body: credentials, ip: '192.0.2.1' };
      const strategy = new Strategy(
        { provider: fakeProvider(), passReqToCallback: true },
        ({ ip }, result, done) => {
          done(null, { ip, subject: result.identity.subject });
        },
      );
      expect((await performed(strategy, request)).args[0]).toEqual({
        ip: '192.0.2.1',
        subject: 'user@example.com',
      });
    });

    it('gives identity, account and grant to verify', async () => {
      const verify = vi.fn((_result: unknown, done: VerifyDone) => done(null, { id: 1 }));
      await performed(new Strategy({ provider: fakeProvider() }, verify), { body: credentials });
      const [result] = verify.mock.calls[0]!;
      expect(Object.keys(result as object)).toEqual(['identity', 'account', 'grant']);
      expect(JSON.stringify(result)).not.toContain('fake-access');
    });

    it('passes on the info of verify, with a user and without', async () => {
      const info = { message: 'Welcome' };
      const welcome = new Strategy({ provider: fakeProvider() }, (_result, done) =>
        done(null, { id: 1 }, info),
      );
      expect((await performed(welcome, { body: credentials })).args[1]).toBe(info);
      const refuse = new Strategy({ provider: fakeProvider() }, (_result, done) => done(null, false, info));
      expect(await performed(refuse, { body: credentials })).toEqual({ action: 'fail', args: [info, 401] });
    });

    it.each<[string, (done: VerifyDone, error: Error) => unknown]>([
      ['given to done', (done, error) => done(error)],
      ['thrown', (_done, error) => Promise.reject(error)],
    ])('passes on an error that is %s, the very same', async (_name, verify) => {
      const error = new Error('the database is down');
      const strategy = new Strategy({ provider: fakeProvider() }, (_result, done) => verify(done, error));
      const done = await performed(strategy, { body: credentials });
      expect(done.action).toBe('error');
      expect(done.args[0]).toBe(error);
    });
  });

  describe('P5: tells a no from a failure', () => {
    it.each<[ErrorCode, number]>([
      ['invalid_input', 400],
      ['not_signed_in', 401],
      ['invalid_credentials', 401],
      ['second_factor_required', 401],
      ['second_factor_invalid', 401],
      ['token_rejected', 401],
      ['account_locked', 429],
      ['rate_limited', 429],
      ['account_disabled', 403],
      ['entitlement_required', 403],
      ['provider_not_allowed', 403],
      ['csrf_rejected', 403],
      ['unknown_provider', 404],
    ])('fails with %s and %i', async (code, status) => {
      const provider = fakeProvider();
      provider.failNext(new LatchkeyError(code, { message: 'something internal', status: 418 }));
      const { action, args } = await performed(new Strategy({ provider }), { body: credentials });
      expect(action).toBe('fail');
      const [info, given] = args as [{ code: string; message: string }, number];
      expect([info.code, given]).toEqual([code, status]);
      expect(info.message).not.toContain('internal');
    });

    it.each<[ErrorCode, number]>([
      ['upstream_error', 502],
      ['invalid_response', 502],
      ['upstream_unavailable', 503],
      ['store_error', 503],
      ['closed', 503],
      ['timeout', 504],
      ['internal_error', 500],
      ['invalid_config', 500],
    ])('gives an error for %s, with the status %i', async (code, status) => {
      const provider = fakeProvider();
      const thrown = new LatchkeyError(code, { status: 418, retryAfterMs: 7, upstreamCode: 'X' });
      provider.failNext(thrown);
      const { action, args } = await performed(new Strategy({ provider }), { body: credentials });
      expect(action).toBe('error');
      const [error] = args;
      expect(isLatchkeyError(error, code)).toBe(true);
      const { message, retryable, stack } = thrown;
      expect(error).toMatchObject({ status, retryAfterMs: 7, upstreamCode: 'X', message, retryable, stack });
      expect((error as Error).cause).toBe(thrown);
      expect(thrown.status).toBe(418);
    });

    it("gives an error with the status 502 where the service's own credentials were refused", async () => {
      const provider = fakeProvider();
      provider.failNext(new LatchkeyError('invalid_credentials', { actor: 'service' }));
      const { action, args } = await performed(new Strategy({ provider }), { body: credentials });
      expect(action).toBe('error');
      expect(args[0]).toMatchObject({ status: 502, actor: 'service' });
    });

    it('takes a refusal that verify throws for one', async () => {
      const strategy = new Strategy({ provider: fakeProvider() }, () => {
        throw new LatchkeyError('entitlement_required');
      });
      const { action, args } = await performed(strategy, { body: credentials });
      expect([action, args[1]]).toEqual(['fail', 403]);
    });
  });

  describe('S3: checks where a sign-in comes from', () => {
    const from = (headers: Record<string, string>) => ({ body: credentials, headers });

    it.each([
      ['a program', {}],
      ['its own page', { 'sec-fetch-site': 'same-origin' }],
      ['its own page, by Origin', { origin: 'https://app.example.com', host: 'app.example.com' }],
      ['a page it names', { origin: 'https://other.example.com', host: 'app.example.com' }],
    ])('and lets in %s', async (_name, headers) => {
      const csrf = { origins: ['https://other.example.com'] };
      const done = await performed(new Strategy({ provider: fakeProvider(), csrf }), from(headers));
      expect(done.action).toBe('success');
    });

    it.each(['POST', 'GET'])('and refuses another site, by %s', async (method) => {
      const provider = fakeProvider();
      const request = { ...from({ 'sec-fetch-site': 'cross-site' }), method };
      const { action, args } = await performed(new Strategy({ provider }), request);
      expect(action).toBe('fail');
      expect(args).toMatchObject([{ code: 'csrf_rejected' }, 403]);
      expect(provider.calls.signIn).toBe(0);
      const unchecked = new Strategy({ provider, csrf: false });
      expect((await performed(unchecked, request)).action).toBe('success');
    });
  });

  it('passes codes on where they are given', async () => {
    const signIn = vi.fn(async () => Promise.reject(new LatchkeyError('second_factor_invalid')));
    const strategy = new Strategy({
      provider: { ...fakeProvider(), signIn },
      twoFactorField: 'code',
      twoFactorRecoveryField: 'recovery',
    });
    await performed(strategy, { body: { ...credentials, code: '123456', recovery: '' } });
    await performed(strategy, { body: { ...credentials, code: null, recovery: 'r' } });
    const given = signIn.mock.calls.map((call) => (call as unknown[])[0]);
    expect(given).toEqual([
      { ...credentials, twoFactorCode: '123456' },
      { ...credentials, twoFactorRecoveryCode: 'r' },
    ]);
  });

  it('names every wrong option at construction, and no value', () => {
    const options = {
      provider: {},
      emailField: '',
      timeoutMs: Infinity,
      passReqToCallback: 'yes',
      secret: 'canary',
      client: 'ip',
      cookie: { name: 'x' },
    };
    const made = () => new Strategy(options as never);
    expect(made).toThrow(/provider must be a provider/);
    expect(made).toThrow(/emailField must not be empty/);
    expect(made).toThrow(/timeoutMs/);
    expect(made).toThrow(/passReqToCallback must be true or false/);
    expect(made).toThrow(/client must be a function/);
    expect(made).toThrow(/has no "secret"/);
    expect(made).not.toThrow(/canary/);
    expect(() => new Strategy({ provider: fakeProvider(), csrf: { origins: ['x'] } })).toThrow(/origins/);
    expect(() => new Strategy({ provider: fakeProvider(), cookie: {} } as never)).toThrow(/cookie/);
    expect(() => new Strategy({ provider: fakeProvider() }, 'verify' as never)).toThrow(/must be a function/);
    expect(() => new Strategy((() => {}) as never)).toThrow(/Strategy cannot be used/);
  });
});
