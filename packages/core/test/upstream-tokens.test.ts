import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createToken,
  createUpstream,
  createUpstreamTokens,
  defineProvider,
  LatchkeyError,
  memoryStore,
  type CallOptions,
  type LatchkeyEvent,
  type Store,
  type TokenSource,
  type UpstreamTokensOptions,
} from '../src/index.js';
import { fakeProvider, virtualClock, type VirtualClock } from '../src/testing/index.js';
import { z } from 'zod';
import { failureOf, shown, thrownBy, unhandledDuring } from './failures.js';

interface Account {
  readonly tenant: string;
}

/** One question to the provider, which the test answers. */
interface Question {
  readonly token: string;
  readonly signal: AbortSignal | undefined;
  answer(account: Account | undefined): void;
  fail(error: unknown): void;
}

const ours: Account = { tenant: 'ours' };
const client = '192.0.2.7';

function providerThat(
  verify: (token: string, options?: CallOptions) => Promise<Account | undefined>,
  clock: VirtualClock,
) {
  return defineProvider({
    name: 'acme',
    upstream: createUpstream({ name: 'acme', origin: 'http://localhost:9', clock }),
    credentials: z.object({}),
    signIn: () => Promise.reject(new Error('not asked for')),
    identify: ({ tenant }: Account) => ({ provider: 'acme', subject: tenant }),
    verifiesAudience: true,
    verify,
  });
}

