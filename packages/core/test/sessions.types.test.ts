import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  createSessions,
  Sessions,
  type CredentialsOf,
  type NameOf,
  type Provider,
  type Session,
  type SessionOf,
  type TokenSource,
} from '../src/index.js';
import { fakeProvider, virtualClock, type FakeAccount, type FakeCredentials } from '../src/testing/index.js';
import { controlledProvider, gives, type TestAccount, type TestCredentials } from './controlled-provider.js';
import { thrownBy } from './failures.js';

type Acme = Provider<'acme', TestCredentials, TestAccount>;

function setUp() {
  const clock = virtualClock();
  const fake = fakeProvider({ clock });
  const second = fakeProvider({ clock, name: 'second' });
  const acme = controlledProvider({ clock, answer: gives }).provider as Acme;
  const providers = [fake, second, acme] as const;
  return { sessions: createSessions({ providers }), providers };
}
type Own = ReturnType<typeof setUp>['providers'];

const credentials = { email: 'user@example.com', password: 'correct horse' };

describe('the types of sessions', () => {
  it('know the names of the providers', async () => {
    const { sessions } = setUp();
    expectTypeOf<NameOf<Own>>().toEqualTypeOf<'fake' | 'second' | 'acme'>();
    // @ts-expect-error -- misspelt
    await expect(sessions.signIn('fakee', credentials)).rejects.toThrow();
  });

  it('know the names of providers that are made in place', async () => {
    const sessions = createSessions({ providers: [fakeProvider()] });
    // @ts-expect-error -- misspelt
    await expect(sessions.signIn('fakee', credentials)).rejects.toThrow();
  });

  it('know what each takes to sign in', async () => {
    const { sessions } = setUp();
    expectTypeOf<CredentialsOf<Own, 'second'>>().toEqualTypeOf<FakeCredentials>();
    expectTypeOf<CredentialsOf<Own, 'acme'>>().toEqualTypeOf<TestCredentials>();
    // @ts-expect-error -- misspelt
    await expect(sessions.signIn('fake', { email: 'user@example.com', pasword: 'x' })).rejects.toThrow();
    // @ts-expect-error -- missing
    await expect(sessions.signIn('acme', { email: 'user@example.com' })).rejects.toThrow();
    // @ts-expect-error -- one of another provider's
    await expect(sessions.signIn('second', { ...credentials, password: 'x', code: '1' })).rejects.toThrow();
    // @ts-expect-error -- no such option
    await sessions.signIn('fake', credentials, { clients: 'x' });
  });

  it('know the account of each, by its provider', async () => {
    const { sessions } = setUp();
    const { id, session } = await sessions.signIn('second', credentials);
    expectTypeOf(session).toEqualTypeOf<Session<'second', FakeAccount>>();
    expectTypeOf(session.account).toEqualTypeOf<FakeAccount>();
    expectTypeOf(session.source).toEqualTypeOf<TokenSource>();
    expectTypeOf(session.user).toBeUnknown();
    const found = await sessions.get(id);
    expectTypeOf(found).toEqualTypeOf<SessionOf<Own> | undefined>();
    if (found?.provider === 'acme') expectTypeOf(found.account).toEqualTypeOf<TestAccount>();
    else if (found) expectTypeOf(found.account).toEqualTypeOf<FakeAccount>();
    expect(found?.provider).toBe('second');
  });

  it('allow a session of unknown providers, as a container injects it', async () => {
    const sessions: Sessions = setUp().sessions;
    expectTypeOf(sessions.get).returns.resolves.toExtend<Session | undefined>();
    expect(sessions).toBeInstanceOf(Sessions);
    class Controller {
      constructor(readonly injected: Sessions) {}
    }
    expect(await new Controller(sessions).injected.get('odd')).toBeUndefined();
  });

  it('tell the hook whose session it is', () => {
    const clock = virtualClock();
    const fake = fakeProvider({ clock });
    const second = fakeProvider({ clock, name: 'second' });
    createSessions({
      providers: [fake, second],
      user(session) {
        expectTypeOf(session.provider).toEqualTypeOf<'fake' | 'second'>();
        expectTypeOf(session.account).toEqualTypeOf<FakeAccount>();
        return session.identity.subject;
      },
    });
  });

  it('and the options are looked at where there are no types: every problem in one message', () => {
    const odd = {
      maxAgeMs: -1,
      idleMs: '1',
      throttle: true,
      user: 1,
      clock: {},
      store: {},
      onEvent: 0,
      more: 1,
    };
    const error = thrownBy(() => createSessions({ providers: [], ...odd } as never));
    expect(error.code).toBe('invalid_config');
    for (const name of [
      'providers',
      'maxAgeMs',
      'idleMs',
      'throttle',
      'user',
      'clock',
      'store',
      'onEvent',
      'more',
    ]) {
      expect(error.message).toContain(name);
    }
    const clock = virtualClock();
    const twice = thrownBy(() =>
      createSessions({ providers: [fakeProvider({ clock }), fakeProvider({ clock })] }),
    );
    expect(twice).toMatchObject({ code: 'invalid_config' });
  });
});
