import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LatchkeyError, tokenSource } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, bert, controlledProvider, type TestCredentials } from './controlled-provider.js';
import { failureOf, shown } from './failures.js';
import { managed, watched, type Managed } from './managed.js';

/** A source with a function that gives its credentials, and how often that was called. */
function asking(settings: Parameters<typeof managed>[0] = {}) {
  let asked = 0;
  let credentials: TestCredentials = anna;
  const set = managed({
    ...settings,
    credentials: async () => {
      asked += 1;
      return credentials;
    },
  });
  return {
    ...set,
    change: (other: TestCredentials) => (credentials = other),
    get asked() {
      return asked;
    },
  };
}

const calls = async ({ clock, source }: Managed, times: number, everyMs: number) => {
  for (let time = 0; time < times; time += 1) {
    await Promise.allSettled([source.getToken(), source.getToken()]);
    await clock.advance(everyMs);
  }
};

describe('a function that gives the credentials', () => {
  it('is not called before the first call, once for the login, and not for a token at hand', async () => {
    const set = asking();
    expect(set.asked).toBe(0);
    await calls(set, 100, 1_000);
    set.source.peek();
    expect(set.asked).toBe(1);
  });

  it('is called once for each login, one in the background included', async () => {
    const set = asking({ lifetimeMs: 100_000 });
    await calls(set, 400, 1_000);
    expect(set.acme.calls.length).toBeGreaterThan(3);
    expect(set.asked).toBe(set.acme.calls.length);
  });

  it('is not called for a renewal with a refresh token, and once where that is refused', async () => {
    const set = asking({ renewable: true, lifetimeMs: 100_000 });
    await calls(set, 400, 1_000);
    expect(set.acme.renewals.length).toBeGreaterThan(2);
    expect(set.asked).toBe(1);
    set.acme.settings.answer = (call) =>
      call.kind === 'renewal' ? call.fail('token_rejected') : call.give();
    await set.source.getToken({ rejected: set.source.peek()! });
    expect(set.asked).toBe(2);
  });

  it('is called at each call while the last was refused, and once for those who call together', async () => {
    const set = asking({ answer: (call) => call.fail('invalid_credentials') });
    await calls(set, 50, 1_000);
    expect(set.acme.calls).toHaveLength(1);
    expect(set.asked).toBe(50);
    await set.clock.advance(10_000);
    await calls(set, 1, 0);
    expect(set.acme.calls).toHaveLength(2);
    expect(set.asked).toBe(51);
  });

  it('is called no more often than logins are made while the provider is down', async () => {
    const set = asking({ answer: (call) => call.fail('upstream_unavailable') });
    await calls(set, 100, 10);
    expect(set.acme.calls.length).toBeLessThanOrEqual(3);
    expect(set.asked).toBe(set.acme.calls.length);
  });

  it('is called no more often than logins are made while a valid token cannot be renewed', async () => {
    const set = asking();
    await set.source.getToken();
    set.acme.settings.answer = (call) => call.fail('upstream_unavailable');
    await set.clock.advance(3_540_000);
    await calls(set, 120, 1_000);
    expect(set.asked).toBe(set.acme.calls.length);
  });

  it('is not called while tokens that are refused at once are held', async () => {
    const set = asking();
    const second = await set.source.getToken({ rejected: await set.source.getToken() });
    await failureOf(set.source.getToken({ rejected: second }));
    await calls(set, 50, 1_000);
    expect(set.acme.calls).toHaveLength(2);
    expect(set.asked).toBe(2);
  });

  it('is called once more after refreshCredentials, and the token is kept where nothing has changed', async () => {
    const set = asking();
    const token = await set.source.getToken();
    set.source.refreshCredentials();
    set.source.refreshCredentials();
    expect(set.asked).toBe(1);
    expect(await Promise.all([set.source.getToken(), set.source.getToken()])).toEqual([token, token]);
    expect(set.source.peek()).toBe(token);
    await calls(set, 10, 1_000);
    expect(set.asked).toBe(2);
    expect(set.acme.calls).toHaveLength(1);
  });

  it.each([{ ignoresSignal: false }, { ignoresSignal: true }])(
    'is called again after refreshCredentials, though a login is under way, ignoresSignal: $ignoresSignal',
    async (settings) => {
      const set = asking({ answer: undefined, ...settings });
      const before = watched(set.source.getToken());
      await set.clock.advance(0);
      set.change(bert);
      set.source.refreshCredentials();
      const after = watched(set.source.getToken());
      for (let times = 0; times < 2; times += 1) {
        await set.clock.advance(0);
        set.acme.open
          .filter(({ email }) => email === anna.email)
          .forEach((call) => call.fail('invalid_credentials'));
        set.acme.open.filter(({ email }) => email === bert.email).forEach((call) => call.give());
      }
      await set.clock.advance(0);
      // Neither the token nor the refusal of the credentials before.
      expect(after.value).toBe('acme-access-1');
      expect(before.state).not.toBe('waiting');
      expect(set.acme.calls.map(({ email }) => email)).toEqual([anna.email, bert.email]);
      expect(set.asked).toBe(2);
    },
  );

  it('is called once for a token that was refused after refreshCredentials', async () => {
    const set = asking();
    const token = await set.source.getToken();
    set.source.refreshCredentials();
    expect((await set.source.getToken({ rejected: token })).value).toBe('acme-access-2');
    expect(set.asked).toBe(2);
  });

  it('gives no token back that has ended meanwhile', async () => {
    const set = asking({ lifetimeMs: 60_000 });
    await set.source.getToken();
    set.source.refreshCredentials();
    await set.clock.advance(60_000);
    expect((await set.source.getToken()).value).toBe('acme-access-2');
    expect(set.asked).toBe(2);
  });

  it('gives the code of the moment, where a login had to wait', async () => {
    let code = 0;
    const set = managed({ credentials: () => ({ ...anna, code: String((code += 1)) }) });
    const first = await set.source.getToken();
    set.source.accepted(first);
    const second = await set.source.getToken({ rejected: first });
    set.source.accepted(second);
    const third = set.source.getToken({ rejected: second });
    await set.clock.advance(1_000);
    await third;
    expect(set.acme.calls.map((call) => call.code)).toEqual(['1', '2', '3']);
  });
});

