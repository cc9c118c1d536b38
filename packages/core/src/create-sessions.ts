import { createAbortHub } from './abort-hub.js';
import { checkedOptions } from './checked.js';
import { concealer } from './concealer.js';
import { createEmitter, type Emit } from './event.js';
import { failClosedStore } from './fail-closed-store.js';
import { startFlight, type Flight } from './flight.js';
import type { Grant } from './grant.js';
import type { Identity } from './identity.js';
import { keptSessions, type KeptSession } from './kept-sessions.js';
import { LatchkeyError } from './latchkey-error.js';
import { createKnownKeys } from './known-keys.js';
import { createLiveSession, type LiveSession } from './live-session.js';
import { createLiveSessions } from './live-sessions.js';
import { memoryStore } from './memory-store.js';
import { peekOf } from './peekable.js';
import type { CallOptions, Provider } from './provider.js';
import type { Session, SessionOf } from './session.js';
import { createLogin } from './session-login.js';
import { isSessionId, newSessionId, type SessionKeys } from './session-id.js';
import type { SessionRecord } from './session-record.js';
import { canRenew } from './session-renewal.js';
import { Sessions, type SignedIn, type SignInOptions } from './sessions.js';
import { sessionsOptions, type SessionsOptions } from './sessions-options.js';
import { createSignInThrottle } from './sign-in-throttle.js';
import { createSlots, type Slots } from './slots.js';
import { unlessAborted } from './unless-aborted.js';

/**
 * Signs end users in with the accounts that they have at providers, and keeps them signed in.
 *
 * What is kept is found by one key and sealed with another that both come from the session's id, which is not kept: a stolen
 * copy of the store opens nothing. The password is gone when `signIn` returns.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable, with every problem in one message.
 *
 * @example
 * const sessions = createSessions({ providers: [lclx()] });
 * const { id } = await sessions.signIn('lclx', { email, password });
 * const session = await sessions.get(id);
 */
