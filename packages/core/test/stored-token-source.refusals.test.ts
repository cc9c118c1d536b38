import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  LatchkeyError,
  memoryStore,
  tokenSource,
  type ErrorCode,
  type LatchkeyEvent,
  type ManagedTokenSource,
  type Store,
  type TokenSourceOptions,
} from '../src/index.js';
import { isErrorCode } from '../src/error-code.js';
import { isRefusal } from '../src/refusal.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, gives, type ControlledProvider } from './controlled-provider.js';
import { failureOf, shown } from './failures.js';
import { processWith } from './faulty-store.js';
import { watched } from './managed.js';
import { seeded } from './seeded.js';

const second = 1_000;
const minute = 60 * second;

let clock: VirtualClock;
let kept: Store;
/** What was asked of the store, as `method kind`. */
let asked: string[];
/** The same store, with what is asked of it noted. */
let store: Store;
let acme: ControlledProvider;
let refusalKey: string | undefined;

beforeEach(() => {
  clock = virtualClock();
  kept = memoryStore({ clock });
  asked = [];
  refusalKey = undefined;
  acme = controlledProvider({ clock, answer: refuses() });
  store = {
    get: (key) => (note('get', key), kept.get(key)),
    getMany: (keys) => (note('getMany', ...keys), kept.getMany!(keys)),
    set: (key, value, options) => (note('set', key), kept.set(key, value, options)),
    delete: (key) => (note('delete', key), kept.delete(key)),
    replace: (key, ...rest) => (note('replace', key), kept.replace(key, ...rest)),
    take: (key, options) => kept.take(key, options),
    lease: (key, options) => (note('lease', key), kept.lease(key, options)),
  };
});

function note(method: string, ...keys: string[]) {
  const refusals = keys.find((key) => key.startsWith('refusal:'));
  refusalKey ??= refusals;
  asked.push([method, ...keys.map((key) => key.split(':')[0])].join(' '));
}

function refuses(code: ErrorCode = 'invalid_credentials', details: object = {}) {
  return (call: { fail(error: Error): void }) =>
    call.fail(new LatchkeyError(code, { provider: 'acme', ...details }));
}

interface Told {
  readonly source: ManagedTokenSource;
  /** The length of each hold that it told of. */
  holds(): (number | undefined)[];
}

/** A source of the shared store, as another process has one. */
function process(options: TokenSourceOptions = {}, provider = acme.provider, credentials = anna): Told {
  const events: LatchkeyEvent[] = [];
  const onEvent = (event: LatchkeyEvent) => events.push(event);
  const source = tokenSource(provider, credentials, { store, clock, onEvent, ...options });
  return {
    source,
    holds: () => events.filter(({ type }) => type === 'hold').map(({ holdMs }) => holdMs),
  };
}

const record = async () =>
  JSON.parse((await kept.get(refusalKey!)) ?? 'null') as Record<string, unknown> | null;

/** Has each of the sources called a number of times at once, and gives the codes that the calls failed with. */
async function codesOf(sources: readonly Told[], times = 1): Promise<Set<string>> {
  const calls = sources.flatMap(({ source }) =>
    Array.from({ length: times }, () => watched(source.getToken())),
  );
  await clock.advance(200);
  return new Set(calls.map(({ error, value }) => value ?? (error as LatchkeyError).code));
}

