import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createGrant,
  isLatchkeyError,
  LatchkeyError,
  tokenSource,
  type GetTokenOptions,
  type Grant,
  type TokenSourceOptions,
} from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, gives, type TestAccount } from './controlled-provider.js';
import { failureOf, thrownBy } from './failures.js';
import { managed, watched } from './managed.js';

describe('a token source', () => {
  it('is of the origin and the upstream of its provider, and stands for a service', () => {
    const { acme, source } = managed();
    expect(source.origin).toBe(acme.provider.origin);
    expect(source.upstream).toBe(acme.provider.upstream);
    expect(source.actor).toBe('service');
    expect(Object.isFrozen(source)).toBe(true);
  });

  it('gives the token of the sign-in, with its end', async () => {
    const { clock, source } = managed();
    const token = await source.getToken();
    expect(token.value).toBe('acme-access-1');
    expect(token.expiresAt).toBe(clock.now() + 3_600_000);
    expect(source.peek()).toBe(token);
  });

  it('takes the clock of the provider where it is given none, and else its own', async () => {
    const [theirs, mine] = [virtualClock(), virtualClock()];
    const acme = controlledProvider({ clock: theirs, answer: gives });
    const sources = [tokenSource(acme.provider, anna), tokenSource(acme.provider, anna, { clock: mine })];
    await Promise.all(sources.map((source) => source.getToken()));
    await theirs.advance(3_600_000);
    expect(sources.map((source) => source.peek() !== undefined)).toEqual([false, true]);
    await mine.advance(3_600_000);
    expect(sources[1]?.peek()).toBeUndefined();
  });

  it('has methods that can be taken off it', async () => {
    const { getToken, peek, accepted, refreshCredentials, account, close } = managed().source;
    const token = await getToken();
    accepted(token);
    refreshCredentials();
    await account();
    expect(peek()).toBe(token);
    await close();
  });

  it('works with the provider of @latchkey/core/testing', async () => {
    const fake = fakeProvider({ clock: virtualClock(), renewable: true });
    const source = tokenSource(fake, { email: 'user@example.com', password: 'correct horse' });
    const first = await source.getToken();
    expect(await source.account()).toEqual({ email: 'user@example.com', name: 'user@example.com' });
    const second = await source.getToken({ rejected: first });
    expect(second.value).not.toBe(first.value);
    expect(fake.calls).toEqual({ signIn: 1, renew: 1 });
  });
});

describe('the account of a token source', () => {
  /** A source whose provider tells the account with a call, which the test decides. */
  function accounted(account: (grant: Grant<TestAccount>, signal?: AbortSignal) => Promise<TestAccount>) {
    const acme = controlledProvider({ clock: virtualClock(), answer: gives });
    const telling = {
      ...acme.provider,
      account: (grant, options) => account(grant, options?.signal),
    } as typeof acme.provider;
    return { acme, source: tokenSource(telling, anna) };
  }

  it('is that of the sign-in, where it tells', async () => {
    const { acme, source } = managed();
    expect(await source.account()).toEqual({ email: anna.email });
    expect(await source.account()).toEqual({ email: anna.email });
    expect(acme.calls).toHaveLength(1);
  });

  it('is asked for with one renewal where the token is refused', async () => {
    const seen: string[] = [];
    const { acme, source } = accounted(async ({ accessToken }) => {
      seen.push(accessToken);
      if (seen.length === 1) throw new LatchkeyError('token_rejected', { provider: 'acme' });
      return { email: 'told@example.com' };
    });
    expect(await source.account()).toEqual({ email: 'told@example.com' });
    expect(seen).toEqual(['acme-access-1', 'acme-access-2']);
    expect(acme.calls).toHaveLength(2);
  });

  it.each(['token_rejected', 'upstream_unavailable', 'timeout'] as const)(
    'S9: that cannot be had is an error of the service: %s',
    async (code) => {
      let asked = 0;
      const { source } = accounted(async () => {
        asked += 1;
        throw new LatchkeyError(code, { provider: 'acme', actor: 'user' });
      });
      expect(await failureOf(source.account())).toMatchObject({ code, actor: 'service' });
      expect(asked).toBe(code === 'token_rejected' ? 2 : 1);
    },
  );

  it.each([1, 2])('T3: rejects with the reason of an abort as it came, during call %i', async (which) => {
    let asked = 0;
    const { source } = accounted((_grant, signal) => {
      asked += 1;
      if (asked < which) return Promise.reject(new LatchkeyError('token_rejected'));
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    });
    const controller = new AbortController();
    const call = source.account({ signal: controller.signal }).catch((error: unknown) => error);
    for (let turns = 0; asked < which && turns < 100; turns += 1) await Promise.resolve();
    expect(asked).toBe(which);
    const reason = new LatchkeyError('timeout');
    controller.abort(reason);
    expect(await call).toBe(reason);
  });

  it('T3: rejects with the reason of an abort while it waits for the login', async () => {
    const { source } = managed({ answer: undefined });
    const controller = new AbortController();
    const call = source.account({ signal: controller.signal });
    controller.abort('why');
    await expect(call).rejects.toBe('why');
  });
});

