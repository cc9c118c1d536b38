import { createAbortHub } from './abort-hub.js';
import { createBoundedEntries } from './bounded-entries.js';
import { checkedOptions } from './checked.js';
import { cachedEntitlements } from './cached-entitlements.js';
import { checkedClient, clientNetwork } from './client-network.js';
import type { Entitlement } from './entitlement.js';
import { deepFrozen } from './deep-frozen.js';
import { createEmitter } from './event.js';
import { failClosedStore } from './fail-closed-store.js';
import { startFlight, type Flight } from './flight.js';
import { hashed } from './hashed.js';
import type { Identity } from './identity.js';
import { isLatchkeyError, LatchkeyError, withActor } from './latchkey-error.js';
import { memoryStore } from './memory-store.js';
import type { CallOptions } from './provider.js';
import { isRefusal } from './refusal.js';
import { isSessionId } from './session-id.js';
import { createSlots } from './slots.js';
import { statedEnd } from './stated-end.js';
import { staticTokenSource } from './static-token-source.js';
import { isBearerValue } from './token.js';
import type { TokenSource } from './token-source.js';
import { createTries, type TryLimit } from './tries.js';
import { upstreamTokensOptions, type UpstreamTokensOptions } from './upstream-tokens-options.js';

/** Whose a token is that came with a request. */
export interface UpstreamToken<Account = unknown> {
  readonly identity: Identity;
  readonly account: Account;
  /** That token, for calls in its owner's name. Its errors carry `actor: 'user'`. */
  readonly source: TokenSource & { readonly actor: 'user' };
  /** What the user may use; as of a session. */
  entitlements(options?: CallOptions & { readonly id?: string }): Promise<Entitlement[]>;
}

/** What `verify` takes beside a token. */
export interface VerifyTokenOptions extends CallOptions {
  /**
   * Who asks, for the throttle: the address of the client. IPv6 addresses count by their first 64 bits. Without it there is
   * no throttle.
   */
  readonly client?: string | undefined;
}

/** Tells whose the tokens of a provider are that requests bring in place of a session. */
export interface UpstreamTokens<Account = unknown> extends AsyncDisposable {
  /**
   * Whose `token` is; `undefined` for one that is not good, that belongs to somebody outside, or that is none at all, such as
   * the id of a session: that is never shown to a provider.
   *
   * Answers are kept for `maxAgeMs`, and calls that ask for the same token meanwhile share one request to the provider.
   *
   * @throws LatchkeyError as the provider fails; `rate_limited` where the client brought too many tokens that were refused;
   *   `store_error`; `closed`; what `owns` throws; or the reason of `signal`.
   */
  verify(token: string, options?: VerifyTokenOptions): Promise<UpstreamToken<Account> | undefined>;
  /** Gives up what is under way and forgets all answers. A store that was given stays open. */
  close(): Promise<void>;
}

/** An answer of the provider; without `held`, that the token is not good. */
interface Answer<Account> {
  readonly held?: UpstreamToken<Account>;
}

/**
 * Takes a provider's own bearer tokens in place of sessions.
 *
 * Of each 10,000 good tokens and refused ones the answer is kept, under a hash. Failures of the provider are not kept.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable: among them a provider without `verify`, and one of
 *   which nothing proves that a token was meant for this application.
 *
 * @example
 * const tokens = createUpstreamTokens({ provider, owns: ({ companyId }) => companyId === ours });
 * const held = await tokens.verify(bearerToken(request.headers) ?? '', { client: request.ip });
 */