/** Tokens of a provider whose every answer the test gives; or, with `answer`, gives beforehand. */
function setUp({
  answer,
  ...options
}: Partial<UpstreamTokensOptions<Account>> & {
  readonly answer?: (token: string) => Account | undefined;
} = {}) {
  const clock = virtualClock();
  const questions: Question[] = [];
  const events: LatchkeyEvent[] = [];
  const provider = providerThat(
    (token, { signal } = {}) =>
      new Promise((resolve, reject) => {
        questions.push({ token, signal, answer: resolve, fail: reject });
        if (answer) resolve(answer(token));
      }),
    clock,
  );
  const tokens = createUpstreamTokens({
    provider,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { clock, provider, questions, events, tokens };
}

const good = () => ours;
const bad = () => undefined;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('createUpstreamTokens', () => {
  it('tells whose a token is, and gives a source of it', async () => {
    const { tokens, provider, questions } = setUp({ answer: good });
    const held = await tokens.verify('abc', { client });
    expect(held).toMatchObject({ account: ours, identity: { provider: 'acme', subject: 'ours' } });
    expect(held?.source).toMatchObject({
      actor: 'user',
      origin: provider.origin,
      upstream: provider.upstream,
    });
    expect((await held?.source.getToken())?.value).toBe('abc');
    expect(questions.map(({ token }) => token)).toEqual(['abc']);
    expect(Object.isFrozen(tokens) && Object.isFrozen(held)).toBe(true);
  });

  it('knows the tokens of a fake provider', async () => {
    const provider = fakeProvider();
    const tokens = createUpstreamTokens({ provider, maxAgeMs: 0 });
    const { accessToken } = await provider.signIn({ email: 'user@example.com', password: 'correct horse' });
    expect((await tokens.verify(accessToken))?.identity.email).toBe('user@example.com');
    expect(await tokens.verify('fake-access-99')).toBeUndefined();
    provider.revokeTokens();
    expect(await tokens.verify(accessToken)).toBeUndefined();
    await tokens.close();
  });

  it.each<[unknown]>([
    ['a'.repeat(43)],
    ['Abc_-'.repeat(8) + 'xyz'],
    [''],
    ['a b'],
    ['a\r\nb'],
    ['\u00e4'],
    ['a'.repeat(16_385)],
    [undefined],
    [{}],
  ])('S3: %.50j is never shown to the provider', async (token) => {
    const { tokens, questions } = setUp({ answer: good });
    expect(await tokens.verify(token as string, { client })).toBeUndefined();
    expect(questions).toEqual([]);
  });

  it('refuses the accounts that are not of the application', async () => {
    const { tokens, questions } = setUp({
      answer: (token) => ({ tenant: token }),
      owns: async ({ tenant }) => tenant === 'ours',
    });
    expect((await tokens.verify('ours'))?.account.tenant).toBe('ours');
    expect(await tokens.verify('theirs')).toBeUndefined();
    expect(await tokens.verify('theirs')).toBeUndefined();
    expect(questions).toHaveLength(2);
  });

  it('F3: shows no token where it is printed', async () => {
    const { tokens, events } = setUp({ answer: good });
    const held = await tokens.verify('c4nary', { client });
    expect(inspect([tokens, held, events], { showHidden: true, depth: 9, getters: true })).not.toContain(
      'c4nary',
    );
    expect(JSON.stringify(held?.source)).not.toContain('c4nary');
  });
});

describe('answers', () => {
  it('hold for a minute, by the monotonic clock, good or not', async () => {
    const { clock, tokens, questions } = setUp({ answer: (token) => (token === 'good' ? ours : undefined) });
    const first = await tokens.verify('good');
    expect(await tokens.verify('bad')).toBeUndefined();
    await clock.advance(59_999);
    clock.setNow(0);
    expect(await tokens.verify('good')).toBe(first);
    expect(await tokens.verify('bad')).toBeUndefined();
    expect(questions).toHaveLength(2);
    await clock.advance(1);
    expect(await tokens.verify('good')).not.toBe(first);
    expect(await tokens.verify('bad')).toBeUndefined();
    expect(questions).toHaveLength(4);
  });

  it('hold from when they were asked for, not from when they came', async () => {
    const { clock, tokens, questions } = setUp({ maxAgeMs: 1_000 });
    const call = tokens.verify('abc');
    await clock.advance(600);
    questions[0]?.answer(ours);
    await call;
    await clock.advance(399);
    await tokens.verify('abc');
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    const again = tokens.verify('abc');
    await turn();
    expect(questions).toHaveLength(2);
    questions[1]?.answer(undefined);
    expect(await again).toBeUndefined();
  });

  it('hold no longer than the token says that it lives', async () => {
    const { clock, tokens, questions } = setUp({ answer: good });
    const jwt = (exp: unknown) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;
    const short = jwt(clock.now() / 1000 + 10);
    const odd = ['e30.e30.c2ln', 'a.b.c', 'a.bnVsbA.c', jwt('soon'), jwt(1e300)];
    for (const token of [short, ...odd]) await tokens.verify(token);
    await clock.advance(9_999);
    for (const token of [short, ...odd]) await tokens.verify(token);
    expect(questions).toHaveLength(6);
    await clock.advance(1);
    for (const token of [short, ...odd]) await tokens.verify(token);
    expect(questions.slice(6).map(({ token }) => token)).toEqual([short]);
  });

  it('are shared by all who ask meanwhile', async () => {
    const { tokens, questions } = setUp();
    const calls = Array.from({ length: 50 }, (_, index) =>
      tokens.verify('abc', index % 2 ? { client: `192.0.2.${index}` } : {}),
    );
    await turn();
    expect(questions).toHaveLength(1);
    questions[0]?.answer(ours);
    const [first, ...others] = await Promise.all(calls);
    for (const other of others) expect(other).toBe(first);
  });

  it('that came while a call waited to be admitted are not asked for again', async () => {
    const { tokens, questions } = setUp({ throttle: { tries: 1, perMs: 1_000 } });
    const first = tokens.verify('first', { client });
    const waiting = tokens.verify('abc', { client });
    const other = tokens.verify('abc');
    await turn();
    expect(questions.map(({ token }) => token).toSorted()).toEqual(['abc', 'first']);
    questions.find(({ token }) => token === 'abc')?.answer(ours);
    const held = await other;
    questions.find(({ token }) => token === 'first')?.answer(ours);
    await first;
    expect(await waiting).toBe(held);
    expect(questions).toHaveLength(2);
  });

  it('a failure of the provider rejects, and is not kept', async () => {
    const { tokens, questions } = setUp();
    for (const code of ['upstream_unavailable', 'timeout'] as const) {
      const call = failureOf(tokens.verify('abc', { client }));
      await turn();
      questions.at(-1)?.fail(new LatchkeyError(code));
      expect((await call).code).toBe(code);
    }
    const call = tokens.verify('abc', { client });
    await turn();
    questions.at(-1)?.answer(ours);
    expect((await call)?.account).toBe(ours);
    expect(questions).toHaveLength(3);
  });

  it('what owns() throws comes as it is, and is not kept', async () => {
    const reason = new Error('no database');
    const { tokens, questions } = setUp({ answer: good, owns: () => Promise.reject(reason) });
    await expect(tokens.verify('abc', { client })).rejects.toBe(reason);
    await expect(tokens.verify('abc', { client })).rejects.toBe(reason);
    expect(questions).toHaveLength(2);
  });

  it('10,000 of each kind are kept, and bad tokens push out no good ones', async () => {
    const { tokens, questions } = setUp({ answer: (token) => (token === 'good' ? ours : undefined) });
    await tokens.verify('good');
    for (let index = 0; index < 10_001; index += 1) await tokens.verify(`bad-${index}`);
    questions.length = 0;
    await tokens.verify('good');
    await tokens.verify('bad-10000');
    await tokens.verify('bad-1');
    expect(questions).toEqual([]);
    await tokens.verify('bad-0');
    expect(questions).toHaveLength(1);
  });

  it('a good one is forgotten when the provider refuses the token later', async () => {
    const { tokens, questions, events } = setUp({ answer: good });
    const held = await tokens.verify('abc');
    const another = createToken('another');
    expect((await held?.source.getToken({ rejected: another }))?.value).toBe('abc');
    const rejected = await held!.source.getToken();
    for (let times = 0; times < 3; times += 1) {
      const error = await failureOf(held!.source.getToken({ rejected }));
      expect(error).toMatchObject({ code: 'token_rejected', actor: 'user' });
    }
    expect(events.map(({ type }) => type)).toEqual(['rejected']);
    await tokens.verify('abc');
    expect(questions).toHaveLength(2);
  });
});

describe('a caller who leaves', () => {
  it.each([{}, { client }])('T13: leaves alone; with %j', async (who) => {
    const { tokens, questions } = setUp();
    const controller = new AbortController();
    const leaving = tokens.verify('abc', { ...who, signal: controller.signal });
    const staying = tokens.verify('abc', who);
    await turn();
    controller.abort('enough');
    await expect(leaving).rejects.toBe('enough');
    expect(questions[0]?.signal?.aborted).toBe(false);
    questions[0]?.answer(ours);
    expect((await staying)?.account).toBe(ours);
    expect(questions).toHaveLength(1);
  });

  it.each([{}, { client }])('T13: and is the last has the question given up; with %j', async (who) => {
    const { tokens, questions } = setUp();
    const controller = new AbortController();
    const unhandled = await unhandledDuring(async () => {
      const call = tokens.verify('abc', { ...who, signal: controller.signal });
      await turn();
      controller.abort('enough');
      await expect(call).rejects.toBe('enough');
      await turn();
      expect(questions[0]?.signal?.aborted).toBe(true);
      const next = tokens.verify('abc', who);
      await turn();
      expect(questions).toHaveLength(2);
      questions[0]?.fail(new LatchkeyError('timeout'));
      questions[1]?.answer(ours);
      expect((await next)?.account).toBe(ours);
    });
    expect(unhandled).toEqual([]);
  });

  it('T13: had left before asks nothing', async () => {
    const { tokens, questions } = setUp({ answer: good });
    await expect(tokens.verify('abc', { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    expect(questions).toEqual([]);
  });
});

describe('the throttle', () => {
  const throttle = { tries: 3, perMs: 1_000 };

  it('lets so many refused tokens of a client through, and says how long to wait', async () => {
    const { clock, tokens, questions, events } = setUp({ answer: bad, throttle });
    for (const token of ['a', 'b', 'c']) expect(await tokens.verify(token, { client })).toBeUndefined();
    await clock.advance(400);
    const error = await failureOf(tokens.verify('c4nary', { client }));
    expect(error).toMatchObject({ code: 'rate_limited', provider: 'acme', retryAfterMs: 600 });
    expect(shown(error)).not.toContain('c4nary');
    expect(events).toMatchObject([{ type: 'throttled', code: 'rate_limited', provider: 'acme' }]);
    expect(questions).toHaveLength(3);
    expect(await tokens.verify('d', { client: '192.0.2.8' })).toBeUndefined();
    expect(await tokens.verify('e')).toBeUndefined();
    expect(await tokens.verify('a', { client })).toBeUndefined();
    await clock.advance(600);
    expect(await tokens.verify('d2', { client })).toBeUndefined();
  });

  it('is 20 in 300 s by default, and none where it is false', async () => {
    const { clock, tokens } = setUp({ answer: bad });
    for (let index = 0; index < 20; index += 1) await tokens.verify(`${index}`, { client });
    await clock.advance(299_999);
    expect((await failureOf(tokens.verify('x', { client }))).code).toBe('rate_limited');
    const free = setUp({ answer: bad, throttle: false });
    for (let index = 0; index < 50; index += 1) await free.tokens.verify(`${index}`, { client });
    expect(free.questions).toHaveLength(50);
  });

  it('tells IPv6 clients apart by their first 64 bits', async () => {
    const { tokens } = setUp({ answer: bad, throttle: { tries: 1, perMs: 1_000 } });
    await tokens.verify('a', { client: '2001:db8::1' });
    expect((await failureOf(tokens.verify('b', { client: '2001:db8::2' }))).code).toBe('rate_limited');
    expect(await tokens.verify('c', { client: '2001:db8:0:1::1' })).toBeUndefined();
  });

  it('counts no good token, however many come at once', async () => {
    const { tokens, questions } = setUp({ answer: good, throttle });
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => tokens.verify(`good-${index % 10}`, { client })),
    );
    expect(questions).toHaveLength(10);
    for (let index = 0; index < 10; index += 1) await tokens.verify(`more-${index}`, { client });
  });

  it('counts a bad token once, however often it comes at once', async () => {
    const { tokens } = setUp({ answer: bad, throttle });
    await Promise.all(Array.from({ length: 30 }, () => tokens.verify('bad', { client })));
    expect(await tokens.verify('bad-2', { client })).toBeUndefined();
    expect(await tokens.verify('bad-3', { client })).toBeUndefined();
    expect((await failureOf(tokens.verify('bad-4', { client }))).code).toBe('rate_limited');
  });

  it('counts nothing where no answer came, and a clear no where one did', async () => {
    const { tokens, questions } = setUp({ throttle });
    const failing = async (error: LatchkeyError) => {
      const call = failureOf(tokens.verify('abc', { client }));
      await turn();
      questions.at(-1)?.fail(error);
      return (await call).code;
    };
    for (let times = 0; times < 5; times += 1)
      expect(await failing(new LatchkeyError('timeout'))).toBe('timeout');
    for (let times = 0; times < 3; times += 1)
      expect(await failing(new LatchkeyError('account_disabled'))).toBe('account_disabled');
    expect(await failing(new LatchkeyError('timeout'))).toBe('rate_limited');
  });

  it('counts what was asked by one who left: leaving early is no way round it', async () => {
    const { tokens, questions } = setUp({ throttle });
    for (let index = 0; index < 3; index += 1) {
      const controller = new AbortController();
      const call = tokens.verify(`${index}`, { client, signal: controller.signal });
      await turn();
      controller.abort('enough');
      await expect(call).rejects.toBe('enough');
      questions[index]?.fail(new LatchkeyError('timeout'));
      await turn();
    }
    expect((await failureOf(tokens.verify('x', { client }))).code).toBe('rate_limited');
  });

  it('S5: is shared by all with one store, names nobody there, and fails closed', async () => {
    const clock = virtualClock();
    const keys = new Set<string>();
    const inner = memoryStore({ clock });
    let isDown = false;
    const store: Store = {
      ...inner,
      take: (key, options) => {
        keys.add(key);
        return isDown ? Promise.reject(new Error('ECONNREFUSED')) : inner.take(key, options);
      },
    };
    const [one, other] = [
      setUp({ answer: bad, throttle, store, clock }),
      setUp({ answer: bad, throttle, store, clock }),
    ];
    await one.tokens.verify('a', { client });
    await other.tokens.verify('b', { client });
    await one.tokens.verify('c', { client });
    expect((await failureOf(other.tokens.verify('d', { client }))).code).toBe('rate_limited');
    expect([...keys]).toEqual([expect.stringMatching(/^throttle-token:[\w-]{43}$/)]);
    isDown = true;
    expect((await failureOf(one.tokens.verify('e', { client: '192.0.2.8' }))).code).toBe('store_error');
    expect(one.questions).toHaveLength(2);
    await one.tokens.close();
    isDown = false;
    expect((await store.take('throttle-token:x', { limit: 1, perMs: 1 })).taken).toBe(true);
  });
});

describe('what somebody with a token may use', () => {
  it('is asked for once by all who ask, and is none of a provider that has no entitlements', async () => {
    const fake = fakeProvider();
    const asked: (string | undefined)[] = [];
    const provider = {
      ...fake,
      entitlements: async (source: TokenSource, options: CallOptions & { readonly id?: string } = {}) => {
        asked.push(options.id);
        return [{ id: (await source.getToken()).value, active: true }];
      },
    };
    const { accessToken } = await fake.signIn({ email: 'user@example.com', password: 'correct horse' });
    const held = await createUpstreamTokens({ provider }).verify(accessToken);
    const lists = await Promise.all([
      held?.entitlements(),
      held?.entitlements(),
      held?.entitlements({ id: 'x' }),
    ]);
    expect(lists).toEqual(lists.map(() => [{ id: accessToken, active: true }]));
    expect(asked).toEqual([undefined, 'x']);
    expect(
      await (await createUpstreamTokens({ provider: fake }).verify(accessToken))?.entitlements(),
    ).toEqual([]);
  });

  it('T13: is not asked for once all is closed, and who waits is told', async () => {
    const fake = fakeProvider();
    const provider = { ...fake, entitlements: () => new Promise<never>(() => {}) };
    const tokens = createUpstreamTokens({ provider });
    const { accessToken } = await fake.signIn({ email: 'user@example.com', password: 'correct horse' });
    const held = await tokens.verify(accessToken);
    const waiting = held?.entitlements();
    await tokens.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(held?.entitlements()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('closing', () => {
  it('T13: ends what is under way and forgets all answers; twice is fine', async () => {
    const { tokens, questions } = setUp();
    const unhandled = await unhandledDuring(async () => {
      const calls = [tokens.verify('abc'), tokens.verify('def', { client })].map(failureOf);
      await turn();
      await tokens.close();
      for (const error of await Promise.all(calls))
        expect(error).toMatchObject({ code: 'closed', provider: 'acme' });
      for (const { signal, answer } of questions) {
        expect(signal?.aborted).toBe(true);
        answer(ours);
      }
      await turn();
      expect((await failureOf(tokens.verify('abc'))).code).toBe('closed');
      await tokens[Symbol.asyncDispose]();
    });
    expect(unhandled).toEqual([]);
  });
});

describe('the options', () => {
  const provider = fakeProvider();
  const { verify: _, ...unverifying } = provider;
  const { verifiesAudience: __, ...unproven } = provider;

  it.each<[string, unknown, string]>([
    ['no provider', {}, 'provider'],
    ['a provider of nothing', { provider: {} }, 'provider'],
    ['a provider without verify', { provider: unverifying }, 'verify()'],
    ['a provider of many tenants, and no owns', { provider: unproven }, 'owns'],
    ['a provider that says it is of many', { provider: { ...provider, verifiesAudience: false } }, 'owns'],
    ['an owns that is none', { provider: unproven, owns: true }, 'owns'],
    ['a negative age', { provider, maxAgeMs: -1 }, 'maxAgeMs'],
    ['no tries', { provider, throttle: { tries: 0, perMs: 1 } }, 'throttle'],
    ['a throttle of true', { provider, throttle: true }, 'throttle'],
    ['a store that is none', { provider, store: {} }, 'store'],
    ['a clock that is none', { provider, clock: Date }, 'clock'],
    ['a listener that is none', { provider, onEvent: 1 }, 'onEvent'],
    ['something else', { provider, c4nary: 1 }, 'c4nary'],
  ])('%s is refused', (_name, options, problem) => {
    const error = thrownBy(() => createUpstreamTokens(options as UpstreamTokensOptions));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toContain(problem);
  });

  it('a provider of many tenants will do with owns', async () => {
    const tokens = createUpstreamTokens({
      provider: unproven,
      owns: ({ email }) => email.endsWith('@example.com'),
    });
    expect(await tokens.verify('abc')).toBeUndefined();
  });
});
