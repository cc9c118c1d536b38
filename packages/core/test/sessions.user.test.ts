import { describe, expect, it } from 'vitest';
import { createSessions, memoryStore, type Session } from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';
import { anna } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { recordingStore, sessionWorld, type TestOptions } from './session-fixtures.js';

function withUser(user: NonNullable<TestOptions['user']>) {
  const clock = virtualClock();
  const store = recordingStore(memoryStore({ clock }));
  return { ...sessionWorld({ clock, store, options: { user } }), store };
}

describe('the user of a session', () => {
  it('is what the hook gives, kept with the session', async () => {
    const { sessions, another } = withUser(async ({ identity }) => ({
      id: 7,
      roles: ['admin'],
      of: identity.subject,
    }));
    const { id, session } = await sessions.signIn('acme', anna);
    const user = { id: 7, roles: ['admin'], of: anna.email };
    expect(session.user).toEqual(user);
    for (const one of [sessions, another()]) expect((await one.get(id))?.user).toEqual(user);
  });

  it('is the identity without a hook, or where that gives nothing', async () => {
    for (const sessions of [sessionWorld().sessions, withUser(() => undefined).sessions]) {
      const { session } = await sessions.signIn('acme', anna);
      expect(session.user).toEqual(session.identity);
    }
  });

  it.each([[null], [0], [''], [false], [[1, 2]]])('may be %j', async (user) => {
    const { sessions, another } = withUser(() => user);
    const { id, session } = await sessions.signIn('acme', anna);
    expect([session.user, (await another().get(id))?.user]).toEqual([user, user]);
  });

  it('is as JSON keeps it, from the first', async () => {
    const { sessions, another } = withUser(() => ({
      at: new Date(0),
      gone: undefined,
      own: { toJSON: () => 'text' },
    }));
    const { id, session } = await sessions.signIn('acme', anna);
    expect(session.user).toEqual({ at: '1970-01-01T00:00:00.000Z', own: 'text' });
    expect((await another().get(id))?.user).toEqual(session.user);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('user')],
  ])('cannot be %s', async (_, user) => {
    const { sessions, store } = withUser(() => user);
    expect(await failureOf(sessions.signIn('acme', anna))).toMatchObject({ code: 'invalid_config' });
    expect(store.keys('session')).toEqual([]);
  });

  it('may be refused by the hook: nothing is kept, and the session of before stays', async () => {
    const veto = new Error('not one of ours');
    let isOpen = true;
    const { sessions, store, told } = withUser(() => {
      if (!isOpen) throw veto;
    });
    const { id } = await sessions.signIn('acme', anna);
    isOpen = false;
    await expect(sessions.signIn('acme', anna, { replaces: id })).rejects.toBe(veto);
    expect(store.keys('session')).toHaveLength(1);
    expect(await sessions.get(id)).toBeDefined();
    expect(told()).toEqual(['sign-in', 'session-start', 'sign-in']);
  });

  it.each([
    ['a BigInt', { n: 1n }],
    ['a cycle', cyclic()],
  ])('cannot be %s: nothing is kept', async (_, user) => {
    const { sessions, store, told } = withUser(() => user);
    expect(await failureOf(sessions.signIn('acme', anna))).toMatchObject({
      code: 'invalid_config',
      provider: 'acme',
    });
    expect(store.keys('session')).toEqual([]);
    expect(told()).toEqual(['sign-in']);
  });

  it('that cannot be kept leaves the session of before', async () => {
    const users: unknown[] = ['anna', { n: 1n }];
    const { sessions } = withUser(() => users.shift());
    const { id } = await sessions.signIn('acme', anna);
    await failureOf(sessions.signIn('acme', anna, { replaces: id }));
    expect(await sessions.get(id)).toBeDefined();
  });

  it('can be asked for with calls in its name', async () => {
    const asked: string[] = [];
    const hooked = sessionWorld({
      provider: (provider) => ({
        ...provider,
        entitlements: async (source) => [{ id: (await source.getToken()).value, active: true }],
      }),
      options: {
        async user(session) {
          asked.push((await session.source.getToken()).value);
          return { may: await session.entitlements() };
        },
      },
    });
    const { session } = await hooked.sessions.signIn('acme', anna);
    const [signIn] = hooked.acme.signIns;
    expect(session.user).toEqual({ may: [{ id: signIn!.gave, active: true }] });
    expect(asked).toEqual([signIn!.gave]);
  });

  it('is given up with the sign-in', async () => {
    const leaving = new AbortController();
    const { sessions, store } = withUser(() => leaving.abort(new Error('left')));
    await expect(sessions.signIn('acme', anna, { signal: leaving.signal })).rejects.toThrow('left');
    expect(store.keys('session')).toEqual([]);
  });

  it('is shared by requests, as account and identity, and cannot be changed', async () => {
    const { sessions, another } = withUser(() => ({ roles: [{ name: 'reader' }] }));
    const { id, session } = await sessions.signIn('acme', anna);
    for (const one of [session, (await sessions.get(id))!, (await another().get(id))!]) expectFrozen(one);
  });

  it('cannot be given another identity by the hook', async () => {
    const { sessions } = withUser(({ identity }) => {
      try {
        Object.assign(identity, { subject: 'somebody-else' });
      } catch {
        // frozen
      }
    });
    const { session } = await sessions.signIn('acme', anna);
    expect(session.identity.subject).toBe(anna.email);
  });

  it.each([true, false])(
    'S7: whose token is refused while the hook runs gets no session that has ended (renewable: %s)',
    async (renewable) => {
      const { sessions, told } = sessionWorld({
        renewable,
        options: {
          async user({ source }) {
            await source.getToken({ rejected: await source.getToken() }).catch(() => undefined);
          },
        },
      });
      const outcome = await sessions.signIn('acme', anna).catch(() => undefined);
      if (outcome) expect(await sessions.get(outcome.id)).toBeDefined();
      else expect(told()).not.toContain('session-start');
    },
  );

  it('is told apart by its provider', async () => {
    const clock = virtualClock();
    const sessions = createSessions({
      providers: [fakeProvider({ clock }), fakeProvider({ clock, name: 'second' })],
      user: (session) => `${session.provider}:${session.identity.subject}`,
    });
    const credentials = { email: 'user@example.com', password: 'correct horse' };
    const [one, other] = [
      await sessions.signIn('fake', credentials),
      await sessions.signIn('second', credentials),
    ];
    expect([one.session.user, other.session.user]).toEqual([
      'fake:user@example.com',
      'second:user@example.com',
    ]);
    await sessions.signOutEverywhere(one.session.identity);
    expect(await sessions.get(one.id)).toBeUndefined();
    expect((await sessions.get(other.id))?.provider).toBe('second');
  });
});

function expectFrozen(session: Session) {
  expect(Object.isFrozen(session)).toBe(true);
  const { account, identity, user } = session as Session<string, { email: string }>;
  for (const one of [account, identity, user, (user as { roles: unknown[] }).roles[0]])
    expect(Object.isFrozen(one)).toBe(true);
}

function cyclic(): object {
  const one: Record<string, unknown> = {};
  return Object.assign(one, { one });
}
