import type { Session } from '@latchkey/core';
import { hasSession, type Caller, type MaybePromise } from '@latchkey/core/http';
import { checkedVerify } from './checked-verify.js';
import type { WithoutRequest, WithRequest } from './common-options.js';
import { judged } from './judged.js';
import { PassportBase } from './passport-base.js';
import { performOnce, type Outcome, type Refused } from './perform-once.js';
import { refusal } from './refusal.js';
import {
  sessionStrategySettings,
  type SessionResult,
  type SessionStrategyOptions,
  type SessionStrategySettings,
  type UpstreamTokenResult,
  type WithoutUpstreamTokens,
  type WithUpstreamTokens,
} from './session-strategy-options.js';
import type { StrategyRequest } from './strategy-request.js';
import { verdictOf, type Verify } from './verify.js';
import { withId } from './with-id.js';

/**
 * Knows again who has signed in: by the session's id, which comes in a cookie or as a bearer token.
 *
 * The user is `session.user`, or what `verify` makes of `{ identity, account, session, id }`; `info` is `{ session, id }`,
 * unless `verify` gives one of its own. Requests with a cookie are checked for their origin, and fail with `csrf_rejected`.
 * A request without a session fails with `not_signed_in`; a cookie that brought it there is cleared. Where a token was
 * presented, `WWW-Authenticate` says `invalid_token`, as RFC 6750, section 3.1, wants it. A store that is down is an
 * `error` with the status 503, and clears nothing.
 *
 * With `upstreamTokens` a bearer token that has not the shape of an id is shown to that provider; then the user is the
 * identity, `info` is `{ source }`, and `verify` gets `{ identity, account, source }`.
 *
 * @throws LatchkeyError `invalid_config` at construction, with every problem in one message.
 *
 * @example
 * passport.use(new SessionStrategy({ sessions }));
 * app.get('/me', passport.authenticate('latchkey-session', { session: false }), handler);
 */
export class SessionStrategy<
  S extends Session = Session,
  Request extends StrategyRequest = StrategyRequest,
> extends PassportBase {
  readonly name: string;
  // Plain properties: Passport calls a strategy through `Object.create(strategy)`, which has no private ones.
  private readonly _settings: SessionStrategySettings;
  private readonly _verify: Verify<readonly unknown[]> | undefined;

  constructor(
    options: SessionStrategyOptions<S, Request> & WithoutUpstreamTokens & WithoutRequest,
    verify?: Verify<[result: SessionResult<S>]>,
  );
  constructor(
    options: SessionStrategyOptions<S, Request> & WithoutUpstreamTokens & WithRequest,
    verify?: Verify<[request: Request, result: SessionResult<S>]>,
  );
  constructor(
    options: SessionStrategyOptions<S, Request> & WithUpstreamTokens & WithoutRequest,
    verify?: Verify<[result: SessionResult<S> | UpstreamTokenResult]>,
  );
  constructor(
    options: SessionStrategyOptions<S, Request> & WithUpstreamTokens & WithRequest,
    verify?: Verify<[request: Request, result: SessionResult<S> | UpstreamTokenResult]>,
  );
  constructor(options: object, verify?: Verify<never>) {
    super();
    this._settings = sessionStrategySettings(options);
    this._verify = checkedVerify('SessionStrategy', verify);
    this.name = this._settings.name;
  }

  /** Called by Passport. */
  authenticate(request: Request, options?: object): void {
    const { _settings: settings, _verify: verify } = this;
    performOnce({ actor: this, request, options }, settings, (limit): Refused | Promise<Outcome> => {
      const { callers, client } = settings;
      const caller = callers.of(request, () => ({ client: client(request), signal: limit.signal() }));
      return caller ? outcome(caller, { settings, verify, request }) : notSignedIn(settings, request);
    });
  }
}

interface Call {
  readonly settings: SessionStrategySettings;
  readonly verify: Verify<readonly unknown[]> | undefined;
  readonly request: StrategyRequest;
}

async function outcome(asked: MaybePromise<Caller | undefined>, call: Call): Promise<Outcome> {
  const caller = await asked;
  if (!caller) return notSignedIn(call.settings, call.request);
  const { identity, account } = caller;
  if (!hasSession(caller)) {
    const { source } = caller;
    return decided(call, { user: identity, result: { identity, account, source }, info: { source } });
  }
  const id = call.settings.idOf(call.request);
  return decided(call, {
    user: caller.user,
    result: withId({ identity, account, session: caller }, { id }),
    info: withId({ session: caller }, { id }),
  });
}

async function decided(
  { settings, verify, request }: Call,
  { user, result, info }: { readonly user: unknown; readonly result: object; readonly info: object },
): Promise<Outcome> {
  const { realm, passReqToCallback } = settings;
  const verdict = verify
    ? await verdictOf(verify, passReqToCallback ? [request, result] : [result])
    : { user };
  return judged(verdict, { info, realm, code: 'not_signed_in' });
}

function notSignedIn({ notSignedIn }: SessionStrategySettings, request: StrategyRequest): Refused {
  const answer = notSignedIn(request);
  const { 'Set-Cookie': setCookie, ...headers } = answer.headers;
  return { refused: refusal({ ...answer, headers }, { setCookie }) };
}