export function createSessions<const P extends readonly Provider[]>(
  options: SessionsOptions<P>,
): Sessions<P> {
  const {
    providers: given,
    store: givenStore,
    ...checked
  } = checkedOptions('createSessions()', sessionsOptions, options);
  const { maxAgeMs, idleMs = Infinity, throttle: limits, user: userOf, scope, onEvent } = checked;
  const { clock = given[0].upstream.clock } = checked;
  const keeper = givenStore ?? memoryStore({ clock });
  const store = failClosedStore(keeper);
  const providers = new Map(given.map((provider) => [provider.name, provider]));
  const emitters = new Map(
    given.map(({ name }) => [name, createEmitter({ provider: name, clock, onEvent })] as const),
  );
  const peekAt = peekOf(keeper);
  const sessions = keptSessions({
    store,
    peekAt,
    clock,
    idleMs,
    audienceOf: (provider) => providers.get(provider)?.audience,
    onEnd: ({ provider }, code) => emitterOf(provider)('session-end', code && { code }),
  });
  const onRefusal = (provider: string) => emitterOf(provider)('throttled', { code: 'rate_limited' });
  const loginOf = createLogin({
    clock,
    throttle: limits && createSignInThrottle({ store, clock, limits, onRefusal }),
    emitterOf,
  });
  const live = createLiveSessions({ sessions, clock, idleMs, liveOf });
  const known = createKnownKeys(scope);
  const hub = createAbortHub();
  const closing = new AbortController();
  /** All that is under way, and of it the renewals, which are waited for. */
  const underWay = createSlots<Flight<unknown>>();
  const renewals = createSlots<Flight<unknown>>();

  const names = Object.freeze(given.map(({ name }) => name));
  const methods = { providers: names, signIn, get, peek, signOut, signOutEverywhere, close };
  return Object.freeze(Object.assign(Object.create(Sessions.prototype) as Sessions<P>, methods));

  async function signIn(
    name: string,
    credentials: object,
    { signal, client, replaces }: SignInOptions = {},
  ): Promise<SignedIn<never>> {
    checkOpen(signal);
    const provider = providerNamed(name);
    const login = loginOf(provider, credentials, client);
    const work = async (given: AbortSignal) => await started(provider, await login(given), replaces, given);
    return (await startShared(work).join(signal)) as SignedIn<never>;
  }

  /** A session under a new id (S1); it is in the store once the application has taken its user. */
  async function started(
    provider: Provider,
    grant: Grant,
    replaces: string | undefined,
    signal: AbortSignal,
  ): Promise<SignedIn> {
    const id = newSessionId();
    const keys = known.of(id);
    const draft = sessions.drafted(keys, await newRecord(provider, grant));
    const one = liveOf(keys, draft);
    const user = await userOf?.(one.session() as SessionOf<P>);
    one.checkOn();
    const { record } = sessions.drafted(keys, { ...draft.record, ...(user !== undefined && { user }) });
    // First, so that there are never both: where it cannot be ended, nobody is signed in.
    if (replaces !== undefined) await signOut(replaces);
    // A login that finishes after it was given up, or after all was closed, brings nothing about (T13).
    signal.throwIfAborted();
    one.adopt(await sessions.add(keys, record), draft);
    emitterOf(provider.name)('session-start');
    if (signal.aborted) {
      await sessions.end(keys);
      throw signal.reason;
    }
    live.enter(keys, one);
    known.add(id, keys);
    return concealed({ session: one.session() }, { id });
  }

  async function newRecord(provider: Provider, grant: Grant): Promise<SessionRecord> {
    const { name, audience } = provider;
    const now = clock.now();
    const endsAt = canRenew(provider, grant) ? Infinity : (grant.expiresAt ?? Infinity);
    if (endsAt <= now) {
      const message = `${name} gave a token that had ended already.`;
      throw new LatchkeyError('invalid_response', { provider: name, message });
    }
    const identity = provider.identify(grant.account);
    // Sign-out everywhere goes by these two: without them it would find nobody, or others.
    if (identity.provider !== name || typeof identity.subject !== 'string' || identity.subject === '') {
      const message = `The identity that ${name} gives has no subject, or is of another provider.`;
      throw new LatchkeyError('invalid_response', { provider: name, message });
    }
    return {
      provider: name,
      audience,
      identity,
      generation: await sessions.generations.joined({ audience, identity }, maxAgeMs),
      createdAt: now,
      expiresAt: Math.min(now + maxAgeMs, endsAt),
      usedAt: now,
      grant,
    };
  }

  // Not async: every request comes through here, and most of them only wait for the store.
  function get(id: string, options?: CallOptions): Promise<Session | undefined> {
    const signal = options?.signal;
    try {
      checkOpen(signal);
    } catch (error) {
      return Promise.reject(error);
    }
    const session = peekAt && peek(id);
    if (session) return Promise.resolve(session);
    if (!isSessionId(id)) return Promise.resolve(undefined);
    return signal ? unlessAborted(found(id, signal), signal) : found(id);
  }

  function peek(id: string): Session | undefined {
    const keys = known.peek(id);
    return keys && live.peek(keys);
  }

  async function found(id: string, signal?: AbortSignal): Promise<Session | undefined> {
    const before = known.peek(id);
    const keys = before ?? known.of(id);
    const session = await live.find(keys, signal);
    if (!session || closing.signal.aborted) known.delete(id);
    else if (!before) known.add(id, keys);
    return session;
  }

  async function signOut(id: string): Promise<void> {
    checkOpen();
    if (!isSessionId(id)) return;
    const keys = known.of(id);
    known.delete(id);
    live.signOut(keys);
    await sessions.end(keys);
  }

  async function signOutEverywhere({
    provider: name,
    subject,
  }: Pick<Identity, 'provider' | 'subject'>): Promise<void> {
    checkOpen();
    const { audience } = providerNamed(name);
    if (typeof subject !== 'string') {
      throw new LatchkeyError('invalid_input', { provider: name, message: 'The subject must be text.' });
    }
    const account = { audience, identity: { provider: name, subject } };
    live.signOutAll(sessions.generations.keyOf(account));
    await sessions.generations.end(account);
  }

  async function close(): Promise<void> {
    const reason = new LatchkeyError('closed', { message: 'The sessions were closed.' });
    closing.abort(reason);
    known.clear();
    for (const flight of underWay) flight.end(reason);
    await Promise.all([...renewals].map(({ landed }) => landed));
    // A renewal that the store did not take then may be taken now. Where it is not, the session ends with its token.
    await live.close();
    if (!givenStore) await keeper.close?.();
  }

  function liveOf(keys: SessionKeys, kept: KeptSession): LiveSession {
    const provider = providerNamed(kept.record.provider);
    const emit = emitterOf(provider.name);
    return createLiveSession(keys, kept, {
      provider,
      sessions,
      store,
      clock,
      emit,
      checkOpen,
      startFlight: startShared,
      startRenewal: (work) => listed(startShared(work), renewals),
    });
  }

  function startShared<T>(work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    checkOpen();
    return listed(startFlight(work, hub), underWay);
  }

  function checkOpen(signal?: AbortSignal) {
    closing.signal.throwIfAborted();
    signal?.throwIfAborted();
  }

  function providerNamed(name: string): Provider {
    const provider = providers.get(name);
    if (provider) return provider;
    throw new LatchkeyError('unknown_provider');
  }

  function emitterOf(provider: string): Emit {
    return emitters.get(provider) ?? (() => {});
  }
}

/** Lists a flight until it has landed. */
function listed<T>(flight: Flight<T>, list: Slots<Flight<unknown>>): Flight<T> {
  const leave = list.add(flight);
  flight.landed.then(leave, leave);
  return flight;
}

const concealed = concealer('id');