describe('credentials that are refused to sources of one store', () => {
  it('X6: cost one login in the whole hold, and one after it, which doubles the hold for all', async () => {
    const all = Array.from({ length: 8 }, () => process());
    for (const [which, heldMs] of [minute, 2 * minute, 4 * minute].entries()) {
      const endsAt = clock.monotonic() + heldMs;
      while (clock.monotonic() < endsAt) {
        expect(await codesOf(all, 50)).toEqual(new Set(['invalid_credentials']));
        expect(acme.calls).toHaveLength(which + 1);
        await clock.advance(Math.min(9_800, endsAt - clock.monotonic()));
      }
    }
    const told = all.map(({ holds }) => holds().map((ms) => Math.round(ms! / minute)));
    // Each has told of each hold once, be it its own or taken over.
    expect(told).toEqual(all.map(() => [1, 2, 4]));
  });

  it('X6: that is 15 minutes at most, and remembered for as long beyond the hold', async () => {
    for (const heldMs of [60, 120, 240, 480, 900, 900]) {
      const one = process();
      await failureOf(one.source.getToken());
      expect(one.holds()).toEqual([heldMs * second]);
      await clock.advance(heldMs * second - 1);
      await failureOf(process().source.getToken());
      await clock.advance(1);
    }
    expect(acme.calls).toHaveLength(6);
    await clock.advance(15 * minute);
    expect(await record()).toBeNull();
    const last = process();
    await failureOf(last.source.getToken());
    expect(last.holds()).toEqual([minute]);
  });

  it('X6: are held with an equal error, without a lease', async () => {
    acme.settings.answer = refuses('upstream_error', { status: 422, upstreamCode: 'no-such-plan' });
    const first = await failureOf(process().source.getToken());
    asked.length = 0;
    const other = process();
    for (const _ of [1, 2, 3]) {
      const error = await failureOf(other.source.getToken());
      const { code, status, upstreamCode, provider, actor, retryable } = first;
      expect(error).toMatchObject({ code, status, upstreamCode, provider, actor, retryable });
      expect(error.message).toMatch(
        /^acme refused these credentials to another process, .*answered with an error\.$/,
      );
      expect('retryAfterMs' in error).toBe(false);
    }
    // One look for each call, since somebody else may have got a token.
    expect(asked).toEqual(Array(3).fill('getMany token refusal'));
    expect(other.holds()).toEqual([minute]);
    expect(acme.calls).toHaveLength(1);
  });

  it('X6: are held in who waits for the login, too', async () => {
    acme.settings.answer = undefined;
    const calls = Array.from({ length: 5 }, () => watched(process().source.getToken()));
    await clock.advance(4_000);
    acme.pending.fail('second_factor_required');
    await clock.advance(150);
    for (const { error } of calls) expect(error).toMatchObject({ code: 'second_factor_required' });
    expect(acme.calls).toHaveLength(1);
  });

  it.each<[ErrorCode, object]>([
    ['rate_limited', { status: 429, retryAfterMs: minute }],
    ['upstream_error', { status: 500 }],
    ['timeout', {}],
    ['upstream_unavailable', {}],
  ])('X6: %s is no refusal and leaves nothing in the store', async (code, details) => {
    acme.settings.answer = refuses(code, details);
    for (const one of [process(), process()])
      expect((await failureOf(one.source.getToken())).code).toBe(code);
    expect(acme.calls).toHaveLength(2);
    expect(await record()).toBeNull();
  });

  it('X6: are held where they differ in what works once only, and not where they differ in the password', async () => {
    await failureOf(process({}, acme.provider, { ...anna, code: '1' }).source.getToken());
    await failureOf(process({}, acme.provider, { ...anna, code: '2' }).source.getToken());
    expect(acme.calls).toHaveLength(1);
    await failureOf(process({}, acme.provider, { ...anna, password: 'another-one' }).source.getToken());
    expect(acme.calls).toHaveLength(2);
  });

  it('X6: when the account is locked are held for as long as the provider said, and told what is left of it', async () => {
    acme.settings.answer = refuses('account_locked', { retryAfterMs: 30 * minute });
    await failureOf(process().source.getToken());
    await clock.advance(10 * minute);
    const { source, holds } = process();
    expect(await failureOf(source.getToken())).toMatchObject({
      code: 'account_locked',
      retryAfterMs: 20 * minute,
    });
    await clock.advance(20 * minute - 1);
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'account_locked', retryAfterMs: 1 });
    expect(acme.calls).toHaveLength(1);
    await clock.advance(1);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(2);
    expect(holds()).toEqual([20 * minute, 30 * minute]);
  });

  it('F3: leave nothing in the store but codes and numbers', async () => {
    const details = {
      status: 401,
      upstreamCode: 'bad-password',
      message: `${anna.email}: ${anna.password} is wrong`,
      retryAfterMs: 5_000,
      cause: new Error(anna.password),
    };
    acme.settings.answer = refuses('invalid_credentials', details);
    await failureOf(process().source.getToken());
    const [now, until] = [clock.now(), clock.now() + minute];
    expect(await record()).toEqual({
      version: 1,
      provider: 'acme',
      code: 'invalid_credentials',
      status: 401,
      upstreamCode: 'bad-password',
      retryAt: now + 5_000,
      holdMs: minute,
      until,
      nextMs: 2 * minute,
    });
    expect(refusalKey).toMatch(/^refusal:[\w-]{43}$/);
    const theirs = await failureOf(process().source.getToken());
    expect(shown(theirs)).not.toMatch(/correct-horse|anna@|is wrong"/);
    acme.settings.answer = refuses('invalid_credentials', { upstreamCode: `no ${anna.password}` });
    await clock.advance(minute);
    await failureOf(process().source.getToken());
    expect(await record()).not.toHaveProperty('upstreamCode');
  });
});