describe('the options of a token source', () => {
  const { provider } = controlledProvider({ clock: virtualClock() });
  const sourceWith = (options: unknown) => tokenSource(provider, anna, options as TokenSourceOptions);

  it.each<[string, unknown]>([
    ['renewAheadMs', -1],
    ['renewAheadMs', NaN],
    ['renewAheadMs', Infinity],
    ['renewAheadMs', '60000'],
    ['renewFloorMs', 0],
    ['renewFloorMs', -1],
    ['renewFloorMs', null],
    ['unknownLifetimeMs', 0],
    ['refusalHoldMs', 0],
    ['refusalHoldMs', Infinity],
    ['refusalHoldMaxMs', -5],
    ['refusalHoldMaxMs', 0],
    ['clock', {}],
    ['clock', Date],
    ['store', {}],
    ['store', new Map()],
    ['onEvent', 'console.log'],
    ['renewAhead', 5],
  ])('must be right: %s is not %j', (name, value) => {
    const error = thrownBy(() => sourceWith({ [name]: value }));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toMatch(/^The options of tokenSource\(\) cannot be used: /);
    expect(error.message).toContain(name);
  });

  it('must go together: the longest hold is not below the first', () => {
    expect(thrownBy(() => sourceWith({ refusalHoldMs: 60_000, refusalHoldMaxMs: 10_000 })).message).toContain(
      'refusalHoldMaxMs must not be below refusalHoldMs',
    );
    expect(() => sourceWith({ refusalHoldMs: 3_600_000 })).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['a token that is a text', { rejected: 'acme-access-1' }],
    ['a token without a value', { rejected: {} }],
    ['a token that is null', { rejected: null }],
    ['a signal that is none', { signal: 'stop' }],
    ['a signal that is null', { signal: null }],
  ])('F4: of getToken must be right, and are invalid_input else: %s', async (_what, options) => {
    const { acme, source } = managed();
    const get = (given: unknown) => source.getToken(given as GetTokenOptions);
    expect((await failureOf(get(options))).code).toBe('invalid_input');
    expect(acme.calls).toEqual([]);
    expect((await get(null)).value).toBe('acme-access-1');
    if ('rejected' in (options as object)) {
      expect((await failureOf(get(options))).code).toBe('invalid_input');
    }
    expect(acme.calls).toHaveLength(1);
  });

  it('tell every problem in one message, and no value', () => {
    const { message } = thrownBy(() =>
      sourceWith({
        renewFloorMs: 0,
        store: { password: 'hidden' },
        clock: 'hidden',
        onEvent: 5,
        nonsense: 1,
      }),
    );
    for (const name of ['renewFloorMs', 'store', 'clock', 'onEvent', 'nonsense'])
      expect(message).toContain(name);
    expect(message).not.toContain('hidden');
  });

  it.each([null, 5, 'text', []])('must be an object: %j', (options) => {
    expect(thrownBy(() => sourceWith(options)).code).toBe('invalid_config');
  });

  it('may be undefined, each and all', async () => {
    const source = sourceWith({
      store: undefined,
      clock: undefined,
      onEvent: undefined,
      renewAheadMs: undefined,
    });
    await source.close();
    await tokenSource(provider, anna, undefined).close();
  });

  const nothing = () => undefined;
  const signing = { signIn: nothing, account: nothing };
  it.each([
    undefined,
    null,
    {},
    'acme',
    () => {},
    { signIn: nothing },
    signing,
    { ...signing, upstream: null },
  ])('need a provider: %j', (wrong) => {
    const error = thrownBy(() => tokenSource(wrong as never, anna));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toContain('provider must be made with defineProvider()');
  });
});

