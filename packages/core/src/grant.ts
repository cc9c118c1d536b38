import { concealer } from './concealer.js';
import { knownFields } from './known-fields.js';
import { LatchkeyError } from './latchkey-error.js';
import { bearerValueRule, isBearerValue } from './token.js';

/** What one sign-in gave. */
export interface Grant<Account = unknown> {
  /** Name of the provider that gave it. */
  readonly provider: string;
  /** The bearer token. Not enumerable: printing, spreading and JSON leave it out. */
  readonly accessToken: string;
  /** What renews the access token, where the provider gives one. Not enumerable. */
  readonly refreshToken?: string;
  /** Taken before the login request was sent, in epoch milliseconds. */
  readonly issuedAt: number;
  /** When the access token ends, in epoch milliseconds. Absent: the provider did not say. */
  readonly expiresAt?: number;
  /** The account, where the sign-in told it. */
  readonly account?: Account;
}

/** The fields of a grant; those that are not known are absent or `undefined`. */
export interface GrantFields<Account = unknown> {
  readonly provider: string;
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  readonly issuedAt: number;
  readonly expiresAt?: number | undefined;
  readonly account?: Account | undefined;
}

/**
 * Makes a grant. This is the one place where the tokens of a sign-in are put out of sight: they can be read by name,
 * and do not show when the grant is printed, copied or serialised.
 *
 * @throws LatchkeyError `invalid_response` for a token that cannot be sent, or a moment that is none.
 */
export function createGrant<Account>(fields: GrantFields<Account>): Grant<Account> {
  const { provider, accessToken, refreshToken, issuedAt, expiresAt, account } = fields;
  const problems: string[] = [];
  if (!isBearerValue(accessToken)) problems.push(`the access token ${bearerValueRule}`);
  if (refreshToken !== undefined && !isRefreshToken(refreshToken)) {
    problems.push('the refresh token must be 1 to 16384 characters');
  }
  if (!Number.isFinite(issuedAt)) problems.push('issuedAt must be a number');
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) problems.push('expiresAt must be a number');
  if (problems.length > 0) {
    throw new LatchkeyError('invalid_response', {
      provider,
      message: `The sign-in at ${provider} gave no usable grant: ${problems.join('; ')}.`,
    });
  }
  const shown = knownFields({ provider, issuedAt, expiresAt, account });
  return (
    refreshToken === undefined
      ? plain(shown, { accessToken })
      : renewable(shown, { accessToken, refreshToken })
  ) as Grant<Account>;
}

/** A grant as stores keep it: plain data **with its tokens in the clear**. Seal it before it leaves the process. */
export interface PackedGrant extends GrantFields {
  readonly version: 1;
}

/** The form of a grant that can be written as JSON and read back by `unpackGrant`. */
export function packGrant(grant: Grant): PackedGrant {
  const { provider, accessToken, refreshToken, issuedAt, expiresAt, account } = grant;
  return { version: 1, provider, accessToken, refreshToken, issuedAt, expiresAt, account };
}

/**
 * The grant that `packGrant` packed, or `undefined` for anything else, such as what another version of this package
 * wrote: to a store that is a miss, not a failure.
 */
export function unpackGrant(packed: unknown): Grant | undefined {
  if (typeof packed !== 'object' || packed === null) return undefined;
  const { version, provider } = packed as Partial<PackedGrant>;
  if (version !== 1 || typeof provider !== 'string') return undefined;
  try {
    return createGrant(packed as PackedGrant);
  } catch {
    return undefined;
  }
}

function isRefreshToken(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= 16_384;
}

const plain = concealer('accessToken');
const renewable = concealer('accessToken', 'refreshToken');