describe('a sign-in that succeeds after a refusal', () => {
  it('X6: clears it for all: no hold is left, and the next one is the first', async () => {
    const [one, other, third] = [process(), process(), process()];
    await codesOf([one, other, third]);
    await clock.advance(minute);
    acme.settings.answer = gives;
    const token = await one.source.getToken();
    expect(await record()).toBeNull();
    for (const { source } of [other, third]) expect((await source.getToken()).value).toBe(token.value);
    acme.settings.answer = refuses();
    const error = await failureOf(other.source.getToken({ rejected: token }));
    expect(error.code).toBe('invalid_credentials');
    await failureOf(third.source.getToken({ rejected: token }));
    expect([one, other, third].map(({ holds }) => holds().at(-1))).toEqual([minute, minute, minute]);
    expect(acme.calls).toHaveLength(3);
  });

  it('X6: lifts a hold that still lasts elsewhere, once its token was seen there', async () => {
    acme.settings.answer = refuses('account_locked', { retryAfterMs: 60 * minute });
    const [one, other] = [process(), process()];
    await codesOf([one, other]);
    acme.settings.answer = (call) => call.give({ lifetimeMs: minute });
    one.source.refreshCredentials();
    const token = await one.source.getToken();
    // A good token wins over the refusal.
    expect((await other.source.getToken()).value).toBe(token.value);
    await clock.advance(minute);
    expect((await other.source.getToken()).value).toBe('acme-access-2');
  });

  it('X6: a good token in the store wins over a refusal there', async () => {
    acme.settings.answer = gives;
    const { source } = process();
    const token = await source.getToken();
    acme.settings.answer = refuses();
    await failureOf(source.getToken({ rejected: token }));
    expect(await record()).toMatchObject({ code: 'invalid_credentials' });
    const other = process();
    expect((await other.source.getToken()).value).toBe(token.value);
    expect((await failureOf(source.getToken())).code).toBe('invalid_credentials');
    expect(other.holds()).toEqual([]);
    // Told that the token is refused, it finds the refusal of the credentials, too.
    expect((await failureOf(other.source.getToken({ rejected: token }))).code).toBe('invalid_credentials');
    expect(acme.calls).toHaveLength(2);
  });

  it('X6: a renewal says nothing of the password, and leaves the refusal', async () => {
    acme.settings.renewable = true;
    acme.settings.answer = gives;
    const { source } = process();
    const other = process();
    await source.getToken();
    const theirs = await other.source.getToken();
    acme.settings.answer = (call) => (call.kind === 'renewal' ? call.give() : refuses()(call));
    await clock.advance(second);
    await kept.set(
      refusalKey!,
      JSON.stringify({
        version: 1,
        provider: 'acme',
        code: 'invalid_credentials',
        holdMs: minute,
        until: clock.now() + minute,
        nextMs: 2 * minute,
      }),
      { ttlMs: 10 * minute },
    );
    expect((await other.source.getToken({ rejected: theirs })).value).toBe('acme-access-2');
    expect(await record()).toMatchObject({ code: 'invalid_credentials' });
  });
});

