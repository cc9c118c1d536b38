import { deepFrozen } from './deep-frozen.js';
import { createGrant, packGrant, unpackGrant, type Grant } from './grant.js';
import type { Identity } from './identity.js';
import { LatchkeyError } from './latchkey-error.js';
import { safeCause } from './safe-cause.js';

/** What is kept of a session. Moments are epoch milliseconds. */
export interface SessionRecord {
  readonly provider: string;
  readonly audience: string;
  readonly identity: Identity;
  /** What the `user` hook gave; absent where it gave nothing. */
  readonly user?: unknown;
  /** Of the account, at sign-in; see `generations`. */
  readonly generation: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it was last known to be in use. */
  readonly usedAt: number;
  /** With the account in it. */
  readonly grant: Grant;
}

/**
 * A record as text, **with its tokens in the clear**: to be sealed.
 *
 * @throws LatchkeyError `invalid_config` for a user or an account that JSON cannot hold.
 */
export function packSession({ grant, ...record }: SessionRecord): string {
  try {
    // A function and a symbol would be left out without a word.
    if (record.user !== undefined && (JSON.stringify(record.user) as string | undefined) === undefined) {
      throw new TypeError(`The user is a ${typeof record.user}.`);
    }
    return JSON.stringify({ version, ...record, grant: packGrant(grant) });
  } catch (error) {
    const message =
      'A session keeps the account and what the user hook gives: both must be data that JSON can hold.';
    throw new LatchkeyError('invalid_config', {
      provider: record.provider,
      message,
      cause: safeCause(error),
    });
  }
}

/**
 * The record that `packSession` packed. The same for all who ask for it, so that nothing in it can be changed.
 *
 * @returns `undefined` for what another version wrote: that is a miss, not a failure.
 */
export function unpackSession(text: string): SessionRecord | undefined {
  const { version: written, ...record } = JSON.parse(text) as SessionRecord & { readonly version: unknown };
  const grant = written === version ? unpackGrant(record.grant) : undefined;
  return grant && deepFrozen({ ...record, grant });
}

/** The same session with another grant, whose account may be absent. Without renewal it ends with its token. */
export function withGrant(record: SessionRecord, grant: Grant, canRenew: boolean): SessionRecord {
  return {
    ...record,
    grant: createGrant({ ...packGrant(grant), account: record.grant.account }),
    expiresAt: canRenew ? record.expiresAt : Math.min(record.expiresAt, grant.expiresAt ?? Infinity),
  };
}

const version = 1;
