import type { Entitlement } from './entitlement.js';
import type { Identity } from './identity.js';
import type { CallOptions, Provider } from './provider.js';
import type { TokenSource } from './token-source.js';

/** One signed-in end user of the application. Told apart by `provider`, which gives `account` its type. */
export interface Session<Name extends string = string, Account = unknown> {
  /** Name of the provider that the user signed in at. */
  readonly provider: Name;
  readonly identity: Identity;
  /** The account as it was at sign-in, in the provider's own terms. */
  readonly account: Account;
  /** What the `user` hook made of it at sign-in; without one, the identity. */
  readonly user: unknown;
  /** When the user signed in, in epoch milliseconds. */
  readonly createdAt: number;
  /** When the session ends at the latest, in epoch milliseconds. */
  readonly expiresAt: number;
  /**
   * Tokens for calls in this user's name: `cryptlexClient(session)`. Not enumerable, as `entitlements`.
   *
   * A token that is refused is renewed once, however many report it. Where it cannot be, the session ends, and `getToken`
   * rejects with `token_rejected`, as `entitlements` does, then and ever after; where it has ended otherwise, in this
   * process and lately, with `not_signed_in`.
   */
  readonly source: TokenSource;
  /**
   * What the user may use, at most 30 s old; whether it may be used now is worked out at each call. With `id`, that one
   * thing only. A provider that has no entitlements gives none.
   *
   * @throws LatchkeyError as the provider fails: an old answer is never passed off as today's.
   */
  entitlements(options?: CallOptions & { readonly id?: string }): Promise<Entitlement[]>;
}

/** The session of somebody who signed in at one of the providers `P`, or at the one named `Name`. */
export type SessionOf<
  P extends readonly Provider[] = readonly Provider[],
  Name extends NameOf<P> = NameOf<P>,
> = P[number] extends infer One
  ? One extends Provider<infer Own, infer _Credentials, infer Account>
    ? Own extends Name
      ? Session<Own, Account>
      : Name extends Own
        ? Session<Name, Account>
        : never
    : never
  : never;

/** The names of the providers `P`. */
export type NameOf<P extends readonly Provider[]> = P[number]['name'];

/** What the provider named `Name` takes to sign in. */
export type CredentialsOf<P extends readonly Provider[], Name extends NameOf<P>> = P[number] extends infer One
  ? One extends Provider<infer Own, infer Credentials>
    ? Name extends Own
      ? Credentials
      : never
    : never
  : never;