describe('refreshCredentials', () => {
  it('X6: has the provider asked again, though others wrote the refusal, and begins the hold anew', async () => {
    const [one, other] = [process(), process()];
    await codesOf([one, other]);
    await clock.advance(minute);
    await codesOf([one, other]);
    other.source.refreshCredentials();
    await failureOf(other.source.getToken());
    expect(acme.calls).toHaveLength(3);
    expect(other.holds().at(-1)).toBe(minute);
    await failureOf(one.source.getToken());
    await failureOf(other.source.getToken());
    expect(one.holds().at(-1)).toBe(minute);
    expect(await record()).toMatchObject({ holdMs: minute, nextMs: 2 * minute });
    expect(acme.calls).toHaveLength(3);
  });

  it('X6: does so before the first call, too, and success removes what others wrote', async () => {
    const one = process();
    await failureOf(one.source.getToken());
    const { source } = process();
    await clock.advance(second);
    source.refreshCredentials();
    acme.settings.answer = gives;
    expect((await source.getToken()).value).toBe('acme-access-1');
    expect(await record()).toBeNull();
    expect((await one.source.getToken()).value).toBe('acme-access-1');
  });

  it('X6: has the provider asked, where the refusal was not known here before', async () => {
    acme.settings.answer = gives;
    const [one, other] = [process(), process()];
    const token = await one.source.getToken();
    await other.source.getToken();
    acme.settings.answer = refuses();
    await failureOf(other.source.getToken({ rejected: token }));
    await clock.advance(second);
    one.source.refreshCredentials();
    acme.settings.answer = gives;
    expect((await one.source.getToken({ rejected: token })).value).toBe('acme-access-2');
    expect(await record()).toBeNull();
  });

  it('X6: in all processes at once costs one login', async () => {
    const all = Array.from({ length: 8 }, () => process());
    await codesOf(all);
    await clock.advance(second);
    for (const { source } of all) source.refreshCredentials();
    await clock.advance(1);
    await codesOf(all, 50);
    expect(acme.calls).toHaveLength(2);
  });

  it('X6: leaves the refusal to the others where the provider fails', async () => {
    const one = process();
    await failureOf(one.source.getToken());
    acme.settings.answer = refuses('timeout');
    one.source.refreshCredentials();
    expect((await failureOf(one.source.getToken())).code).toBe('timeout');
    expect((await failureOf(process().source.getToken())).code).toBe('invalid_credentials');
    expect(acme.calls).toHaveLength(2);
  });
});

describe('machines whose clocks differ', () => {
  it.each([-60 * minute, 60 * minute])('T11: hold for the same time, %i ms apart', async (apartMs) => {
    const theirs = virtualClock({ startAt: clock.now() + apartMs });
    const far = { ...acme.provider, upstream: { ...acme.provider.upstream, skewMs: () => -apartMs } };
    await failureOf(process().source.getToken());
    await Promise.all([clock.advance(20 * second), theirs.advance(20 * second)]);
    const { source, holds } = process({ clock: theirs }, far);
    expect((await failureOf(source.getToken())).code).toBe('invalid_credentials');
    expect(holds()).toEqual([40 * second]);
    await Promise.all([clock.advance(40 * second), theirs.advance(40 * second)]);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(2);
    expect(holds().at(-1)).toBe(2 * minute);
  });

  it('T11: by how much is not known hold for no longer than the hold is', async () => {
    const late = virtualClock({ startAt: clock.now() - 60 * minute });
    await failureOf(process().source.getToken());
    const { source, holds } = process({ clock: late });
    await failureOf(source.getToken());
    expect(holds()).toEqual([minute]);
    await late.advance(minute);
    await failureOf(source.getToken());
    expect(acme.calls).toHaveLength(2);
  });
});