export function createUpstreamTokens<Account>(
  options: UpstreamTokensOptions<Account>,
): UpstreamTokens<Account> {
  checkedOptions('createUpstreamTokens()', upstreamTokensOptions, options);
  const { provider, owns, maxAgeMs = 60_000, throttle = fewTries, onEvent } = options;
  const { name, upstream } = provider;
  const clock = options.clock ?? upstream.clock;
  const store = options.store ?? memoryStore({ clock });
  const tries = createTries(failClosedStore(store), clock);
  const emit = createEmitter({ provider: name, clock, onEvent });
  // Good tokens and refused ones are kinds of their own, so that no flood of bad tokens pushes out a good one.
  const answers = createBoundedEntries<Answer<Account>>({
    maxEntries: 10_000,
    clock,
    lastingKinds: new Set(),
  });
  const hub = createAbortHub();
  /** Requests to the provider, by token. */
  const asking = new Map<string, Flight<Answer<Account>>>();
  /** Calls, by token and client: many at a time with the same token are one try. */
  const admitting = new Map<string, Flight<Answer<Account>>>();
  /** Requests for what a caller may use. */
  const entitled = createSlots<Flight<unknown>>();
  let isClosed = false;

  return Object.freeze({
    async verify(token: string, { signal, client: given }: VerifyTokenOptions = {}) {
      if (isClosed) throw closed();
      const client = checkedClient(given, name);
      signal?.throwIfAborted();
      if (!isBearerValue(token) || isSessionId(token)) return undefined;
      const hash = hashed(token);
      const answer = kept(hash) ?? (await asked(token, hash, client, signal));
      return answer.held;
    },

    close,
    [Symbol.asyncDispose]: close,
  });

  async function close() {
    isClosed = true;
    for (const flight of [...admitting.values(), ...asking.values(), ...entitled]) flight.end(closed());
    answers.clear();
    if (!options.store) await store.close?.();
  }

  function closed(): LatchkeyError {
    return new LatchkeyError('closed', { provider: name });
  }

  function asked(
    token: string,
    hash: string,
    client: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer<Account>> {
    const ask = (own: AbortSignal | undefined) =>
      shared(asking, hash, (shared) => answerFor(token, hash, shared), own);
    if (throttle === false || client === undefined) return ask(signal);
    const place = hashed(clientNetwork(client));
    return shared(admitting, `${hash} ${place}`, (own) => admitted(place, throttle, ask, own), signal);
  }

  async function admitted(
    place: string,
    limit: TryLimit,
    ask: (signal: AbortSignal) => Promise<Answer<Account>>,
    signal: AbortSignal,
  ): Promise<Answer<Account>> {
    const taken = await tries.take(`throttle-token:${place}`, limit, signal);
    if (!taken.try) {
      emit('throttled', { code: 'rate_limited' });
      throw new LatchkeyError('rate_limited', {
        provider: name,
        retryAfterMs: taken.retryAfterMs,
        message: `This client brought too many tokens that ${name} refused.`,
      });
    }
    let isSent = false;
    try {
      signal.throwIfAborted();
      isSent = true;
      const answer = await ask(signal);
      if (answer.held) await taken.try.giveBack();
      else taken.try.keep();
      return answer;
    } catch (error) {
      // Of one that the caller gave up nobody knows how it ended: else leaving early would be a way round the limit.
      const isGivenUp = isSent && signal.aborted && !isLatchkeyError(signal.reason, 'closed');
      if (isGivenUp || isRefusal(error)) taken.try.keep();
      else await taken.try.giveBack();
      throw error;
    }
  }

  async function answerFor(token: string, hash: string, signal: AbortSignal): Promise<Answer<Account>> {
    // It may have come while this one waited to be admitted.
    const known = kept(hash);
    if (known) return known;
    const askedAt = clock.monotonic();
    const account = await provider.verify?.(token, { signal });
    const isGood = account !== undefined && (owns ? await owns(account) : true);
    const answer: Answer<Account> = isGood ? { held: heldBy(account, token, hash) } : {};
    const leftMs = askedAt + maxAgeMs - clock.monotonic();
    const ttlMs = isGood ? Math.min(leftMs, statedEnd(token) - upstream.skewMs() - clock.now()) : leftMs;
    if (ttlMs > 0 && !isClosed) answers.set(keyOf(hash, isGood), answer, ttlMs);
    return answer;
  }

  function kept(hash: string): Answer<Account> | undefined {
    return answers.get(keyOf(hash, true)) ?? answers.get(keyOf(hash, false));
  }

  function heldBy(account: Account, token: string, hash: string): UpstreamToken<Account> {
    const fixed = staticTokenSource(token, provider);
    const source = Object.freeze({
      ...fixed,
      actor: 'user' as const,
      async getToken(options) {
        try {
          return await fixed.getToken(options);
        } catch (error) {
          if (!isLatchkeyError(error, 'token_rejected')) throw error;
          // The provider has taken its word back; the next request is to hear it too.
          if (answers.get(keyOf(hash, true))) emit('rejected');
          answers.delete(keyOf(hash, true));
          throw withActor(error, 'user');
        }
      },
    } satisfies TokenSource);
    const entitlements = cachedEntitlements(provider, source, clock, startAsking);
    return Object.freeze({
      identity: deepFrozen(provider.identify(account)),
      account: deepFrozen(account),
      source,
      entitlements,
    });
  }

  /** A request to the provider on behalf of somebody whose token is good; it ends with all others. */
  function startAsking<T>(work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    if (isClosed) throw closed();
    const flight = startFlight(work, hub);
    const leave = entitled.add(flight);
    flight.landed.then(leave, leave);
    return flight;
  }

  /** What the flight of `key` gives; `work` starts one where there is none. */
  function shared<T>(
    flights: Map<string, Flight<T>>,
    key: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const running = flights.get(key);
    if (running && !running.isAbandoned()) return running.join(signal);
    const flight = startFlight(async (own) => {
      try {
        return await work(own);
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    }, hub);
    flights.set(key, flight);
    return flight.join(signal);
  }
}

function keyOf(hash: string, isGood: boolean): string {
  return `${isGood ? 'good' : 'refused'}:${hash}`;
}

const fewTries: TryLimit = { tries: 20, perMs: 300_000 };
