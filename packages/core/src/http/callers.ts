import type { CallOptions } from '../provider.js';
import { isSessionId } from '../session-id.js';
import type { Session } from '../session.js';
import type { UpstreamToken, UpstreamTokens, VerifyTokenOptions } from '../upstream-tokens.js';
import { bearerToken } from './bearer-token.js';
import type { RequestHead, SameOriginCheck } from './same-origin.js';
import type { SessionCookies } from './session-cookies.js';

/** Whom a request comes from: somebody with a session, or with a token of the provider's own. */
export type Caller<S extends Session = Session> = SessionCaller<S> | TokenCaller;

/** Somebody who has signed in here. */
export interface SessionCaller<S extends Session = Session> {
  readonly session: S;
  /** What the request presented. A secret, and enumerable: not to be kept where it may be printed. */
  readonly id: string;
  readonly token?: undefined;
}

/** Somebody who came with a token of the provider's own. */
export interface TokenCaller {
  readonly token: UpstreamToken;
  readonly session?: undefined;
}

/** What `createCallers` takes. */
export interface CallersOptions<S extends Session = Session> {
  readonly sessions: {
    get(id: string, options?: CallOptions): Promise<S | undefined>;
  };
  /** Reads ids, bearer tokens included where it is made to. */
  readonly cookies: Pick<SessionCookies, 'read'>;
  /** Whether ids that come in a cookie count. Default: true. */
  readonly acceptsCookie?: boolean | undefined;
  /** Is asked about requests whose id comes in a cookie. Default: none. */
  readonly check?: SameOriginCheck | undefined;
  /** Takes bearer tokens that are no ids of sessions. Default: none. */
  readonly upstreamTokens?: Pick<UpstreamTokens, 'verify'> | undefined;
}

/** Tells whom requests come from. */
export interface Callers<S extends Session = Session> {
  /**
   * Whom `request` comes from; `undefined` where that is nobody who is signed in. Answers at once where no store and no
   * provider need be asked. `options` is called where a provider is asked.
   *
   * @throws LatchkeyError at once, `csrf_rejected`; or rejects as `Sessions.get` and `UpstreamTokens.verify` do.
   */
  of(request: RequestHead, options?: () => VerifyTokenOptions): undefined | Promise<Caller<S> | undefined>;
  /** The same for what came by another way than the headers of a request: the id of a session, or a token. */
  ofCredential(value: string, options?: () => VerifyTokenOptions): undefined | Promise<Caller<S> | undefined>;
}

/**
 * Knows again who has signed in: by the id of the session, or by a token of the provider's own.
 *
 * The id comes in the cookie or as a bearer token; the one of a request with an `Authorization` header never in the cookie.
 * With a cookie the request is checked for its origin first (S3). What has not the shape of an id is shown to the provider
 * of `upstreamTokens`, if there is one; what has, never is.
 */
export function createCallers<S extends Session>(options: CallersOptions<S>): Callers<S> {
  const { sessions, cookies, acceptsCookie = true, check, upstreamTokens } = options;

  return Object.freeze({
    of(request: RequestHead, options?: () => VerifyTokenOptions) {
      const { headers } = request;
      const id = cookies.read(headers);
      const bearer = bearerToken(headers);
      if (id !== undefined && id === bearer) return withSession(id);
      if (id !== undefined && acceptsCookie) {
        check?.(request);
        return withSession(id);
      }
      return bearer === undefined ? undefined : withToken(bearer, options);
    },

    ofCredential(value: string, options?: () => VerifyTokenOptions) {
      return isSessionId(value) ? withSession(value) : withToken(value, options);
    },
  });

  async function withSession(id: string): Promise<Caller<S> | undefined> {
    const session = await sessions.get(id);
    return session && { session, id };
  }

  function withToken(
    value: string,
    options: () => VerifyTokenOptions = () => ({}),
  ): undefined | Promise<Caller<S> | undefined> {
    return upstreamTokens?.verify(value, options()).then((token) => token && { token });
  }
}
