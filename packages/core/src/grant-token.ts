import { concealer } from './concealer.js';
import type { Grant } from './grant.js';
import { knownFields } from './known-fields.js';
import type { Token } from './token.js';
import type { GetTokenOptions, TokenSource } from './token-source.js';

/** A token that brings the grant it is of: what renews it, and the account. The grant does not show, as the value. */
export interface GrantToken<Account = unknown> extends Token {
  readonly grant: Grant<Account>;
}

/** The token of a grant. */
export function grantToken<Account>(grant: Grant<Account>): GrantToken<Account> {
  return concealed(knownFields({ expiresAt: grant.expiresAt }), { value: grant.accessToken, grant });
}

/** The refresh token behind a token, where there is one. */
export function refreshTokenOf(token: Token | undefined): string | undefined {
  return (token as Partial<GrantToken> | undefined)?.grant?.refreshToken;
}

/** What one wrapper asks of the next. */
export interface GrantTokenOptions extends GetTokenOptions {
  /** Signs in, even where a refresh token would do. */
  readonly anew?: boolean;
  /** Ends the call even where what it waits for does not heed `signal`: the source is being closed. */
  readonly closing?: AbortSignal | undefined;
  /** A token at hand, which will do if it belongs to the credentials of today. */
  readonly atHand?: Token | undefined;
}

/** A token source whose tokens bring their grants. */
export interface GrantTokenSource<Account = unknown> extends TokenSource {
  getToken(options?: GrantTokenOptions): Promise<GrantToken<Account>>;
}

const concealed = concealer('value', 'grant');
