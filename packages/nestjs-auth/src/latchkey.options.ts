import type { Provider, SessionsOptions, Store, UpstreamTokensOptions } from '@latchkey/core';
import type { CookieOptions, SameOriginOptions } from '@latchkey/core/http';
import type { ExecutionContext } from '@nestjs/common';

/** What `LatchkeyModule` takes, however it is given. */
export interface LatchkeyModuleOptions<P extends readonly Provider[] = readonly Provider[]> {
  /** Where users can sign in; each under a name of its own. */
  readonly providers: P;
  /** Where sessions are kept, and refused tries counted. Default: the memory of this process. */
  readonly store?: Store | undefined;
  /** How long sessions last, the throttle, `onEvent` and the clock; see `createSessions` of core. */
  readonly sessions?: Omit<SessionsOptions<P>, 'providers' | 'store' | 'user'> | undefined;
  /** Gives the application's own user for somebody who has signed in, or refuses by throwing; see `createSessions`. */
  readonly user?: SessionsOptions<P>['user'];
  /** How the cookie is made that carries the id of a session; `false` for applications without one. */
  readonly cookie?: CookieOptions | false | undefined;
  /** Whether the id may also come as a bearer token. Default: true. */
  readonly bearer?: boolean | undefined;
  /** The same-origin check of requests with the cookie, and of sign-ins; `false` for applications that check it themselves. */
  readonly csrf?: SameOriginOptions | false | undefined;
  /** Names the protected area in `WWW-Authenticate`. Default: the `name` of the set of providers, else `latchkey`. */
  readonly realm?: string | undefined;
  /** Takes the tokens of one provider in place of sessions: its name, or with options. Default: off. */
  readonly upstreamTokens?: string | UpstreamTokenOptions | undefined;
  /** Who asks, for the limits per client. Default: `request.ip`, which behind a proxy needs the adapter to trust it. */
  readonly client?: ((request: ClientRequest) => string | undefined) | undefined;
  /** Where the credential is, for contexts other than plain HTTP. */
  readonly credentialFrom?: CredentialSources | undefined;
  /**
   * How long, once the application is told to stop, a request under way may still use sessions, in milliseconds; then it
   * ends with `closed`. Default: 5,000.
   */
  readonly shutdownGraceMs?: number | undefined;
}

/** What changes the graph of modules: known before any factory has run, so given beside it. */
export interface LatchkeyModuleExtras {
  /** Whether all modules can inject what this one exports. Default: true. */
  readonly isGlobal?: boolean | undefined;
  /** Whether `AuthGuard` guards everything. Default: true; for a named set, whose routes say `@Realm(name)`, false. */
  readonly globalGuard?: boolean | undefined;
  /** Whether there are routes to sign in and out. Default: true. */
  readonly controller?: boolean | undefined;
  /** Where those are. Default: `auth`; for a named set `auth/<name>`. */
  readonly path?: string | undefined;
  /** Tells a second set of providers from the first, which has no name. */
  readonly name?: string | undefined;
}

/** As `createUpstreamTokens` of core takes it, with the provider by its name, too. */
export interface UpstreamTokenOptions extends Omit<
  UpstreamTokensOptions,
  'provider' | 'store' | 'clock' | 'onEvent'
> {
  /** The one provider whose tokens are taken, or the name of one of `providers`. */
  readonly provider: string | Provider;
}

/** A request as Express, Fastify and others have it. */
export interface ClientRequest {
  readonly ip?: string | undefined;
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * What a caller shows: the id of a session or a token, with `Bearer ` before it or without; or the head of a request,
 * whose `Authorization` header and cookie are read.
 */
export type Credential = string | Pick<ClientRequest, 'headers' | 'method'>;

/** Finds the credential of a call. */
export type CredentialSource = (
  context: ExecutionContext,
) => Credential | undefined | Promise<Credential | undefined>;

/** Where the credential is, by the type of the context. */
export interface CredentialSources {
  /** Default: the `req` of the GraphQL context, or what else there is of a request in it. */
  readonly graphql?: CredentialSource | undefined;
  /** Default: `auth.token` of a socket.io handshake, else the headers of the handshake. */
  readonly ws?: CredentialSource | undefined;
  /** Default: none, so that nobody is signed in. Nothing in a payload is trusted unless this says so. */
  readonly rpc?: CredentialSource | undefined;
}
