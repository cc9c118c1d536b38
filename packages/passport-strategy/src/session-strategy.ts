import { LatchkeyError, type Session } from '@latchkey/core';
import { bearerToken, toHttpAnswer } from '@latchkey/core/http';
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
import type { TimeLimit } from './time-limit.js';
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
      const token = bearerToken(request.headers);
      const id = settings.cookies.read(request.headers);
      const byCookie = id !== undefined && id !== token;
      const call: Call = { settings, verify, request, limit };
      if (id !== undefined && !(byCookie && !settings.usesCookie)) {
        if (byCookie) settings.check?.({ method: request.method, headers: request.headers });
        return bySession(call, id, byCookie);
      }
      if (token !== undefined && settings.upstreamTokens) return byUpstreamToken(call, token);
      return notSignedIn(settings, { presented: token !== undefined && settings.bearer });
    });
  }
}

interface Call {
  readonly settings: SessionStrategySettings;
  readonly verify: Verify<readonly unknown[]> | undefined;
  readonly request: StrategyRequest;
  readonly limit: TimeLimit;
}

async function bySession(call: Call, id: string, byCookie: boolean): Promise<Outcome> {
  const { settings } = call;
  const session = await settings.sessions.get(id);
  if (!session) {
    const setCookie = byCookie ? settings.cookies.clear() : undefined;
    return notSignedIn(settings, { presented: !byCookie, setCookie });
  }
  const { identity, account, user } = session;
  return decided(call, {
    user,
    result: withId({ identity, account, session }, { id }),
    info: withId({ session }, { id }),
  });
}

async function byUpstreamToken(call: Call, token: string): Promise<Outcome> {
  const { settings, request, limit } = call;
  const client = settings.client(request);
  const held = await settings.upstreamTokens?.verify(token, { client, signal: limit.signal() });
  if (!held) return notSignedIn(settings, { presented: true });
  const { identity, account, source } = held;
  return decided(call, { user: identity, result: { identity, account, source }, info: { source } });
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

/** @param options.presented whether there was a bearer token, which then was not good. */
function notSignedIn(
  { realm }: SessionStrategySettings,
  { presented, setCookie }: { readonly presented: boolean; readonly setCookie?: string | undefined },
): Refused {
  const answer = toHttpAnswer(new LatchkeyError('not_signed_in'), { realm });
  const { headers } = toHttpAnswer(new LatchkeyError('token_rejected'), { realm });
  return { refused: refusal(presented ? { ...answer, headers } : answer, { setCookie }) };
}