describe('credentials that a schema changes', () => {
  it('reach the provider as they do from its own signIn', async () => {
    const schema = z.object({
      email: z.string(),
      password: z.string().transform((text) => `${text}!`),
    });
    const clock = virtualClock();
    const acme = controlledProvider({
      clock,
      schema: schema,
      answer: (call) => call.give(),
    });
    await acme.provider.signIn(anna);
    await tokenSource(acme.provider, anna).getToken();
    expect(acme.calls.map(({ password }) => password)).toEqual(Array(2).fill(`${anna.password}!`));
  });
});

describe('credentials that cannot be had', () => {
  it.each<[string, () => never | Promise<never>]>([
    ['throws', () => fail(new Error('the vault is shut'))],
    ['rejects', () => Promise.reject(new Error('the vault is shut'))],
    ['throws what is no error', () => fail('the vault is shut')],
  ])(
    'are internal_error where the function %s; nothing is sent, and the next call asks again',
    async (_what, no) => {
      let isShut = true;
      const { acme, source, events } = managed({ credentials: () => (isShut ? no() : anna) });
      const error = await failureOf(source.getToken());
      expect(error).toMatchObject({ code: 'internal_error', actor: 'service', provider: 'acme' });
      expect(error.message).toBe(
        'The credentials for acme could not be had: the function that gives them failed.',
      );
      expect(acme.calls).toEqual([]);
      isShut = false;
      expect((await source.getToken()).value).toBe('acme-access-1');
      expect(events.map(({ type }) => type)).toEqual(['sign-in']);
    },
  );

  it('F3: are an error that tells nothing of the ones before', async () => {
    let isShut = false;
    const { source } = managed({
      credentials: () =>
        isShut ? fail(new Error(`no newer one than ${anna.password} for ${anna.email}`)) : anna,
    });
    await source.getToken();
    isShut = true;
    source.refreshCredentials();
    const error = await failureOf(source.getToken());
    expect(error.code).toBe('internal_error');
    expect(shown(error)).not.toMatch(/correct-horse|anna@/);
  });

  it('are an error of ours where the function throws one, said to be of the service', async () => {
    const { source } = managed({
      credentials: () => Promise.reject(new LatchkeyError('store_error', { provider: 'vault' })),
    });
    expect(await failureOf(source.getToken())).toMatchObject({
      code: 'store_error',
      provider: 'vault',
      actor: 'service',
    });
  });

  it.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['a text', 'anna@example.com:hidden-password'],
    ['a list', ['anna@example.com', 'hidden-password']],
    ['without a password', { email: 'anna@example.com' }],
    ['with a password that is no text', { email: 'anna@example.com', password: ['hidden-password'] }],
    ['with an empty password', { email: 'anna@example.com', password: '' }],
    [
      'with a password that is too long',
      { email: 'anna@example.com', password: 'hidden-password'.repeat(99) },
    ],
    ['with NUL in it', { email: 'anna@example.com', password: 'hidden-password\0' }],
    ['with a lone surrogate', { email: 'anna@example.com', password: 'hidden-password\ud800' }],
    ['with a field too many', { ...anna, password: 'hidden-password', admin: true }],
    [
      'with __proto__',
      JSON.parse('{"email":"anna@example.com","password":"hidden-password","__proto__":{"a":1}}'),
    ],
  ])('F4: are invalid_input at the first call, and nothing is sent: %s', async (_what, credentials) => {
    for (const given of [credentials as TestCredentials, () => credentials as TestCredentials]) {
      const { acme, source, events } = managed({ credentials: given });
      const error = await failureOf(source.getToken());
      expect(error).toMatchObject({ code: 'invalid_input', actor: 'service', provider: 'acme' });
      expect(error.message).toMatch(/^The credentials for acme cannot be used: /);
      expect(shown(error)).not.toMatch(/hidden-password/);
      expect(acme.calls).toEqual([]);
      expect(events).toEqual([]);
    }
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('tell every problem in one message', async () => {
    const { source } = managed({ credentials: { email: '', password: '' } });
    const { message } = await failureOf(source.getToken());
    expect(message).toMatch(/email .*; password /);
  });
});

function fail(thrown: unknown): never {
  throw thrown;
}
