import type { CallOptions } from '../provider.js';
import { isSessionId } from '../session-id.js';
import type { Session } from '../session.js';
import type { UpstreamToken, UpstreamTokens, VerifyTokenOptions } from '../upstream-tokens.js';
import type { RequestHead, SameOriginCheck } from './same-origin.js';
import type { SessionCookies } from './session-cookies.js';

/** Whom a request comes from: somebody with a session, or with a token of the provider's own. */
export type Caller<S extends Session = Session> = S | UpstreamToken;

/** Whether a caller has signed in here. */
export function hasSession<S extends Session>(caller: Caller<S>): caller is S {
  return 'createdAt' in caller;
}

/** What is there already, or is to come. */
export type MaybePromise<T> = T | Promise<T>;

/** What `createCallers` takes. */
export interface CallersOptions<S extends Session = Session> {
  readonly sessions: {
    get(id: string, options?: CallOptions): Promise<S | undefined>;
    peek?(id: string): S | undefined;
  };
  readonly cookies: Pick<SessionCookies, 'presented'>;
  /** Whether ids that come in a cookie count. Default: true. */
  readonly acceptsCookie?: boolean | undefined;
  /** Whether ids that come as bearer tokens count. Default: true. */
  readonly acceptsBearer?: boolean | undefined;
  /** Is asked about requests whose id comes in a cookie. Default: none. */
  readonly check?: SameOriginCheck | undefined;
  /** Takes bearer tokens that are no ids of sessions. Default: none. */
  readonly upstreamTokens?: Pick<UpstreamTokens, 'verify'> | undefined;
}

/** Tells whom requests come from. */
export interface Callers<S extends Session = Session> {
  /**
   * Whom `request` comes from; `undefined` where that is nobody who is signed in. Answers at once where that can be told at
   * once. `options` is called where a provider is asked.
   *
   * @throws LatchkeyError at once, `csrf_rejected`; or rejects as `Sessions.get` and `UpstreamTokens.verify` do.
   */
  of(request: RequestHead, options?: () => VerifyTokenOptions): MaybePromise<Caller<S> | undefined>;
  /** The same for what came by another way than the headers of a request: the id of a session, or a token. */
  ofCredential(value: string, options?: () => VerifyTokenOptions): MaybePromise<Caller<S> | undefined>;
}

/**
 * Knows again who has signed in: by the id of the session, or by a token of the provider's own.
 *
 * The id comes in the cookie or as a bearer token; the one of a request with an `Authorization` header never in the cookie.
 * With a cookie the request is checked for its origin first (S3). What has not the shape of an id is shown to the provider
 * of `upstreamTokens`, if there is one; what has, never is.
 */
export function createCallers<S extends Session>(options: CallersOptions<S>): Callers<S> {
  const { sessions, cookies, acceptsCookie = true, acceptsBearer = true, check, upstreamTokens } = options;

  return Object.freeze({
    of(request: RequestHead, options?: () => VerifyTokenOptions) {
      const { bearer, cookie } = cookies.presented(request.headers);
      if (bearer !== undefined) return ofBearer(bearer, acceptsBearer, options);
      if (!acceptsCookie || !isSessionId(cookie)) return undefined;
      // Before the session is looked for, since that is a use of it.
      check?.(request);
      return sessions.peek?.(cookie) ?? sessions.get(cookie);
    },

    ofCredential: (value: string, options?: () => VerifyTokenOptions) => ofBearer(value, true, options),
  });

  function ofBearer(
    value: string,
    acceptsIds: boolean,
    options: () => VerifyTokenOptions = () => ({}),
  ): MaybePromise<Caller<S> | undefined> {
    // First, since what is known need not be looked at closer: each request comes through here.
    const known = acceptsIds ? sessions.peek?.(value) : undefined;
    if (known) return known;
    if (isSessionId(value)) return acceptsIds ? sessions.get(value) : undefined;
    return upstreamTokens?.verify(value, options());
  }
}
