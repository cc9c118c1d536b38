import { describe, expect, it } from 'vitest';
import {
  createSessions,
  createUpstreamTokens,
  defineProvider,
  isLatchkeyError,
  memoryStore,
  type LatchkeyEvent,
  type Store,
} from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';
import { failureOf, shown } from './failures.js';

const user = { email: 'user@example.com', password: 'correct horse' };
const minute = 60_000;

function setUp(options: object = {}, meddled: Partial<Store> = {}) {
  const clock = virtualClock();
  const provider = fakeProvider({ clock, renewable: true, lifetimeMs: 5 * minute });
  const memory = memoryStore({ clock });
  const store: Store = { ...memory, ...meddled };
  const events: LatchkeyEvent[] = [];
  const onEvent = (event: LatchkeyEvent) => void events.push(event);
  const sessions = createSessions({ providers: [provider], store, onEvent, ...options });
  return { clock, provider, memory, events, sessions };
}

describe('a sign-in that its caller gives up', () => {
  it('S5: does not count while nothing was sent', async () => {
    let leaving = new AbortController();
    const memory = memoryStore();
    const take: Store['take'] = async (...given) => {
      const taking = await memory.take(...given);
      leaving.abort();
      return taking;
    };
    const { provider, sessions } = setUp({}, { ...memory, take });
    for (let times = 0; times < 6; times += 1) {
      leaving = new AbortController();
      const { signal } = leaving;
      await expect(sessions.signIn('fake', user, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    }
    expect(provider.calls.signIn).toBe(0);
    expect((await sessions.signIn('fake', user)).session.identity.subject).toBe(user.email);
  });

  it('T13: leaves no session in the store, when it was being written', async () => {
    const leaving = new AbortController();
    const memory = memoryStore();
    const kept = new Set<string>();
    const { sessions, events } = setUp(
      {},
      {
        ...memory,
        async set(key, ...rest) {
          await memory.set(key, ...rest);
          if (key.startsWith('session:')) leaving.abort();
          kept.add(key);
        },
        async delete(key) {
          await memory.delete(key);
          kept.delete(key);
        },
      },
    );
    const { signal } = leaving;
    await expect(sessions.signIn('fake', user, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([...kept].filter((key) => key.startsWith('session:'))).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['sign-in', 'session-start', 'session-end']);
  });
});

it('S7: a session in use does not end for want of use while its token cannot be renewed', async () => {
  const { clock, provider, sessions } = setUp({ idleMs: 10 * minute });
  const { id } = await sessions.signIn('fake', user);
  for (let at = 1; at <= 30; at += 1) {
    await clock.advance(minute);
    provider.failNext('upstream_unavailable');
    const outcome = await sessions.get(id).then(
      (session) => session?.provider,
      (error: unknown) => (isLatchkeyError(error) ? error.code : error),
    );
    expect(outcome).toBe(at < 5 ? 'fake' : 'upstream_unavailable');
    if (at < 5) await failureOf(provider.signIn(user)); // takes the failure that was not asked for
  }
  await clock.advance(minute);
  expect((await sessions.get(id))?.provider).toBe('fake');
});

it('close() does not wait for a user hook that never ends', async () => {
  const { sessions } = setUp({ user: () => new Promise(() => {}) });
  const signingIn = failureOf(sessions.signIn('fake', user));
  await new Promise((resolve) => setImmediate(resolve));
  await sessions.close();
  expect(await signingIn).toMatchObject({ code: 'closed' });
});

describe('what a provider of another’s says', () => {
  const { upstream, credentials, signIn } = fakeProvider();
  const definition = { name: 'fake', upstream, credentials, signIn } as const;
  const identify = ({ email }: { readonly email: string }) => ({ provider: 'fake', subject: email });

  it('F3: an error of loginName or identify is ours, without what was typed', async () => {
    const fail = (given: object) => {
      throw new Error(`no ${JSON.stringify(given)}`);
    };
    const marked = { email: 'c4nary@example.com', password: 'c4nary-password' };
    const one = createSessions({ providers: [defineProvider({ ...definition, identify, loginName: fail })] });
    const error = await failureOf(one.signIn('fake', marked));
    expect(error.code).toBe('internal_error');
    expect(shown(error)).not.toContain('c4nary');
    const other = createSessions({ providers: [defineProvider({ ...definition, identify: fail })] });
    expect(await failureOf(other.signIn('fake', user))).toMatchObject({ code: 'internal_error' });
  });

  it.each([
    { provider: 'fake', subject: '' },
    { provider: 'other', subject: 'one' },
    { provider: 'fake' } as never,
  ])('an identity that names nobody here (%j) is no sign-in', async (identity) => {
    const provider = defineProvider({ ...definition, identify: () => identity });
    const sessions = createSessions({ providers: [provider] });
    expect(await failureOf(sessions.signIn('fake', user))).toMatchObject({ code: 'invalid_response' });
  });
});

it.each([5, {}, null, []])('F4: a client that is no text (%j) is refused', async (client) => {
  const { sessions, provider } = setUp();
  const given = { client: client as never };
  expect(await failureOf(sessions.signIn('fake', user, given))).toMatchObject({ code: 'invalid_input' });
  const tokens = createUpstreamTokens({ provider });
  expect(await failureOf(tokens.verify('some-token', given))).toMatchObject({ code: 'invalid_input' });
  expect(provider.calls.signIn).toBe(0);
});

it('says which providers there are', () => {
  expect(setUp().sessions.providers).toEqual(['fake']);
});