describe('secrets', () => {
  it('F3: shows nothing of its credentials and tokens when it is printed', async () => {
    const { source } = managed({ renewable: true });
    const token = await source.getToken();
    for (const thing of [source, token, await source.getToken({ rejected: token })]) {
      const printed =
        inspect(thing, { showHidden: true, getters: true, depth: Infinity }) + JSON.stringify(thing);
      expect(printed).not.toMatch(/acme-(access|refresh)-|correct-horse/);
    }
  });

  it('F3: a provider that fails with what it was given in the message tells none of it', async () => {
    const { acme, source } = managed({ answer: undefined, renewable: true });
    const fails = async (call: Promise<unknown>, secrets: string[]) => {
      const error = await failureOf(call);
      const printed =
        inspect(error, { showHidden: true, getters: true, depth: Infinity }) +
        JSON.stringify(error) +
        String(error.stack);
      for (const secret of secrets) expect(printed).not.toContain(secret);
      expect(error).toMatchObject({ code: 'internal_error', actor: 'service' });
    };
    const first = source.getToken();
    await Promise.resolve();
    setImmediate(() => acme.pending.fail(new Error(`POST {"password":"${anna.password}"} failed`)));
    await fails(first, [anna.password, anna.email]);
    acme.settings.answer = gives;
    const token = await source.getToken();
    acme.settings.answer = (call) => call.fail(new Error(`refresh ${call.refreshToken} failed`));
    await fails(source.getToken({ rejected: token }), ['acme-refresh-1', token.value]);
  });

  it('S9: errors say that a service has failed, with all that was known of it', async () => {
    const thrown = new LatchkeyError('account_locked', {
      provider: 'acme',
      message: 'as it was said',
      status: 423,
      upstreamCode: 'LOCKED',
      retryAfterMs: 5_000,
      cause: new Error('the cause'),
    });
    const { source } = managed({ answer: (call) => call.fail(thrown) });
    const error = await failureOf(source.getToken());
    expect(error).toMatchObject({
      code: 'account_locked',
      actor: 'service',
      provider: 'acme',
      message: 'as it was said',
      status: 423,
      upstreamCode: 'LOCKED',
      retryAfterMs: 5_000,
    });
    expect(error.cause).toBe(thrown.cause);
    expect(error.stack).toBe(thrown.stack);
    expect(thrown.actor).toBeUndefined();
    expect(isLatchkeyError(error)).toBe(true);
  });

  it('gives its token with a grant that does not show, though it is there for the provider', async () => {
    const { source } = managed({ renewable: true });
    const token = (await source.getToken()) as { grant?: Grant };
    expect(token.grant?.refreshToken).toBe('acme-refresh-1');
    expect(Object.keys(token)).toEqual(['expiresAt']);
  });

  it('a token without an end has none', async () => {
    const { source } = managed({ lifetimeMs: undefined });
    expect('expiresAt' in (await source.getToken())).toBe(false);
    expect(watched(source.getToken()).state).toBe('waiting');
    expect(() => createGrant({ provider: 'acme', accessToken: '', issuedAt: 1 })).toThrow();
  });
});
