import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  memoryStore,
  tokenSource,
  type LatchkeyEvent,
  type Store,
  type Token,
  type TokenSourceOptions,
} from '../src/index.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, gives, type ControlledProvider } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { processWith, type Process } from './faulty-store.js';
import { watched } from './managed.js';

let clock: VirtualClock;
let store: Store;
let acme: ControlledProvider;

beforeEach(() => {
  clock = virtualClock();
  store = memoryStore({ clock });
  acme = controlledProvider({ clock });
});

/** A source of the shared store; with a process it sees both as that does. */
function source(options: TokenSourceOptions = {}) {
  return tokenSource(acme.provider, anna, { store, clock, ...options });
}

function sourceIn(process: Process) {
  const { provider } = acme;
  const signIn: typeof provider.signIn = (...given) => process.seen(provider.signIn(...given));
  return tokenSource({ ...provider, signIn }, anna, { store: process.store, clock: process.clock });
}

/** A source that has a token, which is in the store. */
async function withToken(lifetimeMs = 3_600_000, options: TokenSourceOptions = {}) {
  const first = source(options);
  const call = first.getToken();
  await clock.advance(0);
  acme.pending.give({ lifetimeMs });
  return { first, token: await call };
}

describe('sources of one store', () => {
  it('X1: make one login together, and all get its token', async () => {
    const calls = Array.from({ length: 20 }, () => {
      const one = source();
      return [watched(one.getToken()), watched(one.getToken())];
    }).flat();
    await clock.advance(4_000);
    acme.pending.give();
    await clock.advance(150);
    expect(new Set(calls.map(({ value }) => value))).toEqual(new Set(['acme-access-1']));
    expect(acme.calls).toHaveLength(1);
    expect(clock.sleepers).toBe(0);
  });

  it('X1: take a token that is there, with its end', async () => {
    const { token } = await withToken();
    await clock.advance(1_000_000);
    const other = source();
    const taken = await other.getToken();
    expect(taken.value).toBe(token.value);
    expect(taken.expiresAt).toBe(token.expiresAt);
    expect(await other.account()).toEqual({ email: anna.email });
    expect(acme.calls).toHaveLength(1);
    // Its age counts from when it was given, not from when it was taken.
    await clock.advance(2_599_999);
    expect(other.peek()).toBe(taken);
    await clock.advance(1);
    expect(other.peek()).toBeUndefined();
  });

  it('T2: replace a token that is refused once, whichever of them is told first', async () => {
    const { first, token } = await withToken();
    const others = [source(), source(), source()];
    const theirs = await Promise.all(others.map((one) => one.getToken()));
    const calls = [
      watched(first.getToken({ rejected: token })),
      ...others.map((one, which) => watched(one.getToken({ rejected: theirs[which]! }))),
    ];
    await clock.advance(1_000);
    acme.pending.give();
    await clock.advance(150);
    const late = await source().getToken({ rejected: token });
    expect(new Set([...calls.map(({ value }) => value), late.value])).toEqual(new Set(['acme-access-2']));
    expect(acme.calls).toHaveLength(2);
  });

  it('T4: renew ahead of time once, and nobody waits', async () => {
    const { first, token } = await withToken();
    const others = [source(), source()];
    await Promise.all(others.map((one) => one.getToken()));
    await clock.advance(3_540_000);
    for (const one of [first, ...others]) expect((await one.getToken()).value).toBe(token.value);
    await clock.advance(500);
    acme.pending.give();
    await clock.advance(150);
    for (const one of [first, ...others]) expect(one.peek()?.value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T3: use a refresh token that is in the store, though the access token has ended', async () => {
    acme.settings.renewable = true;
    await withToken(10_000);
    await clock.advance(60_000);
    const call = watched(source().getToken());
    await clock.advance(0);
    expect(acme.pending).toMatchObject({ kind: 'renewal', refreshToken: 'acme-refresh-1' });
    acme.pending.give();
    await clock.advance(0);
    expect(call.value).toBe('acme-access-2');
  });

  it('T3: use the refresh token of the store rather than an older one', async () => {
    acme.settings.renewable = true;
    const { first, token } = await withToken(10_000);
    const other = source();
    await other.getToken();
    const renewal = watched(other.getToken({ rejected: token }));
    await clock.advance(0);
    acme.pending.give({ lifetimeMs: 10_000 });
    await clock.advance(20_000);
    expect(renewal.value).toBe('acme-access-2');
    const call = watched(first.getToken());
    await clock.advance(0);
    expect(acme.pending).toMatchObject({ kind: 'renewal', refreshToken: 'acme-refresh-2' });
    acme.pending.give();
    await clock.advance(0);
    expect(call.value).toBe('acme-access-3');
  });

  it('sign in where the refresh token of the store is refused', async () => {
    acme.settings.renewable = true;
    await withToken(10_000);
    await clock.advance(60_000);
    acme.settings.answer = (call) => (call.kind === 'renewal' ? call.fail('token_rejected') : call.give());
    expect((await source().getToken()).value).toBe('acme-access-2');
    expect(acme.calls.map(({ kind }) => kind)).toEqual(['sign-in', 'renewal', 'sign-in']);
  });

  it('T6: do not send a refresh token of the store again that was refused, while the login is held', async () => {
    acme.settings.renewable = true;
    await withToken(10_000);
    await clock.advance(60_000);
    acme.settings.answer = (call) =>
      call.fail(call.kind === 'renewal' ? 'token_rejected' : 'invalid_credentials');
    const other = source();
    for (let times = 0; times < 30; times += 1) {
      expect((await failureOf(other.getToken())).code).toBe('invalid_credentials');
      await clock.advance(1_000);
    }
    expect(acme.renewals).toHaveLength(1);
    expect(acme.signIns).toHaveLength(2);
  });

  it.each([
    'not JSON',
    '{"version":2}',
    '{"version":1,"provider":"other","accessToken":"x","issuedAt":1}',
    '',
  ])('X5: take what they cannot read for a miss: %j', async (text) => {
    const published = vi.spyOn(store, 'replace');
    const { token } = await withToken(10_000).catch(() => expect.fail('it failed'));
    const key = published.mock.calls[0]![0];
    expect(key).toMatch(/^token:[\w-]{43}$/);
    await store.set(key, text, { ttlMs: 1_000_000 });
    acme.settings.answer = gives;
    expect((await source().getToken()).value).not.toBe(token.value);
    expect(JSON.parse((await store.get(key))!)).toMatchObject({ accessToken: 'acme-access-2' });
  });
});

beforeEach(() => {
  // A store whose methods can be watched.
  store = { ...memoryStore({ clock }) };
});

describe('a token that is published', () => {
  it('X1: though the one before it has ended during the login', async () => {
    const { first, token } = await withToken(60_000);
    await clock.advance(59_000);
    const mine = watched(first.getToken({ rejected: token }));
    await clock.advance(2_000);
    const theirs = watched(source().getToken());
    await clock.advance(1_000);
    acme.pending.give();
    await clock.advance(200);
    expect([mine.value, theirs.value]).toEqual(['acme-access-2', 'acme-access-2']);
    expect(acme.calls).toHaveLength(2);
  });

  it('X2: by a holder that was held up does not overwrite a newer one, and the holder takes that', async () => {
    const slow = processWith(store, clock);
    const late = watched(sourceIn(slow).getToken());
    await clock.advance(0);
    const lateLogin = acme.pending;
    slow.pause();
    lateLogin.give();
    await clock.advance(5_001);
    const mine = watched(source().getToken());
    await clock.advance(0);
    acme.pending.give();
    await clock.advance(0);
    expect(mine.value).toBe('acme-access-2');
    slow.resume();
    await clock.advance(1_000);
    expect(late.value).toBe('acme-access-2');
    expect((await source().getToken()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('X1: by a holder that was killed never comes: the next one makes another login when the lease ends', async () => {
    const doomed = processWith(store, clock);
    sourceIn(doomed)
      .getToken()
      .catch(() => {});
    await clock.advance(0);
    const others = [source(), source(), source()].map((one) => watched(one.getToken()));
    await clock.advance(4_000);
    doomed.kill();
    acme.pending.give();
    await clock.advance(2_900);
    // The lease was extended at 3.3 s for the last time.
    expect(acme.calls).toHaveLength(1);
    await clock.advance(3_000);
    acme.pending.give();
    await clock.advance(200);
    expect(new Set(others.map(({ value }) => value))).toEqual(new Set(['acme-access-2']));
    expect(acme.calls).toHaveLength(2);
  });

  it('X1: nobody waits for longer than 15 s', async () => {
    sourceIn(processWith(store, clock))
      .getToken()
      .catch(() => {});
    await clock.advance(0);
    const unhandled = await unhandledDuring(async () => {
      const call = watched(source().getToken());
      await clock.advance(14_999);
      expect(call.state).toBe('waiting');
      await clock.advance(1);
      expect(call.error).toMatchObject({ code: 'timeout', actor: 'service', provider: 'acme' });
    });
    expect(unhandled).toEqual([]);
    expect(acme.calls).toHaveLength(1);
  });

  it('X1: nobody waits for 15 s a second time, where the renewal is refused for which it was waited', async () => {
    acme.settings.renewable = true;
    await withToken(10_000);
    await clock.advance(60_000);
    const taken = vi.spyOn(store, 'lease');
    watched(source().getToken());
    await clock.advance(0);
    const key = taken.mock.calls[0]![0];
    acme.pending.fail('timeout');
    await clock.advance(2_000);
    // Somebody else is at it, dies, and is followed by another who is no better.
    expect(await store.lease(key, { ttlMs: 14_000 })).toBeDefined();
    const waiting = watched(source().getToken());
    await clock.advance(14_200);
    store.lease = async () => undefined;
    acme.pending.fail('token_rejected');
    await clock.advance(1_000);
    expect(waiting.error).toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('15000') as string,
    });
    expect(acme.signIns).toHaveLength(1);
  });

  it('X3: while somebody else is at it, and the store begins to fail, is got without it', async () => {
    sourceIn(processWith(store, clock))
      .getToken()
      .catch(() => {});
    await clock.advance(0);
    const process = processWith(store, clock);
    const call = watched(sourceIn(process).getToken());
    await clock.advance(3_000);
    expect(acme.calls).toHaveLength(1);
    process.failing = () => true;
    await clock.advance(150);
    expect(acme.calls).toHaveLength(2);
    acme.open[1]!.give();
    await clock.advance(0);
    expect(call.value).toBe('acme-access-1');
  });

  it('X1: a holder that is slow keeps its lease, for as long as it takes', async () => {
    const mine = watched(source().getToken());
    await clock.advance(0);
    for (let times = 0; times < 30; times += 1) {
      watched(source().getToken());
      await clock.advance(2_000);
    }
    expect(acme.calls).toHaveLength(1);
    acme.pending.give();
    await clock.advance(0);
    expect(mine.value).toBe('acme-access-1');
  });
});

describe('a store that fails', () => {
  const methods = ['get', 'replace', 'lease', 'release', 'extend'] as const;

  it.each(methods)('X3: in %s is done without, and told of', async (method) => {
    const process = processWith(store, clock);
    process.failing = (called) => called === method;
    const told: string[] = [];
    const mine = tokenSource(acme.provider, anna, {
      store: process.store,
      clock,
      onEvent: ({ type, code }) => told.push(`${type} ${String(code)}`),
    });
    const call = watched(mine.getToken());
    await clock.advance(3_000);
    acme.pending.give();
    await clock.advance(0);
    expect(call.value).toBe('acme-access-1');
    if (method !== 'extend') expect(told).toContain('store-fallback store_error');
    expect(await mine.getToken()).toBe(call.token);
    acme.settings.answer = gives;
    const second = watched(mine.getToken({ rejected: call.token }));
    // A lease that could not be released ends by itself.
    await clock.advance(method === 'release' ? 5_150 : 0);
    expect(second.value).toBe('acme-access-2');
    await mine.close();
    expect(clock.sleepers).toBe(0);
  });

  it.each(['getMany', 'replace', 'lease'] as const)(
    'X3: to answer in %s is done without after a while',
    async (method) => {
      const told: string[] = [];
      const silent: Store = { ...store, [method]: () => new Promise(() => {}) };
      acme.settings.answer = gives;
      const onEvent = ({ type, code }: LatchkeyEvent) => told.push(`${type} ${String(code)}`);
      const call = watched(tokenSource(acme.provider, anna, { store: silent, clock, onEvent }).getToken());
      await clock.advance(20_000);
      expect(call.value).toBe('acme-access-1');
      expect(told).toContain('store-fallback store_error');
      expect(clock.sleepers).toBe(0);
    },
  );

  it('X3: in all of it leaves each source to itself, with one login each', async () => {
    const process = processWith(store, clock);
    process.failing = () => true;
    acme.settings.answer = gives;
    const mine = tokenSource(acme.provider, anna, { store: process.store, clock });
    const tokens = await Promise.all(Array.from({ length: 100 }, () => mine.getToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(acme.calls).toHaveLength(1);
  });

  it('T2: that could not take the new token does not give the refused one back', async () => {
    const process = processWith(store, clock);
    acme.settings.answer = gives;
    const mine = tokenSource(acme.provider, anna, { store: process.store, clock, renewFloorMs: 1 });
    const tokens: Token[] = [await mine.getToken()];
    process.failing = (method) => method === 'replace';
    for (let times = 0; times < 5; times += 1) {
      mine.accepted(tokens.at(-1)!);
      await clock.advance(1_000);
      tokens.push(await mine.getToken({ rejected: tokens.at(-1) }));
      mine.refreshCredentials();
      expect(await mine.getToken()).toBe(tokens.at(-1));
    }
    expect(new Set(tokens.map(({ value }) => value)).size).toBe(tokens.length);
  });

  it('T2: that missed a refusal does not bring the refused token back later', async () => {
    const process = processWith(store, clock);
    acme.settings.answer = gives;
    const mine = tokenSource(acme.provider, anna, { store: process.store, clock });
    const first = await mine.getToken();
    process.failing = (method) => method === 'get' || method === 'replace';
    const second = await mine.getToken({ rejected: first });
    mine.accepted(second);
    process.failing = () => false;
    await clock.advance(5_000);
    expect((await mine.getToken({ rejected: second })).value).toBe('acme-access-3');
  });

  it('X1: an account that JSON cannot hold is no reason to fail', async () => {
    const odd = { ...acme.provider };
    odd.signIn = async (credentials, options) => {
      const { createGrant } = await import('../src/index.js');
      const grant = await acme.provider.signIn(credentials, options);
      const account = { ...grant.account!, logins: 1n };
      return createGrant({
        provider: 'acme',
        accessToken: grant.accessToken,
        issuedAt: grant.issuedAt,
        account,
      });
    };
    acme.settings.answer = gives;
    expect((await tokenSource(odd, anna, { store }).getToken()).value).toBe('acme-access-1');
  });

  it('T6: a refused login is not made again during the hold, and the lease is free', async () => {
    const mine = source();
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    for (let times = 0; times < 5; times += 1) {
      expect((await failureOf(mine.getToken())).code).toBe('invalid_credentials');
      await clock.advance(1_000);
    }
    expect(acme.calls).toHaveLength(1);
    acme.settings.answer = gives;
    const other = source();
    other.refreshCredentials();
    expect((await other.getToken()).value).toBe('acme-access-1');
    // What another has published ends the waiting of who is held.
    expect((await mine.getToken()).value).toBe('acme-access-1');
  });
});

describe('machines whose clocks differ', () => {
  it.each([-3_600_000, 3_600_000])('T11: read a moment alike, %i ms apart', async (apartMs) => {
    const theirs = virtualClock({ startAt: clock.now() + apartMs });
    const far = { ...acme.provider, upstream: { ...acme.provider.upstream, skewMs: () => -apartMs } };
    const { token } = await withToken();
    const call = tokenSource(far, anna, { store, clock: theirs }).getToken();
    const taken = await call;
    expect(taken.value).toBe(token.value);
    expect(taken.expiresAt! - theirs.now()).toBe(token.expiresAt! - clock.now());
    expect(acme.calls).toHaveLength(1);
  });

  it('T11: a clock that was set forward costs one login at most, and one set back none', async () => {
    const { first, token } = await withToken();
    clock.setNow(clock.now() + 86_400_000);
    acme.settings.answer = gives;
    const others = [source(), source()];
    for (const one of others) expect((await one.getToken()).value).toBe('acme-access-2');
    expect(await first.getToken()).toBe(token);
    clock.setNow(clock.now() - 2 * 86_400_000);
    expect((await source().getToken()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });
});
