import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { createAbortHub } from './abort-hub.js';
import { checkedInput, checkedOptions } from './checked.js';
import type { Clock } from './clock.js';
import { concealed } from './concealed.js';
import { createEmitter, type Emit, type LatchkeyEvent } from './event.js';
import { failClosedStore } from './fail-closed-store.js';
import { startFlight, type Flight } from './flight.js';
import { createGrant, packGrant, type Grant } from './grant.js';
import type { Identity } from './identity.js';
import { keptSessions, type KeptSession } from './kept-sessions.js';
import { LatchkeyError } from './latchkey-error.js';
import { createLiveSession, type LiveSession } from './live-session.js';
import { memoryStore } from './memory-store.js';
import { clockOption, functionOption, providerOption, storeOption } from './option-schemas.js';
import type { CallOptions, Provider } from './provider.js';
import { isRefusal } from './refusal.js';
import type { Session, SessionOf } from './session.js';
import { isSessionId, newSessionId, sessionKeys, type SessionKeys } from './session-id.js';
import type { SessionRecord } from './session-record.js';
import { canRenew } from './session-renewal.js';
import { Sessions, type SignedIn, type SignInOptions } from './sessions.js';
import { createSignInThrottle, type SignInLimits, type SignInTry } from './sign-in-throttle.js';
import type { Store } from './store.js';
import { unlessAborted } from './unless-aborted.js';

