import { cachedEntitlements } from './cached-entitlements.js';
import { concealer } from './concealer.js';
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
  session(): Session;
  /** What was last known to stand in the store. */
  kept(): KeptSession;
  /** When it was last asked for, in epoch milliseconds. */
  usedAt: number;
  hasEnded(): boolean;
  /** @throws LatchkeyError what it has ended with, if it has: `not_signed_in`, or `token_rejected`. */
  checkOn(): void;
  /** Takes over what the store has, unless more is known by now than `before`. */
  adopt(kept: KeptSession, before: KeptSession): void;
  /** Whether its token is good as far as is known, so that it need not be refreshed. */
  hasGoodToken(now: number): boolean;
  /** Sees to it that its token is good as far as is known. @throws LatchkeyError as `renewedSession`. */
  refresh(signal?: AbortSignal): Promise<void>;
  /** Writes to the store that it is in use, and what could not be written before; once for all who ask meanwhile. */
  write(): Promise<void>;
  /** Gives out no more tokens. */
  end(): void;
}

/** What live sessions need. */
export interface LiveContext extends RenewalContext {
  /** @throws LatchkeyError `closed` once all sessions are closed. */
  readonly checkOpen: () => void;
  /** Starts work that is shared; it is ended with everything else. */
  readonly startFlight: <T>(work: (signal: AbortSignal) => Promise<T>) => Flight<T>;
  /** Likewise, for work that is waited for when all is ended. */
  readonly startRenewal: <T>(work: (signal: AbortSignal) => Promise<T>) => Flight<T>;
}

export function createLiveSession(keys: SessionKeys, first: KeptSession, context: LiveContext): LiveSession {
  const { provider, sessions, clock, emit, startFlight, startRenewal } = context;
  let kept = first;
  let token = grantToken(first.record.grant);
  /** Whether the token at hand was refused. */
  let isRefused = false;
  /** Whether it was renewed here and no carrier has told yet that it was taken. */
  let isUntried = false;
  /** When it was; moments of the monotonic clock. */
  let renewedAt = -Infinity;
  /** What is to replace a token, and which. */
  let renewal: { readonly of: string; readonly flight: Flight<void> } | undefined;
  /** The last renewal, where it failed. */
  let failure: { readonly at: number; readonly error: unknown } | undefined;
  let writing: Promise<void> | undefined;
  let ended: LatchkeyError | undefined;

  const { name, origin, upstream } = provider;
  const source: TokenSource = Object.freeze({
    origin,
    upstream,
    actor: 'user' as const,

    async getToken(asked?: GetTokenOptions | null) {
      const { signal, rejected } = asked ?? {};
      checkGetTokenOptions({ signal, rejected });
      signal?.throwIfAborted();
      checkOn();
      if (rejected?.value === token.value) refuse();
      if (!isGood()) await renewed(signal);
      checkOn();
      if (rejected?.value === token.value) throw problem('token_rejected');
      return token;
    },

    peek: () => (!isOver() && isGood() ? token : undefined),

    accepted({ value }: Token) {
      if (value === token.value) isUntried = false;
    },
  });
  const entitlements = cachedEntitlements(provider, source, clock, startFlight);
  let session = view();

  const live: LiveSession = {
    usedAt: first.record.usedAt,
    session: () => session,
    kept: () => kept,
    hasEnded: () => ended !== undefined,
    checkOn,
    adopt(next, before) {
      if (kept === before && next !== kept) take(next);
    },
    hasGoodToken: isGood,
    async refresh(signal) {
      if (!isGood()) await renewed(signal);
    },
    write: () => (writing ??= write().finally(() => (writing = undefined))),
    end: () => void (ended ??= problem('not_signed_in')),
  };
  return live;

  function take(next: KeptSession) {
    kept = next;
    const { grant } = next.record;
    if (grant.accessToken !== token.value) isRefused = isUntried = false;
    if (grant.accessToken !== token.value || grant.expiresAt !== token.expiresAt) token = grantToken(grant);
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
  function isGood(now = clock.now()): boolean {
    const { expiresAt = Infinity } = token;
    return !isRefused && (now < expiresAt || clock.monotonic() < renewedAt + floorMs);
  }

  function isOver(): boolean {
    return ended !== undefined || clock.now() >= kept.record.expiresAt;
  }

  function checkOn() {
    context.checkOpen();
    if (isOver()) throw ended ?? problem('not_signed_in');
  }

  function refuse() {
    if (!isRefused) emit('rejected', { code: 'token_rejected' });
    isRefused = true;
  }

  /** Gets another token than the one at hand; once for all who ask. */
  async function renewed(signal: AbortSignal | undefined): Promise<void> {
    for (const before = token; token === before;) {
      // Late, with a token whose renewal has just failed: that was this caller's renewal, too (T2).
      if (failure && clock.monotonic() < failure.at + floorMs) throw failure.error;
      const { of, flight } = renewal ?? start();
      try {
        await flight.join(signal);
        // One that was to replace the token before may have found just this one, which was refused meanwhile.
        if (of === before.value) return;
      } catch (error) {
        // Who comes just as the others leave finds work that was given up.
        if (!flight.isAbandoned() || signal?.aborted || isLatchkeyError(error)) throw error;
      }
    }
  }

  function start(): NonNullable<typeof renewal> {
    // One that was renewed and refused from the first would be renewed and refused for ever.
    const isHopeless = isRefused && isUntried && clock.monotonic() < renewedAt + refusedAtOnceMs;
    const mayRenew = canRenew(provider, token.grant) && !isHopeless;
    const flight = startRenewal(async (signal) => {
      try {
        const next = await renewedSession(
          { keys, known: kept, usedAt: () => live.usedAt, mayRenew, signal },
          context,
        );
        // What was found in the store may be known already, and in use.
        const isNew = next.record.grant.accessToken !== token.value;
        take(next);
        if (isNew) isUntried = true;
        renewedAt = clock.monotonic();
        failure = undefined;
      } catch (error) {
        const told = isLatchkeyError(error) ? withActor(error, 'user') : error;
        if (isLatchkeyError(told, 'not_signed_in')) ended ??= told;
        if (isLatchkeyError(told, 'token_rejected')) await finish(told);
        if (!signal.aborted) failure = { at: clock.monotonic(), error: told };
        throw told;
      } finally {
        renewal = undefined;
      }
    });
    renewal = { of: token.value, flight };
    return renewal;
  }

  async function finish(error: LatchkeyError) {
    ended ??= error;
    // Where the store fails, whoever asks this process next finds that it has ended.
    await sessions.end(keys, 'token_rejected').catch(() => undefined);
  }

  async function write(): Promise<void> {
    const before = kept;
    const record = { ...before.record, usedAt: Math.max(before.record.usedAt, live.usedAt) };
    const written = await sessions.replace(keys, before, record);
    const next = written ?? (await sessions.read(keys, before, live.usedAt));
    if (next) live.adopt(next, before);
    else live.end();
  }

  function problem(code: 'not_signed_in' | 'token_rejected'): LatchkeyError {
    return new LatchkeyError(code, { provider: name, actor: 'user' });
  }
}

const floorMs = 1_000;
const refusedAtOnceMs = 60_000;
const concealed = concealer('source', 'entitlements');
