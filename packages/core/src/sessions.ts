import type { Identity } from './identity.js';
import type { CallOptions, Provider } from './provider.js';
import type { CredentialsOf, NameOf, SessionOf } from './session.js';

/** What a sign-in takes beside provider and credentials. */
export interface SignInOptions extends CallOptions {
  /**
   * Who asks, for the throttle: the address of the client. IPv6 addresses count by their first 64 bits. Without it the
   * limits per client are skipped, and those per account are not.
   */
  readonly client?: string | undefined;
  /** The id that the caller presented before, good or not: that session ends. */
  readonly replaces?: string | undefined;
}

/** A session, and what gives access to it. */
export interface SignedIn<S = SessionOf> {
  /** 43 characters, the only secret that the client ever holds. Not enumerable: printing, spreading and JSON leave it out. */
  readonly id: string;
  readonly session: S;
}

/**
 * The signed-in users of an application. Made with `createSessions`; a class so that a container can inject it.
 *
 * Every method rejects with `closed` after `close()`, with `store_error` where the store fails, and with the reason of a
 * signal that it was given.
 */
export abstract class Sessions<
  P extends readonly Provider[] = readonly Provider[],
> implements AsyncDisposable {
  /** The names of the providers that users can sign in at. */
  abstract readonly providers: readonly NameOf<P>[];

  /**
   * Signs a user in and starts a session under a new id.
   *
   * @throws LatchkeyError `unknown_provider`; `invalid_input`, nothing having been sent; `rate_limited` when there were too
   *   many refused tries; what the provider's `signIn` and `account` throw; or what the `user` hook throws.
   */
  abstract signIn<const Name extends NameOf<P>>(
    provider: Name,
    credentials: CredentialsOf<P, Name>,
    options?: SignInOptions,
  ): Promise<SignedIn<SessionOf<P, Name>>>;

  /**
   * The session of `id`, or `undefined` where there is none, or it has ended.
   *
   * Waits for the provider only where the access token has ended and can be renewed, which all who ask meanwhile share.
   *
   * @throws LatchkeyError as the renewal fails, where the provider did not answer: the session goes on.
   */
  abstract get(id: string, options?: CallOptions): Promise<SessionOf<P> | undefined>;

  /**
   * The session of `id` where that can be told at once: one that this process knows, with a token that is good, in a
   * `memoryStore`. Otherwise `undefined`, and `get` tells. Never throws.
   */
  peek(_id: string): SessionOf<P> | undefined {
    return undefined;
  }

  /** Ends the session of `id`. None is fine, too. */
  abstract signOut(id: string): Promise<void>;

  /**
   * Ends every session of one account, in all processes that share the store. A sign-in that is with the provider at that
   * moment comes after.
   *
   * @throws LatchkeyError `unknown_provider`.
   */
  abstract signOutEverywhere(identity: Pick<Identity, 'provider' | 'subject'>): Promise<void>;

  /** Gives up what is under way, save a renewal that was sent, which it waits for. A store that was given stays open. */
  abstract close(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