/** What `createSessions` takes. Times are in milliseconds. */
export interface SessionsOptions<P extends readonly Provider[] = readonly Provider[]> {
  /** Where users can sign in; each under a name of its own. */
  readonly providers: P;
  /** Default: the memory of this process. */
  readonly store?: Store | undefined;
  /** How long a session lasts at most. Default: 12 h. */
  readonly maxAgeMs?: number | undefined;
  /**
   * How long a session lasts without being used. Use is written to the store at most every tenth of it, so that what one
   * process has seen, another may count up to a tenth less. Default: as `maxAgeMs`.
   */
  readonly idleMs?: number | undefined;
  /** How many refused tries to sign in reach a provider; `false` for no limit. */
  readonly throttle?: SignInLimits | false | undefined;
  /**
   * Gives the application's own user for somebody who has signed in, or refuses by throwing. Is called once, at sign-in;
   * what it gives is kept with the session, as JSON keeps it. Default: the user is the identity.
   */
  readonly user?: ((session: SessionOf<P>) => unknown) | undefined;
  /** Default: the clock of the first provider. */
  readonly clock?: Clock | undefined;
  /** Is told what happens; see `LatchkeyEvent`. */
  readonly onEvent?: ((event: LatchkeyEvent) => void) | undefined;
}

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
  } = checkedOptions('createSessions()', optionsSchema, options);
  const { maxAgeMs, idleMs = Infinity, throttle: limits, user: userOf, onEvent } = checked;
  const { clock = given[0].upstream.clock } = checked;
  const ownStore = givenStore ? undefined : memoryStore({ clock });
  const store = failClosedStore((givenStore ?? ownStore) as Store);
  const providers = new Map(given.map((provider) => [provider.name, provider]));
  const emitters = new Map(
    given.map(({ name }) => [name, createEmitter({ provider: name, clock, onEvent })] as const),
  );
  const sessions = keptSessions({
    store,
    clock,
    idleMs,
    audienceOf: (provider) => providers.get(provider)?.audience,
    onEnd: ({ provider }, code) => emitterOf(provider)('session-end', code && { code }),
  });
  const throttle =
    limits &&
    createSignInThrottle({
      store,
      clock,
      limits,
      onRefusal: (provider) => emitterOf(provider)('throttled', { code: 'rate_limited' }),
    });
  /** By where they are kept, never by their id. One that is driven out is read from the store again. */
  const live = new LRUCache<string, LiveSession>({ max: mostLive });
  const hub = createAbortHub();
  const closing = new AbortController();
  const underWay = new Set<Flight<unknown>>();

  const methods = { signIn, get, signOut, signOutEverywhere, close };
  return Object.freeze(Object.assign(Object.create(Sessions.prototype) as Sessions<P>, methods));

  async function signIn(
    name: string,
    credentials: object,
    { signal: callers, client, replaces }: SignInOptions = {},
  ): Promise<SignedIn<never>> {
    checkOpen(callers);
    const provider = providerNamed(name);
    const who = tryOf(provider, credentials, client);
    const work = async (signal: AbortSignal) => {
      const login = () => loggedIn(provider, credentials, signal);
      const grant = await (throttle ? throttle.run(who, login, signal) : login());
      const account: unknown = await provider.account(grant, { signal });
      return await started(provider, createGrant({ ...packGrant(grant), account }), replaces, signal);
    };
    return (await startShared(work).join(callers)) as SignedIn<never>;
  }

  async function loggedIn(provider: Provider, credentials: object, signal: AbortSignal): Promise<Grant> {
    const emit = emitterOf(provider.name);
    const startedAt = clock.monotonic();
    const durationMs = () => clock.monotonic() - startedAt;
    try {
      const grant = await provider.signIn(credentials, { signal });
      emit('sign-in', { durationMs: durationMs() });
      return grant;
    } catch (error) {
      if (isRefusal(error)) emit('sign-in-refused', { code: error.code, durationMs: durationMs() });
      throw error;
    }
  }

  /** A session under a new id (S1); it is in the store once the application has taken its user. */
  async function started(
    provider: Provider,
    grant: Grant,
    replaces: string | undefined,
    signal: AbortSignal,
  ): Promise<SignedIn<Session>> {
    const id = newSessionId();
    const keys = sessionKeys(id);
    const draft = sessions.drafted(await recordOf(provider, grant));
    const one = liveOf(keys, draft);
    const user = await userOf?.(one.session as SessionOf<P>);
    if (replaces !== undefined) await signOut(replaces);
    // A login that finishes after it was given up, or after all was closed, brings nothing about (T13).
    signal.throwIfAborted();
    one.adopt(await sessions.add(keys, { ...draft.record, ...(user !== undefined && { user }) }), draft);
    live.set(keys.lookup, one);
    emitterOf(provider.name)('session-start');
    return concealed({ session: one.session }, { id });
  }

  async function recordOf(provider: Provider, grant: Grant): Promise<SessionRecord> {
    const { name, audience } = provider;
    const now = clock.now();
    const endsAt = canRenew(provider, grant) ? Infinity : (grant.expiresAt ?? Infinity);
    if (endsAt <= now) {
      const message = `${name} gave a token that had ended already.`;
      throw new LatchkeyError('invalid_response', { provider: name, message });
    }
    const identity = provider.identify(grant.account);
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

  async function get(id: string, { signal }: CallOptions = {}): Promise<SessionOf<P> | undefined> {
    checkOpen(signal);
    if (!isSessionId(id)) return undefined;
    return (await unlessAborted(found(sessionKeys(id), signal), signal)) as SessionOf<P> | undefined;
  }

  async function found(keys: SessionKeys, signal: AbortSignal | undefined): Promise<Session | undefined> {
    const known = live.get(keys.lookup);
    const before = known?.kept;
    const present = await sessions.read(keys, before, known?.usedAt);
    if (!present) return forgotten(keys, known);
    // Another call may have come first.
    const one = live.get(keys.lookup) ?? known ?? liveOf(keys, present);
    if (one.hasEnded) return await ended(keys, one);
    live.set(keys.lookup, one);
    if (before) one.adopt(present, before);
    one.usedAt = Math.max(one.usedAt, clock.now());
    try {
      await one.refresh(signal);
    } catch (error) {
      if (one.hasEnded) return forgotten(keys, one);
      throw error;
    }
    const { record, isPending = false } = one.kept;
    if (isPending || one.usedAt - record.usedAt >= idleMs / 10) await one.write();
    return one.hasEnded ? forgotten(keys, one) : one.session;
  }

  /** One that ended here, when the store failed to be told of it. */
  async function ended(keys: SessionKeys, one: LiveSession): Promise<undefined> {
    await sessions.end(keys);
    return forgotten(keys, one);
  }

  function forgotten({ lookup }: SessionKeys, one: LiveSession | undefined): undefined {
    one?.end();
    live.delete(lookup);
  }

  async function signOut(id: string): Promise<void> {
    checkOpen();
    if (!isSessionId(id)) return;
    const keys = sessionKeys(id);
    forgotten(keys, live.get(keys.lookup));
    await sessions.end(keys);
  }

  async function signOutEverywhere({
    provider: name,
    subject,
  }: Pick<Identity, 'provider' | 'subject'>): Promise<void> {
    checkOpen();
    const { audience } = providerNamed(name);
    const account = { audience, identity: { provider: name, subject } };
    await sessions.generations.end(account);
    const key = sessions.generations.keyOf(account);
    for (const [lookup, one] of [...live.entries()]) {
      if (one.kept.generationKey !== key) continue;
      one.end();
      live.delete(lookup);
    }
  }

  async function close(): Promise<void> {
    const reason = new LatchkeyError('closed', { message: 'The sessions were closed.' });
    closing.abort(reason);
    for (const flight of underWay) flight.end(reason);
    await Promise.all([...underWay].map(({ landed }) => landed));
    live.clear();
    await ownStore?.close?.();
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
      startFlight: startShared,
    });
  }

  function startShared<T>(work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const flight = startFlight(work, hub);
    underWay.add(flight);
    flight.landed.then(
      () => underWay.delete(flight),
      () => undefined, // it never rejects
    );
    return flight;
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

/** @throws LatchkeyError `invalid_input`, before anything is sent. */
function tryOf(provider: Provider, credentials: object, client: unknown): SignInTry {
  const { name, audience, credentials: schema } = provider;
  const checked = checkedInput('credentials', schema, credentials, name) as Record<string, unknown>;
  const loginName: unknown = provider.loginName ? provider.loginName(checked) : checked['email'];
  if (typeof loginName !== 'string') {
    const message = `Tries to sign in at ${name} cannot be counted: its credentials have no email, and it defines no loginName.`;
    throw new LatchkeyError('invalid_config', { provider: name, message });
  }
  if (client !== undefined && typeof client !== 'string') {
    throw new LatchkeyError('invalid_input', {
      provider: name,
      message: 'The client must be text: an address.',
    });
  }
  return { provider: name, audience, loginName, client: client === '' ? undefined : client };
}

// A few kilobytes each.
const mostLive = 10_000;

const span = z.number('must be a number').positive('must be above 0').max(Number.MAX_SAFE_INTEGER);
const tryLimit = z
  .strictObject({ tries: z.int('must be a whole number').positive('must be above 0'), perMs: span })
  .optional();

const optionsSchema = z.strictObject({
  providers: z
    .tuple([providerOption], providerOption, 'must be a list of providers, one at least')
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'must have a name each'),
  store: storeOption.optional(),
  maxAgeMs: span.default(12 * 3_600_000),
  idleMs: span.optional(),
  throttle: z
    .union(
      [z.literal(false), z.strictObject({ account: tryLimit, accountAndClient: tryLimit, client: tryLimit })],
      'must be false or limits: { account, accountAndClient, client }, each { tries, perMs }',
    )
    .default({}),
  user: functionOption<(session: never) => unknown>().optional(),
  clock: clockOption.optional(),
  onEvent: functionOption<(event: LatchkeyEvent) => void>().optional(),
});