describe('a store that fails', () => {
  it.each(['get', 'set', 'delete', 'lease', 'release', 'replace', 'all'] as const)(
    'X3: in %s leaves each process its own hold',
    async (failing) => {
      const cut = processWith(kept, clock);
      cut.failing = (method) => failing === 'all' || method === failing;
      const one = process({ store: cut.store });
      for (let times = 0; times < 59; times += 1) {
        expect(await codesOf([one], 5)).toEqual(new Set(['invalid_credentials']));
        await clock.advance(800);
      }
      expect(acme.calls).toHaveLength(1);
      expect(one.holds()).toEqual([minute]);
      await clock.advance(6 * second);
      acme.settings.answer = gives;
      expect(await codesOf([one], 5)).toEqual(new Set(['acme-access-1']));
      expect(acme.calls).toHaveLength(2);
    },
  );

  it.each(['getMany', 'set', 'delete'] as const)(
    'X3: to answer in %s is done without after a while',
    async (method) => {
      const silent: Store = { ...store, [method]: () => new Promise(() => {}) };
      const one = process({ store: silent });
      const refused = watched(one.source.getToken());
      await clock.advance(11 * second);
      expect(refused.error).toMatchObject({ code: 'invalid_credentials' });
      await clock.advance(minute);
      acme.settings.answer = gives;
      const given = watched(one.source.getToken());
      await clock.advance(11 * second);
      expect(given.value).toBe('acme-access-1');
      expect(clock.sleepers).toBe(0);
    },
  );

  it('X3: to take a refusal does not lift its hold, since the one before stands there', async () => {
    const cut = processWith(kept, clock);
    const one = process({ store: cut.store });
    await failureOf(one.source.getToken());
    await clock.advance(minute);
    cut.failing = (method) => method === 'set';
    await failureOf(one.source.getToken());
    cut.failing = () => false;
    await clock.advance(minute);
    await failureOf(one.source.getToken());
    expect(acme.calls).toHaveLength(2);
    await clock.advance(minute);
    await failureOf(one.source.getToken());
    expect(one.holds()).toEqual([minute, 2 * minute, 4 * minute]);
  });

  it('X3: to remove a refusal does not bring it back in who has signed in since', async () => {
    const cut = processWith(kept, clock);
    const one = process({ store: cut.store });
    await failureOf(one.source.getToken());
    one.source.refreshCredentials();
    cut.failing = (method) => method === 'delete';
    acme.settings.answer = gives;
    const token = await one.source.getToken();
    await clock.advance(5 * second);
    expect((await one.source.getToken({ rejected: token })).value).toBe('acme-access-2');
  });

  it('X6: a store without getMany does', async () => {
    const { getMany: _, ...plain } = kept;
    await failureOf(process({ store: plain }).source.getToken());
    await failureOf(process({ store: plain }).source.getToken());
    expect(acme.calls).toHaveLength(1);
  });

  it('X6: a holder that was killed before it wrote the refusal costs one more login', async () => {
    acme.settings.answer = undefined;
    const doomed = processWith(kept, clock);
    const { provider } = acme;
    const signIn: typeof provider.signIn = (...given) => doomed.seen(provider.signIn(...given));
    process({ store: doomed.store, clock: doomed.clock }, { ...provider, signIn })
      .source.getToken()
      .catch(() => {});
    await clock.advance(0);
    const others = [process(), process(), process()].map(({ source }) => watched(source.getToken()));
    doomed.kill();
    acme.settings.answer = refuses();
    acme.pending.fail('invalid_credentials');
    await clock.advance(6 * second);
    for (const { error } of others) expect(error).toMatchObject({ code: 'invalid_credentials' });
    expect(acme.calls).toHaveLength(2);
  });
});

