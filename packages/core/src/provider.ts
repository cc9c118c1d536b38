import type { z } from 'zod';
import type { Entitlement } from './entitlement.js';
import type { Grant } from './grant.js';
import type { Identity } from './identity.js';
import type { TokenSource } from './token-source.js';
import type { Upstream } from './upstream.js';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call early; it then rejects with the signal's reason, as it came. */
  readonly signal?: AbortSignal | undefined;
}

/** The company at the other end, as an object that knows its login contract. Made with `defineProvider`. */
export interface Provider<
  Name extends string = string,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of providers takes each with its own credentials
  Credentials extends object = any,
  Account = unknown,
> {
  /** Names it everywhere: in errors and identities, as a segment of routes, as the name of a strategy. */
  readonly name: Name;
  /** The only place its tokens go, such as `https://api.example.com`. */
  readonly origin: string;
  /** Origin plus every login parameter given at construction (an alias, an account id). Part of every key. */
  readonly audience: string;
  /** Credential fields that work once, such as a code: part of no key. */
  readonly oneTime?: readonly string[];
  /** Its HTTP side. */
  readonly upstream: Upstream;
  /** Checks credentials before anything is sent. */
  readonly credentials: z.ZodType<Credentials>;
  /**
   * What names the account in credentials, so that tries to sign in to one account can be counted. Absent: their `email`.
   */
  loginName?(credentials: Credentials): string;
  /**
   * Signs in with one login, which is never repeated by itself.
   *
   * @throws LatchkeyError `invalid_input` for malformed credentials, nothing having been sent; `invalid_credentials`,
   *   `second_factor_required`, `second_factor_invalid`, `account_locked`, `account_disabled` or `rate_limited` when the
   *   provider refused; `upstream_error`, `invalid_response`, `upstream_unavailable` or `timeout` when it failed.
   */
  signIn(credentials: Credentials, options?: CallOptions): Promise<Grant<Account>>;
  /** Gives a new grant for the refresh token of an old one. Absent: only another sign-in gives a new token. */
  renew?(grant: Grant<Account>, options?: CallOptions): Promise<Grant<Account>>;
  /** The account of a grant: from the grant where that has it, else with one call to the provider. */
  account(grant: Grant<Account>, options?: CallOptions): Promise<Account>;
  /** The account that `token` belongs to, or `undefined` when the token is not good. */
  verify?(token: string, options?: CallOptions): Promise<Account | undefined>;
  /**
   * Whether `verify` knows tokens of this audience only, so that no other tenant's token passes for one of its own. Default:
   * it does not.
   */
  readonly verifiesAudience?: boolean;
  /** What the account may use; with `id`, that one thing only. */
  entitlements?(
    source: TokenSource,
    options?: CallOptions & { readonly id?: string },
  ): Promise<Entitlement[]>;
  /** The account in common terms. */
  identify(account: Account): Identity;
}
