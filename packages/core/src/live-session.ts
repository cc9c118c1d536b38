import { cachedEntitlements } from './cached-entitlements.js';
import { concealed } from './concealed.js';
import type { Flight } from './flight.js';
import { grantToken } from './grant-token.js';
import type { KeptSession } from './kept-sessions.js';
import { isLatchkeyError, LatchkeyError, withActor } from './latchkey-error.js';
import type { Session } from './session.js';
import type { SessionKeys } from './session-id.js';
import { canRenew, renewedSession, type RenewalContext } from './session-renewal.js';
import type { Token } from './token.js';
import { checkGetTokenOptions, type GetTokenOptions, type TokenSource } from './token-source.js';

/** A session as this process knows it, and what all its requests share. */
export interface LiveSession {
  /** What the application is given. */
  readonly session: Session;
  /** What was last known to stand in the store. */
  readonly kept: KeptSession;
  /** When it was last asked for, in epoch milliseconds. */
  usedAt: number;
  hasEnded(): boolean;
  /** Takes over what the store has, unless more is known by now than `before`. */
  adopt(kept: KeptSession, before: KeptSession): void;
  /** Sees to it that its token is good as far as is known. @throws LatchkeyError as `renewedSession`. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Writes to the store that it is in use, and what could not be written before; once for all who ask meanwhile. */
  write(): Promise<void>;
  /** Gives out no more tokens. */
  end(): void;
}

/** What live sessions need. */
export interface LiveContext extends RenewalContext {
  /** Starts work that is shared; it is ended with everything else. */
  readonly startFlight: <T>(work: (signal: AbortSignal) => Promise<T>) => Flight<T>;
}

export function createLiveSession(keys: SessionKeys, first: KeptSession, context: LiveContext): LiveSession {
  const { provider, sessions, clock, emit, startFlight } = context;
  let kept = first;
  let token = grantToken(first.record.grant);
  let hasEnded = false;
  let renewal: Flight<void> | undefined;
  let writing: Promise<void> | undefined;
  /** The last token that was renewed here, until somebody tells that it was taken. */
  let untried: string | undefined;
  /** When it was; moments of the monotonic clock. */
  let renewedAt = -Infinity;
  /** The last renewal, where it failed. */
  let failure: { readonly at: number; readonly error: unknown } | undefined;

  const { origin, upstream } = provider;
  const source: TokenSource = Object.freeze({
    origin,
    upstream,
    actor: 'user' as const,

    async getToken(asked: GetTokenOptions = {}) {
      checkGetTokenOptions(asked);
      const { signal, rejected } = asked;
      signal?.throwIfAborted();
      checkOn();
      const isRefused = rejected?.value === token.value;
      if (isRefused || !isFresh()) await renewed(isRefused, signal);
      return token;
    },

    peek: () => (!hasEnded && isFresh() ? token : undefined),

    accepted({ value }: Token) {
      if (value === untried) untried = undefined;
    },
  });
  const entitlements = cachedEntitlements(provider, source, clock, startFlight);
  let session = view();

  const live: LiveSession = {
    usedAt: first.record.usedAt,
    get session() {
      return session;
    },
    get kept() {
      return kept;
    },
    hasEnded: () => hasEnded,
    adopt(next, before) {
      if (kept === before && next !== kept) take(next);
    },
    async refresh(signal) {
      if (!isFresh()) await renewed(false, signal);
    },
    write: () => (writing ??= write().finally(() => (writing = undefined))),
    end() {
      hasEnded = true;
    },
  };
  return live;

  function take(next: KeptSession) {
    kept = next;
    if (next.record.grant.accessToken !== token.value) token = grantToken(next.record.grant);
    session = view();
  }

  function view(): Session {
    const { record } = kept;
    const { provider: name, identity, createdAt, expiresAt, grant } = record;
    const user = 'user' in record ? record.user : identity;
    return concealed(
      { provider: name, identity, account: grant.account, user, createdAt, expiresAt },
      {
        source,
        async entitlements(options?: Parameters<Session['entitlements']>[0]) {
          checkOn();
          return await entitlements(options);
        },
      },
    );
  }

  // However short a life it tells of, a new token is used for a while (T5).
  function isFresh(): boolean {
    const { expiresAt = Infinity } = token;
    return clock.now() < expiresAt || clock.monotonic() < renewedAt + floorMs;
  }

  function checkOn() {
    if (hasEnded) throw new LatchkeyError('not_signed_in', { provider: provider.name, actor: 'user' });
  }

  /** Gets another token than the one at hand; once for all who ask. */
  async function renewed(isRefused: boolean, signal: AbortSignal | undefined): Promise<void> {
    for (const before = token; token === before;) {
      // Late, with a token whose renewal has just failed: that was this caller's renewal, too (T2).
      if (failure && clock.monotonic() < failure.at + floorMs) throw failure.error;
      const joined = renewal && !renewal.abandoned ? renewal : start(isRefused);
      try {
        await joined.join(signal);
        return;
      } catch (error) {
        // Who comes just as the others leave finds work that was given up.
        if (!joined.abandoned || signal?.aborted || isLatchkeyError(error, 'closed')) throw error;
      }
    }
  }

  function start(isRefused: boolean): Flight<void> {
    if (isRefused) emit('rejected', { code: 'token_rejected' });
    const [before, { value, grant }] = [kept, token];
    // One that was renewed and refused from the first would be renewed and refused for ever.
    const mayRenew = canRenew(provider, grant) && !(isRefused && value === untried);
    const flight = startFlight(async (signal) => {
      try {
        take(await renewedSession(keys, before, context, mayRenew, signal));
        untried = token.value;
        renewedAt = clock.monotonic();
        failure = undefined;
      } catch (error) {
        if (isLatchkeyError(error, 'not_signed_in')) hasEnded = true;
        if (isLatchkeyError(error, 'token_rejected')) await finish();
        const told = isLatchkeyError(error) ? withActor(error, 'user') : error;
        if (!signal.aborted) failure = { at: clock.monotonic(), error: told };
        throw told;
      } finally {
        if (renewal === flight) renewal = undefined;
      }
    });
    renewal = flight;
    return flight;
  }

  async function finish() {
    hasEnded = true;
    // Where the store fails, whoever asks this process next finds that it has ended.
    await sessions.end(keys, 'token_rejected').catch(() => undefined);
  }

  async function write(): Promise<void> {
    const before = kept;
    const record = { ...before.record, usedAt: Math.max(before.record.usedAt, live.usedAt) };
    const next = (await sessions.replace(keys, before, record)) ?? (await sessions.read(keys, before));
    if (next) live.adopt(next, before);
    else hasEnded = true;
  }
}

const floorMs = 1_000;
