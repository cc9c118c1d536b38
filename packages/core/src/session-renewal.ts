import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import type { Grant } from './grant.js';
import type { KeptSession, KeptSessions } from './kept-sessions.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { leaseOrWait } from './lease-or-wait.js';
import type { Provider } from './provider.js';
import { isRefusal } from './refusal.js';
import type { SessionKeys } from './session-id.js';
import { withGrant } from './session-record.js';
import type { Store } from './store.js';

/** What renewing a session takes. */
export interface RenewalContext {
  readonly provider: Provider;
  readonly sessions: KeptSessions;
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Whether the provider gives another token for this grant without a password. */
export function canRenew({ renew }: Pick<Provider, 'renew'>, { refreshToken }: Grant): boolean {
  return renew !== undefined && refreshToken !== undefined;
}

/** The renewal of one session. */
export interface Renewal {
  readonly keys: SessionKeys;
  readonly known: KeptSession;
  /** When it was last in use, as far as this process knows. */
  readonly usedAt: () => number;
  /** Whether its refresh token is to be used; without, only what somebody else has got will do. */
  readonly mayRenew: boolean;
  /**
   * Ends it while nothing was sent. A renewal that was sent goes on, since it may have used the refresh token up, and its
   * outcome is kept (T3).
   */
  readonly signal: AbortSignal;
}

/**
 * The session `known` with another token: the one that somebody else has got meanwhile, or one for its refresh token, which
 * one process asks for under a lease while the others wait.
 *
 * @throws LatchkeyError `not_signed_in` where the session has ended meanwhile: nothing brings it back (T13);
 *   `token_rejected` where there is no other token; `store_error`; and what a renewal fails with.
 */
export async function renewedSession(
  { keys, known, usedAt, mayRenew, signal }: Renewal,
  { provider, sessions, store, clock, emit }: RenewalContext,
): Promise<KeptSession> {
  const { name, renew } = provider;
  const old = known.record.grant.accessToken;

  return await leaseOrWait({
    look: () => found(known),
    found(present) {
      if (isRenewed(present)) return present;
      if (!mayRenew) throw noOther();
      return undefined;
    },
    lease: (options) => store.lease(`lease:session-${keys.lookup}`, options),
    work: renewedFrom,
    clock,
    signal,
    provider: name,
    doing: `renewing a session of ${name}`,
  });

  async function renewedFrom(present: KeptSession): Promise<KeptSession> {
    const startedAt = clock.monotonic();
    try {
      if (!renew) throw noOther();
      const grant = await renew.call(provider, present.record.grant);
      emit('renewal', { durationMs: clock.monotonic() - startedAt });
      return await written(grant, present);
    } catch (error) {
      if (isLatchkeyError(error, 'not_signed_in')) throw error;
      const code = isLatchkeyError(error) ? error.code : 'internal_error';
      emit('renewal-failed', { code, durationMs: clock.monotonic() - startedAt });
      if (!isRefusal(error)) throw error;
      // Who was held up for longer than the lease finds the refresh token used up by another.
      const later = await found(present);
      if (isRenewed(later)) return later;
      throw noOther(error);
    }
  }

  async function written(grant: Grant, renewed: KeptSession): Promise<KeptSession> {
    for (let present = renewed; ;) {
      const record = withGrant(present.record, grant, canRenew(provider, grant));
      try {
        const done = await sessions.replace(keys, present, record);
        if (done) return done;
        // It was used meanwhile, in another process, or has a newer token, or has ended.
        const next = await found(present);
        if (isRenewed(next)) return next;
        present = next;
      } catch (error) {
        if (!isLatchkeyError(error, 'store_error')) throw error;
        // What was there before may be written yet by another call.
        return { ...present, record, replaced: [...(present.replaced ?? []), old] };
      }
    }
  }

  async function found(before: KeptSession): Promise<KeptSession> {
    const present = await sessions.read(keys, before, usedAt());
    if (present) return present;
    throw new LatchkeyError('not_signed_in', { provider: name, actor: 'user' });
  }

  function isRenewed({ record }: KeptSession): boolean {
    return record.grant.accessToken !== old;
  }

  function noOther(cause?: LatchkeyError): LatchkeyError {
    const { status, upstreamCode } = cause ?? {};
    return new LatchkeyError('token_rejected', {
      provider: name,
      actor: 'user',
      status,
      upstreamCode,
      cause,
    });
  }
}
