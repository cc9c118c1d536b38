import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSessions, isSessionId, LatchkeyError, memoryStore, Sessions, type LatchkeyEvent } from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';
import { failureOf } from './failures.js';

const user = { email: 'user@example.com', password: 'correct horse' };
const hour = 3_600_000;

function setUp({ renewable = false, lifetimeMs = hour as number | undefined, ...options } = {}) {
  const clock = virtualClock();
  const provider = fakeProvider({ clock, renewable, lifetimeMs });
  const store = memoryStore({ clock });
  const events: LatchkeyEvent[] = [];
  const all = { providers: [provider], store, onEvent: (event: LatchkeyEvent) => events.push(event), ...options };
  return { clock, provider, store, events, options: all, sessions: createSessions(all) };
}

describe('sessions', () => {
  it('S1: each sign-in starts a session under a new id', async () => {
    const { sessions } = setUp();
    const one = await sessions.signIn('fake', user);
    const other = await sessions.signIn('fake', user);
    expect(one.id).not.toBe(other.id);
    expect([one.id, other.id].every(isSessionId)).toBe(true);
    expect(sessions).toBeInstanceOf(Sessions);
    expect(await sessions.get(one.id)).toMatchObject({ provider: 'fake', identity: { subject: user.email } });
    expect(JSON.stringify(one) + inspect(one, { showHidden: true, getters: true })).not.toContain(one.id);
  });
  it('S6: ends at sign-out, and twice is fine', async () => {
    const { sessions, events } = setUp();
    const { id, session } = await sessions.signIn('fake', user);
    await sessions.signOut(id);
    await sessions.signOut(id);
    expect(await sessions.get(id)).toBeUndefined();
    expect(await failureOf(session.source.getToken())).toMatchObject({ code: 'not_signed_in', actor: 'user' });
    expect(events.map(({ type }) => type)).toEqual(['sign-in', 'session-start', 'session-end']);
  });
  it('S7: renews once for all', async () => {
    const { sessions, clock, provider } = setUp({ renewable: true });
    const { id, session } = await sessions.signIn('fake', user);
    const before = await session.source.getToken();
    await clock.advance(2 * hour);
    const all = await Promise.all(Array.from({ length: 100 }, () => sessions.get(id)));
    expect(all.every((one) => one?.identity.subject === user.email)).toBe(true);
    expect(provider.calls).toEqual({ signIn: 1, renew: 1 });
    const after = await session.source.getToken();
    expect(after.value).not.toBe(before.value);
    await clock.advance(11 * hour);
    expect(await sessions.get(id)).toBeUndefined();
  });
  it('S7: ends with its token where that cannot be renewed', async () => {
    const { sessions, clock } = setUp();
    const { id, session } = await sessions.signIn('fake', user);
    await clock.advance(hour - 1);
    expect(await sessions.get(id)).toBeDefined();
    await clock.advance(1);
    expect(await sessions.get(id)).toBeUndefined();
    expect(session.expiresAt).toBe(clock.now());
  });
  it('idle', async () => {
    const { sessions, clock } = setUp({ idleMs: 1_000 });
    const { id } = await sessions.signIn('fake', user);
    for (let i = 0; i < 30; i++) {
      await clock.advance(930);
      expect(await sessions.get(id)).toBeDefined();
    }
    await clock.advance(999);
    expect(await sessions.get(id)).toBeDefined();
    await clock.advance(1000);
    expect(await sessions.get(id)).toBeUndefined();
  });
  it('ends everywhere', async () => {
    const { sessions, options } = setUp();
    const other = createSessions(options);
    const one = await sessions.signIn('fake', user);
    const two = await other.signIn('fake', user);
    expect(await other.get(one.id)).toBeDefined();
    await sessions.signOutEverywhere(one.session.identity);
    expect(await Promise.all([sessions.get(one.id), sessions.get(two.id), other.get(one.id), other.get(two.id)])).toEqual([undefined, undefined, undefined, undefined]);
    const three = await other.signIn('fake', user);
    expect(await sessions.get(three.id)).toBeDefined();
  });
  it('S5: wrong tries', async () => {
    const { sessions, provider } = setUp();
    await sessions.signIn('fake', user, { client: '10.0.0.1' });
    const tries = await Promise.all(Array.from({ length: 1000 }, (_, at) => failureOf(sessions.signIn('fake', { ...user, password: 'wrong' }, { client: `192.0.2.${at % 50}` }))));
    expect(provider.calls.signIn).toBe(5);
    expect(tries.filter(({ code }) => code === 'rate_limited')).toHaveLength(996);
    await sessions.signIn('fake', user, { client: '10.0.0.1' });
    expect(await failureOf(sessions.signIn('fake', user, { client: '10.0.0.2' }))).toMatchObject({ code: 'rate_limited', retryAfterMs: 300_000 });
  });
  it('many right at once', async () => {
    const { sessions, provider } = setUp();
    await Promise.all(Array.from({ length: 200 }, () => sessions.signIn('fake', user, { client: '10.0.0.1' })));
    expect(provider.calls.signIn).toBe(200);
  });
  it('refused upstream', async () => {
    const { sessions, provider } = setUp();
    const { id, session } = await sessions.signIn('fake', user);
    const token = await session.source.getToken();
    expect(await failureOf(session.source.getToken({ rejected: token }))).toMatchObject({ code: 'token_rejected', actor: 'user' });
    expect(await sessions.get(id)).toBeUndefined();
    expect(provider.calls.signIn).toBe(1);
  });
  it('user', async () => {
    const { sessions } = setUp({ user: () => ({ id: 7 }) });
    const { id, session } = await sessions.signIn('fake', user);
    expect(session.user).toEqual({ id: 7 });
    expect((await sessions.get(id))?.user).toEqual({ id: 7 });
  });
  it('closes', async () => {
    const { sessions } = setUp();
    const { id } = await sessions.signIn('fake', user);
    await sessions.close();
    await sessions.close();
    expect(await failureOf(sessions.get(id))).toMatchObject({ code: 'closed' });
    expect(LatchkeyError).toBeDefined();
  });
});
