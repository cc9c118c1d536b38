import { describe, expect, it } from 'vitest';
import { LatchkeyError, memoryStore } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, gives } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { hour, meddledStore, sessionWorld, settle, watched } from './session-fixtures.js';

const failed = () => {
  throw new Error('connection lost');
};

describe('sessions that renew', () => {
  it.each([1, 2])('S7: 100 concurrent requests in %d processes make one renewal', async (processes) => {
    const { clock, acme, sessions, another, signedIn } = sessionWorld({ renewable: true });
    const all = [sessions, another()].slice(0, processes);
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const gets = Array.from({ length: 100 }, (_, at) => all[at % processes]!.get(id));
    await clock.advance(50);
    acme.pending.give();
    await clock.advance(1_000);
    const found = await Promise.all(gets);
    expect(found.every((session) => session?.identity.subject === anna.email)).toBe(true);
    const values = await Promise.all(found.map(async (session) => (await session!.source.getToken()).value));
    expect(new Set(values)).toEqual(new Set([acme.renewals[0]!.gave]));
    expect(acme.renewals).toHaveLength(1);
  });

  it('S7: 100 requests that report one refused token make one renewal, and are told of once', async () => {
    const { acme, sessions, signedIn, told } = sessionWorld({ renewable: true });
    const session = (await sessions.get(await signedIn()))!;
    const rejected = await session.source.getToken();
    const tokens = await Promise.all(
      Array.from({ length: 100 }, () => session.source.getToken({ rejected })),
    );
    expect(new Set(tokens.map(({ value }) => value))).toEqual(new Set([acme.renewals[0]!.gave]));
    expect(told()).toEqual(['sign-in', 'session-start', 'rejected', 'renewal']);
  });

  it('S7: get never waits while the token is valid', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour - 1);
    acme.settings.answer = undefined;
    expect(await sessions.get(id)).toBeDefined();
    expect(acme.renewals).toEqual([]);
  });

  it.each(['invalid_credentials', 'token_rejected', 'account_disabled'] as const)(
    'S7: a renewal that is refused with %s ends the session',
    async (code) => {
      const { clock, acme, sessions, another, signedIn, told } = sessionWorld({ renewable: true });
      const id = await signedIn();
      await clock.advance(hour);
      acme.settings.answer = (call) => call.fail(code);
      expect(await sessions.get(id)).toBeUndefined();
      expect(await another().get(id)).toBeUndefined();
      expect(acme.renewals).toHaveLength(1);
      expect(told()).toEqual(['sign-in', 'session-start', 'renewal-failed', 'session-end']);
    },
  );

  it.each(['upstream_unavailable', 'timeout', 'rate_limited', 'upstream_error'] as const)(
    'S9: a renewal that fails with %s signs nobody out, and is tried again after a second',
    async (code) => {
      const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
      const id = await signedIn();
      await clock.advance(hour);
      acme.settings.answer = (call) => call.fail(code);
      for (let times = 0; times < 5; times += 1) {
        expect(await failureOf(sessions.get(id))).toMatchObject({ code, actor: 'user' });
      }
      expect(acme.renewals).toHaveLength(1);
      await clock.advance(1_000);
      acme.settings.answer = gives;
      expect(await sessions.get(id)).toBeDefined();
      expect(acme.renewals).toHaveLength(2);
    },
  );

  it('T3: aborting some of those who wait leaves the others', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const leaving = new AbortController();
    const gone = sessions.get(id, { signal: leaving.signal });
    const staying = sessions.get(id);
    await settle();
    const reason = new Error('left');
    leaving.abort(reason);
    await expect(gone).rejects.toBe(reason);
    acme.pending.give();
    expect(await staying).toBeDefined();
    expect(acme.renewals).toHaveLength(1);
  });

  it('T3: the last who leaves before anything was sent stops the renewal', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true, clock, store });
    const id = await signedIn();
    await clock.advance(hour);
    store.before = (method) => (method === 'lease' ? clock.sleep(100) : undefined);
    const leaving = new AbortController();
    const gone = watched(sessions.get(id, { signal: leaving.signal }));
    await clock.advance(50);
    leaving.abort();
    await clock.advance(1_000);
    expect(gone.state).toBe('rejected');
    expect(acme.renewals).toEqual([]);
    expect(await watchedAfter(sessions.get(id), clock, 200)).toBeDefined();
    expect(acme.renewals).toHaveLength(1);
  });

  it('T3: the result of a renewal that was sent is kept, though all have left', async () => {
    const { clock, acme, sessions, another, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const leaving = new AbortController();
    const gone = watched(sessions.get(id, { signal: leaving.signal }));
    await settle();
    leaving.abort();
    await settle();
    expect(gone.state).toBe('rejected');
    expect(acme.pending.signal?.aborted ?? false).toBe(false);
    acme.pending.give();
    await settle();
    for (const one of [sessions, another()]) {
      const session = await one.get(id);
      expect((await session!.source.getToken()).value).toBe(acme.renewals[0]!.gave);
    }
    expect(acme.renewals).toHaveLength(1);
  });

  it('T3: who comes when all have left waits for the renewal that was sent', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const leaving = new AbortController();
    const gone = watched(sessions.get(id, { signal: leaving.signal }));
    await settle();
    leaving.abort();
    await settle();
    const next = sessions.get(id);
    await clock.advance(300);
    acme.pending.give();
    await clock.advance(300);
    expect(await next).toBeDefined();
    expect(gone.state).toBe('rejected');
    expect(acme.renewals).toHaveLength(1);
  });

  it('T3: who comes when all have left is given that renewal, though the store failed when it was to be written', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true, clock, store });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const leaving = new AbortController();
    const gone = watched(sessions.get(id, { signal: leaving.signal }));
    await settle();
    leaving.abort();
    await settle();
    const next = watched(sessions.get(id));
    await clock.advance(300);
    store.before = (method) => (method === 'replace' ? failed() : undefined);
    acme.settings.answer = (call) => call.fail('token_rejected'); // the refresh token was used up
    acme.pending.give();
    await settle();
    store.before = () => {};
    await clock.advance(300);
    expect(gone.state).toBe('rejected');
    expect(acme.renewals).toHaveLength(1);
    expect(next.state).not.toBe('pending');
    expect(await sessions.get(id)).toBeDefined();
  });

  it('a renewed grant is not lost where the store fails at writing it, and is written later', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock, store });
    const id = await signedIn();
    await clock.advance(hour);
    store.before = (method) => (method === 'replace' ? failed() : undefined);
    expect(await failureOf(sessions.get(id))).toMatchObject({ code: 'store_error' });
    expect(await failureOf(sessions.get(id))).toMatchObject({ code: 'store_error' });
    store.before = () => {};
    const session = await sessions.get(id);
    expect((await session!.source.getToken()).value).toBe(acme.renewals[0]!.gave);
    const elsewhere = await another().get(id);
    expect((await elsewhere!.source.getToken()).value).toBe(acme.renewals[0]!.gave);
    expect(acme.renewals).toHaveLength(1);
  });

  it('a renewed grant that could not be written is not lost when another process writes that the session is in use', async () => {
    const clock = virtualClock();
    const base = memoryStore({ clock });
    const store = meddledStore(base);
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock, store });
    const other = another({ store: base, idleMs: hour });
    const id = await signedIn();
    const { source } = (await sessions.get(id))!;
    const rejected = await source.getToken();
    await clock.advance(hour / 2);
    store.before = (method) => (method === 'replace' ? failed() : undefined);
    const renewed = await source.getToken({ rejected });
    store.before = () => {};
    expect(await other.get(id)).toBeDefined(); // writes that the session is in use
    const session = await sessions.get(id);
    expect((await session!.source.getToken()).value).toBe(renewed.value);
    expect(acme.renewals).toHaveLength(1);
  });

  it('a holder of the lease that goes no further costs one more renewal', async () => {
    const clock = virtualClock();
    const base = memoryStore({ clock });
    const dead = meddledStore(base);
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock, store: base });
    const killed = another({ store: dead, clock: { ...clock, sleep: () => new Promise(() => {}) } });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const lost = watched(killed.get(id));
    await settle();
    dead.before = () => new Promise(() => {});
    acme.settings.answer = gives;
    const others = watched(Promise.all(Array.from({ length: 50 }, () => sessions.get(id))));
    await clock.advance(4_900);
    expect(others.state).toBe('pending');
    await clock.advance(500);
    expect(others.value?.every((session) => session !== undefined)).toBe(true);
    expect(acme.renewals).toHaveLength(2);
    expect(lost.state).toBe('pending');
  });

  it('X2: a holder that was held up beyond its lease overwrites nothing newer', async () => {
    const clock = virtualClock();
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock });
    const slow = another({ clock: { ...clock, sleep: () => new Promise(() => {}) } });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const late = watched(slow.get(id));
    await settle();
    const [first] = acme.open;
    const next = watched(sessions.get(id));
    await clock.advance(5_300);
    const second = acme.open[1]!;
    second.give();
    await clock.advance(300);
    first!.give();
    await clock.advance(300);
    expect((await next.value!.source.getToken()).value).toBe(second.gave);
    expect((await late.value!.source.getToken()).value).toBe(second.gave);
    expect((await (await sessions.get(id))!.source.getToken()).value).toBe(second.gave);
  });

  it('X2: a holder that was held up, and whose refresh token another has used up, signs nobody out', async () => {
    const clock = virtualClock();
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock });
    const slow = another({ clock: { ...clock, sleep: () => new Promise(() => {}) } });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const late = watched(slow.get(id));
    await settle();
    const next = watched(sessions.get(id));
    await clock.advance(5_300);
    const [first, second] = acme.open;
    second!.give();
    await clock.advance(300);
    first!.fail('token_rejected');
    await clock.advance(300);
    expect((await late.value!.source.getToken()).value).toBe(second!.gave);
    expect(next.value).toBeDefined();
    expect(await sessions.get(id)).toBeDefined();
  });

  it('X1: nobody waits for another who renews longer than 15 s', async () => {
    const clock = virtualClock();
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const first = watched(sessions.get(id));
    await settle();
    const waits = failureOf(another().get(id));
    await clock.advance(15_100);
    expect(await waits).toMatchObject({ code: 'timeout', retryable: true });
    expect(acme.renewals).toHaveLength(1);
    acme.pending.give();
    await clock.advance(0);
    expect(first.value).toBeDefined();
  });

  it('S10: a store that begins to fail while somebody else renews is told of', async () => {
    const clock = virtualClock();
    const base = memoryStore({ clock });
    const store = meddledStore(base);
    const { acme, sessions, another, signedIn } = sessionWorld({ renewable: true, clock, store: base });
    const other = another({ store });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const first = watched(sessions.get(id));
    await settle();
    const waits = watched(failureOf(other.get(id)));
    await clock.advance(3_000);
    expect(waits.state).toBe('pending');
    store.before = failed;
    await clock.advance(150);
    expect(waits.value).toMatchObject({ code: 'store_error' });
    acme.pending.give();
    await clock.advance(0);
    expect(first.value).toBeDefined();
    expect(acme.renewals).toHaveLength(1);
  });

  it('a renewal that gives the refused token again gives no token', async () => {
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const session = (await sessions.get(await signedIn()))!;
    const rejected = await session.source.getToken();
    acme.settings.answer = (call) => call.give({ accessToken: rejected.value });
    expect(await failureOf(session.source.getToken({ rejected }))).toMatchObject({ code: 'token_rejected' });
  });

  it('T5: a renewal that gives the same access token a longer life costs one renewal', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    const [first] = acme.signIns;
    await clock.advance(hour);
    acme.settings.answer = (call) => call.give({ accessToken: first!.gave! });
    for (let times = 0; times < 10; times += 1) {
      expect(await sessions.get(id)).toBeDefined();
      await clock.advance(10_000);
    }
    expect(acme.renewals).toHaveLength(1);
  });

  it('S7: a renewed token that is refused half an hour later is renewed, whoever carries it', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const session = (await sessions.get(await signedIn()))!;
    const second = await session.source.getToken({ rejected: await session.source.getToken() });
    await clock.advance(hour / 2);
    const third = await session.source.getToken({ rejected: second });
    expect(third.value).toBe(acme.renewals[1]!.gave);
  });

  it('T6: a renewed token that is refused at once is not renewed for ever', async () => {
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    const { source } = (await sessions.get(id))!;
    const second = await source.getToken({ rejected: await source.getToken() });
    expect(await failureOf(source.getToken({ rejected: second }))).toMatchObject({ code: 'token_rejected' });
    expect(await sessions.get(id)).toBeUndefined();
    expect(acme.renewals).toHaveLength(1);
  });

  it('T2: a refused token whose renewal fails is not handed out as if it were good', async () => {
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const { source } = (await sessions.get(await signedIn()))!;
    const rejected = await source.getToken();
    acme.settings.answer = (call) => call.fail('upstream_unavailable');
    expect(await failureOf(source.getToken({ rejected }))).toMatchObject({ code: 'upstream_unavailable' });
    expect(source.peek?.()).toBeUndefined();
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'upstream_unavailable' });
  });

  it('T5: tokens that end at once cost one renewal a second', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    acme.settings.lifetimeMs = 1;
    const id = await signedIn();
    await clock.advance(10);
    for (let times = 0; times < 100; times += 1) {
      expect(await sessions.get(id)).toBeDefined();
      await clock.advance(100);
    }
    expect(acme.renewals.length).toBeLessThanOrEqual(11);
  });

  it('S7: a renewal without another refresh token makes a session that ends with its token', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.renewable = false;
    expect((await sessions.get(id))?.expiresAt).toBe(clock.now() + hour);
    await clock.advance(hour - 1);
    expect(await sessions.get(id)).toBeDefined();
    await clock.advance(1);
    expect(await sessions.get(id)).toBeUndefined();
    expect(acme.renewals).toHaveLength(1);
  });

  it('what is no error of Latchkey is one by the time that a request is told', async () => {
    const { clock, acme, sessions, signedIn, events } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = (call) => call.fail(new TypeError('foreign'));
    expect(await failureOf(sessions.get(id))).toBeInstanceOf(LatchkeyError);
    expect(events.at(-1)).toMatchObject({ type: 'renewal-failed', code: 'internal_error' });
  });
});

async function watchedAfter<T>(
  work: Promise<T>,
  clock: { advance(ms: number): Promise<void> },
  ms: number,
): Promise<T | undefined> {
  const seen = watched(work);
  await clock.advance(ms);
  return seen.value;
}
