import { describe, expect, it } from 'vitest';
import { createSessions, memoryStore } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, bert, gives } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { hour, meddledStore, recordingStore, sessionWorld, settle, watched } from './session-fixtures.js';

const notSignedIn = { code: 'not_signed_in', actor: 'user' };

describe('sessions that end', () => {
  it('S6: at sign-out, and twice is fine', async () => {
    const { sessions, another, signedIn, told } = sessionWorld();
    const id = await signedIn();
    const session = (await sessions.get(id))!;
    await sessions.signOut(id);
    await sessions.signOut(id);
    expect(await sessions.get(id)).toBeUndefined();
    expect(await another().get(id)).toBeUndefined();
    expect(await failureOf(session.source.getToken())).toMatchObject(notSignedIn);
    expect(session.source.peek?.()).toBeUndefined();
    expect(await failureOf(session.entitlements())).toMatchObject(notSignedIn);
    expect(told()).toEqual(['sign-in', 'session-start', 'session-end']);
  });

  it('S6: at sign-out of this session, and of no other', async () => {
    const { sessions, signedIn } = sessionWorld();
    const [id, same, other] = [await signedIn(), await signedIn(), await signedIn(bert)];
    await sessions.signOut(id);
    expect([await sessions.get(same), await sessions.get(other)].map((one) => one?.identity.subject)).toEqual(
      [anna.email, bert.email],
    );
  });

  it('X4: everywhere at once, for one account and no other', async () => {
    const { sessions, another, signedIn } = sessionWorld();
    const other = another();
    const ids = [await signedIn(), await signedIn()];
    const berts = await signedIn(bert);
    const held = (await sessions.get(ids[0]!))!;
    for (const id of ids) expect(await other.get(id)).toBeDefined();
    await sessions.signOutEverywhere(held.identity);
    for (const id of ids) {
      expect(await sessions.get(id)).toBeUndefined();
      expect(await other.get(id)).toBeUndefined();
    }
    expect(await failureOf(held.source.getToken())).toMatchObject(notSignedIn);
    expect(await other.get(berts)).toBeDefined();
    expect(await sessions.get(await signedIn())).toBeDefined();
  });

  it('X4: everywhere, for those as well whose sign-in is under way', async () => {
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    const slow = sessionWorld().another({ user: () => asked });
    const signIn = slow.signIn('acme', anna);
    await settle();
    await slow.signOutEverywhere({ provider: 'acme', subject: anna.email });
    goOn();
    const { id } = await signIn;
    expect(await slow.get(id)).toBeUndefined();
  });

  it('X4: everywhere, in one look at the store for each get', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    const asked: string[] = [];
    store.before = (method) => {
      asked.push(method);
    };
    expect(await sessions.get(id)).toBeDefined();
    expect(asked).toEqual(['getMany']);
  });

  it('S7: with its token, where that cannot be renewed', async () => {
    const { clock, sessions, another, signedIn } = sessionWorld();
    const id = await signedIn();
    expect((await sessions.get(id))?.expiresAt).toBe(clock.now() + hour);
    await clock.advance(hour - 1);
    for (const one of [sessions, another()]) expect(await one.get(id)).toBeDefined();
    await clock.advance(1);
    for (const one of [sessions, another()]) expect(await one.get(id)).toBeUndefined();
  });

  it('S7: at maxAgeMs, however often its token is renewed', async () => {
    const { clock, sessions, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    for (let hours = 0; hours < 12; hours += 1) {
      expect(await sessions.get(id)).toBeDefined();
      await clock.advance(hour - (hours === 11 ? 1 : 0));
    }
    expect(await sessions.get(id)).toBeDefined();
    await clock.advance(1);
    expect(await sessions.get(id)).toBeUndefined();
  });

  it('S7: at maxAgeMs or the first refusal, where the provider does not say how long its token lives', async () => {
    const { clock, sessions, signedIn } = sessionWorld({ lifetimeMs: undefined });
    const [id, refused] = [await signedIn(), await signedIn()];
    await clock.advance(12 * hour - 1);
    expect(await sessions.get(id)).toBeDefined();
    const { source } = (await sessions.get(refused))!;
    expect(await failureOf(source.getToken({ rejected: await source.getToken() }))).toMatchObject({
      code: 'token_rejected',
      actor: 'user',
    });
    expect(await sessions.get(refused)).toBeUndefined();
    await clock.advance(1);
    expect(await sessions.get(id)).toBeUndefined();
  });

  it('S7: a refused token ends the session in all processes, where it cannot be renewed', async () => {
    const { acme, sessions, another, signedIn, events } = sessionWorld();
    const id = await signedIn();
    const session = (await sessions.get(id))!;
    const rejected = await session.source.getToken();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => failureOf(session.source.getToken({ rejected }))),
    );
    expect(all.every(({ code }) => code === 'token_rejected')).toBe(true);
    expect(await another().get(id)).toBeUndefined();
    expect(acme.calls).toHaveLength(1);
    expect(events.slice(2)).toMatchObject([
      { type: 'rejected', code: 'token_rejected' },
      { type: 'session-end', code: 'token_rejected' },
    ]);
  });

  it('S7: a token of another session, or of before, ends nothing', async () => {
    const { sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    const { source } = (await sessions.get(id))!;
    const other = (await sessions.get(await signedIn(bert)))!;
    const mine = await source.getToken();
    expect(await source.getToken({ rejected: await other.source.getToken() })).toEqual(mine);
    expect(await sessions.get(id)).toBeDefined();
  });

  it('S7: when it was not used for idleMs, and not while it is', async () => {
    const { clock, sessions, signedIn } = sessionWorld({ options: { idleMs: 1_000 } });
    const id = await signedIn();
    for (let times = 0; times < 30; times += 1) {
      await clock.advance(930);
      expect(await sessions.get(id)).toBeDefined();
    }
    await clock.advance(999);
    expect(await sessions.get(id)).toBeDefined();
    await clock.advance(1_000);
    expect(await sessions.get(id)).toBeUndefined();
  });

  it('S7: use is written at most every tenth of idleMs', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, signedIn } = sessionWorld({ clock, store, options: { idleMs: 10_000 } });
    const id = await signedIn();
    let writes = 0;
    store.before = (method) => {
      if (method === 'replace' || method === 'set') writes += 1;
    };
    for (let times = 0; times < 100; times += 1) {
      await clock.advance(100);
      await Promise.all([sessions.get(id), sessions.get(id), sessions.get(id)]);
    }
    expect(writes).toBe(10);
  });

  it('S7: a renewal in the last tenth of idleMs does not end a session that was in use', async () => {
    const { clock, sessions, signedIn } = sessionWorld({ renewable: true, options: { idleMs: hour } });
    const id = await signedIn();
    await clock.advance(0.09 * hour);
    expect(await sessions.get(id)).toBeDefined(); // not written: that is due at a tenth
    await clock.advance(0.95 * hour);
    expect(await sessions.get(id)).toBeDefined();
  });

  it('S7: a session that has reached its end gives out no token', async () => {
    const { clock, sessions, signedIn } = sessionWorld({ options: { maxAgeMs: hour / 2 } });
    const { source, expiresAt } = (await sessions.get(await signedIn()))!;
    await clock.advance(hour / 2);
    expect(clock.now()).toBe(expiresAt);
    expect(source.peek?.()).toBeUndefined();
    expect(await failureOf(source.getToken())).toMatchObject(notSignedIn);
  });

  it('S7: an end that many find at the same moment is told of once', async () => {
    const { clock, sessions, signedIn, told } = sessionWorld();
    const id = await signedIn();
    await clock.advance(hour);
    await Promise.all(Array.from({ length: 20 }, () => sessions.get(id)));
    expect(told()).toEqual(['sign-in', 'session-start', 'session-end']);
  });

  it('S6: an end that is asked for twice at the same moment is told of once', async () => {
    const { sessions, signedIn, told } = sessionWorld();
    const id = await signedIn();
    await Promise.all([sessions.signOut(id), sessions.signOut(id)]);
    expect(told()).toEqual(['sign-in', 'session-start', 'session-end']);
  });

  it('T13: a renewal that lands after sign-out brings nothing back', async () => {
    const { clock, acme, sessions, another, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const other = another();
    const getting = sessions.get(id);
    await settle();
    await other.signOut(id);
    acme.pending.give();
    expect(await getting).toBeUndefined();
    expect(await sessions.get(id)).toBeUndefined();
    expect(await other.get(id)).toBeUndefined();
  });

  it('T13: a token that comes after sign-out is not given out', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, signedIn } = sessionWorld({ renewable: true, clock, store });
    const id = await signedIn();
    const { source } = (await sessions.get(id))!;
    const rejected = await source.getToken();
    store.after = (method) => (method === 'replace' ? clock.sleep(100) : undefined);
    const token = watched(source.getToken({ rejected }));
    await clock.advance(50);
    await sessions.signOut(id);
    await clock.advance(100);
    expect(token.state).toBe('rejected');
  });

  it('T13: a get that was under way gives nothing once signOut has resolved', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { another, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    const restarted = another();
    store.after = (method, key) =>
      method === 'get' && key.startsWith('session:') ? clock.sleep(100) : undefined;
    const getting = watched(restarted.get(id));
    await clock.advance(50);
    store.after = () => {};
    await restarted.signOut(id);
    await clock.advance(100);
    expect(getting).toEqual({ state: 'resolved', value: undefined });
  });

  it('T13: a session that was found while it was being signed out gives no token afterwards', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    store.before = (method) => (method === 'delete' ? clock.sleep(100) : undefined);
    const ending = sessions.signOut(id);
    const getting = watched(sessions.get(id));
    await clock.advance(100);
    await ending;
    await clock.advance(1_000);
    expect(getting.state).toBe('resolved');
    const { value: found } = getting;
    if (found) expect(await failureOf(found.source.getToken())).toMatchObject(notSignedIn);
  });

  it('S10: a session whose end the store was not told of has ended in this process', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, another, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    store.before = () => {
      throw new Error('connection lost');
    };
    expect(await failureOf(sessions.signOut(id))).toMatchObject({ code: 'store_error' });
    store.before = () => {};
    expect(await sessions.get(id)).toBeUndefined();
    expect(await another().get(id)).toBeUndefined();
  });

  it('S7: a session whose token was refused has ended, though the store was not told of it', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, another, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    const { source } = (await sessions.get(id))!;
    const rejected = await source.getToken();
    store.before = (method) => {
      if (method === 'delete') throw new Error('connection lost');
    };
    expect(await failureOf(source.getToken({ rejected }))).toMatchObject({ code: 'token_rejected' });
    expect(await failureOf(sessions.get(id))).toMatchObject({ code: 'store_error' });
    store.before = () => {};
    expect(await sessions.get(id)).toBeUndefined();
    expect(await another().get(id)).toBeUndefined();
  });

  it('T13: close gives up what is under way, and waits for a renewal that was sent', async () => {
    const { clock, acme, sessions, another, signedIn } = sessionWorld({ renewable: true });
    const id = await signedIn();
    await clock.advance(hour);
    acme.settings.answer = undefined;
    const getting = failureOf(sessions.get(id));
    await settle();
    const renewal = acme.pending;
    const signingIn = failureOf(sessions.signIn('acme', bert));
    await settle();
    const closed = watched(sessions.close());
    expect(await signingIn).toMatchObject({ code: 'closed' });
    expect(await getting).toMatchObject({ code: 'closed' });
    await settle();
    expect(closed.state).toBe('pending');
    renewal.give();
    await settle();
    expect(closed.state).toBe('resolved');
    const session = await another().get(id);
    expect((await session!.source.getToken()).value).toBe(renewal.gave);
    expect(clock.sleepers).toBe(0);
  });

  it('T13: after close everything is refused, twice is fine, and a store that was given stays open', async () => {
    const { sessions, store, signedIn } = sessionWorld();
    const id = await signedIn();
    await sessions.close();
    await sessions.close();
    const refused = await Promise.all(
      [
        sessions.signIn('acme', anna),
        sessions.get(id),
        sessions.get('odd'),
        sessions.signOut(id),
        sessions.signOutEverywhere({ provider: 'acme', subject: 'x' }),
      ].map(failureOf),
    );
    expect(refused.map(({ code }) => code)).toEqual(Array(5).fill('closed'));
    expect(await store.get('session:none')).toBeUndefined();
    const disposed = sessionWorld().sessions;
    await disposed[Symbol.asyncDispose]();
    expect(await failureOf(disposed.get(id))).toMatchObject({ code: 'closed' });
  });

  it('T13: after close nothing is sent in the name of a session that is still held', async () => {
    const { clock, acme, sessions, signedIn } = sessionWorld({ renewable: true });
    const { source } = (await sessions.get(await signedIn()))!;
    await sessions.close();
    await clock.advance(hour);
    expect(await failureOf(source.getToken())).toMatchObject({ code: 'closed' });
    expect(acme.renewals).toEqual([]);
  });

  it('T13: a get that waits for the store at close renews nothing afterwards', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { acme, sessions, signedIn } = sessionWorld({ renewable: true, clock, store });
    const id = await signedIn();
    await clock.advance(hour);
    store.before = (method) => (method === 'getMany' ? clock.sleep(100) : undefined);
    const getting = watched(sessions.get(id));
    await clock.advance(50);
    await sessions.close();
    await clock.advance(1_000);
    expect(getting.state).toBe('rejected');
    expect(acme.renewals).toEqual([]);
  });

  it('a sign-in that its caller gives up starts no session, however late the login lands', async () => {
    const clock = virtualClock();
    const store = recordingStore(memoryStore({ clock }));
    const { acme, sessions, told } = sessionWorld({ clock, store, answer: undefined, ignoresSignal: true });
    const leaving = new AbortController();
    const signIn = sessions.signIn('acme', anna, { signal: leaving.signal });
    await settle();
    const reason = new Error('left');
    leaving.abort(reason);
    await expect(signIn).rejects.toBe(reason);
    acme.pending.give();
    await settle();
    expect(store.keys('session')).toEqual([]);
    expect(told()).not.toContain('session-start');
  });

  it('a memory store of its own is closed with the sessions', async () => {
    const { acme } = sessionWorld();
    const sessions = createSessions({ providers: [acme.provider] });
    acme.settings.answer = gives;
    const { id } = await sessions.signIn('acme', anna);
    await sessions.close();
    expect(await failureOf(sessions.get(id))).toMatchObject({ code: 'closed' });
  });
});