describe('what stands where a refusal should', () => {
  const moment = fc.integer({ min: -minute, max: 48 * 60 * minute }).map((ms) => Date.UTC(2026, 0, 1) + ms);
  const lengthMs = fc.constantFrom(1, 1_000, minute, 3_600_000, 1e15, 1e308);
  const field = {
    version: fc.constantFrom(2, '1', undefined),
    provider: fc.constantFrom('other', undefined, null),
    code: fc.constantFrom('timeout', 'rate_limited', 'toString', '__proto__', 7, undefined),
    status: fc.constantFrom(429, 500, 1e9, '401', -1, null),
    upstreamCode: fc.constantFrom('not plain\r\n', 5, null),
    retryAt: fc.constantFrom('soon', null, 1e308, -1e308, 0),
    holdMs: fc.constantFrom(0, -1, '60000', null, undefined),
    until: fc.constantFrom('soon', null, undefined, 1e308, -1e308, 0),
    nextMs: fc.constantFrom(0, -1, '60000', null, undefined),
    ['__proto__']: fc.constant({ code: 'account_disabled', polluted: true }),
  };
  const good = fc.record({
    version: fc.constant(1),
    provider: fc.constant('acme'),
    code: fc.constantFrom('invalid_credentials', 'account_locked'),
    status: fc.constantFrom(undefined, 401),
    upstreamCode: fc.constantFrom(undefined, 'plain'),
    retryAt: fc.option(moment, { nil: undefined }),
    holdMs: lengthMs,
    until: moment,
    nextMs: lengthMs,
  });
  const likeness = fc
    .tuple(good, fc.option(fc.oneof(...Object.keys(field).map((name) => odd(name as keyof typeof field)))))
    .map(([fields, wrong]) => `${JSON.stringify(fields).slice(0, -1)}${wrong ? `,${wrong}` : ''}}`);

  /** A field that is wrong, after the right one of that name; `undefined` is no JSON at all. */
  function odd(name: keyof typeof field) {
    const values: fc.Arbitrary<unknown> = field[name];
    return values.map((value) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  const garbage = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom('{}', 'null', '[]', '{"__proto__":{"version":1}}', 'x'.repeat(100_000)),
    { weight: 5, arbitrary: likeness },
  );

  it('F2, F4: is a refusal that holds for a while, or nothing, whatever it is', async () => {
    let [held, ignored] = [0, 0];
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        clock = virtualClock();
        kept = memoryStore({ clock });
        const key = refusalKey;
        acme = controlledProvider({ clock, answer: gives });
        const { source, holds } = process();
        if (key) await kept.set(key, text, { ttlMs: 365 * 86_400_000 });
        const call = watched(source.getToken());
        await clock.advance(0);
        expect(({} as { polluted?: true }).polluted).toBeUndefined();
        if (call.value) {
          ignored += 1;
          expect(holds()).toEqual([]);
          return;
        }
        held += 1;
        const { code, upstreamCode, retryAfterMs = 0 } = call.error as LatchkeyError;
        expect(isRefusal(call.error)).toBe(true);
        expect([undefined, 'plain']).toContain(upstreamCode);
        expect(isErrorCode(code)).toBe(true);
        const found = JSON.parse(text) as Record<string, unknown>;
        expect(found).toMatchObject({ version: 1, provider: 'acme', code });
        for (const ms of [found['holdMs'], found['nextMs']]) expect(ms).toBeGreaterThan(0);
        const mostMs = code === 'account_locked' ? 24 * 60 * minute : 15 * minute;
        expect(retryAfterMs).toBeLessThanOrEqual(24 * 60 * minute);
        expect(holds()).toHaveLength(1);
        expect(holds()[0]).toBeLessThanOrEqual(mostMs);
        await clock.advance(holds()[0]!);
        expect((await source.getToken()).value).toBe('acme-access-1');
      }),
      seeded('texts where a refusal should be', 400),
    );
    console.log(`${held} of them held, ${ignored} were ignored`);
    expect(Math.min(held, ignored)).toBeGreaterThan(0);
  });
});
