import { LatchkeyError } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import { checkedVerify } from './checked-verify.js';
import { judged } from './judged.js';
import type { WithoutRequest, WithRequest } from './common-options.js';
import { PassportBase } from './passport-base.js';
import { performOnce, type Outcome, type Refused } from './perform-once.js';
import { refusal } from './refusal.js';
import { startedSession } from './started-session.js';
import {
  strategySettings,
  type AccountOf,
  type SessionSignInResult,
  type SignInProvider,
  type SignInResult,
  type StrategyOptions,
  type StrategySettings,
  type WithoutSessions,
  type WithSessions,
} from './strategy-options.js';
import type { StrategyRequest } from './strategy-request.js';
import { submittedCredentials, type SubmittedCredentials } from './submitted-credentials.js';
import type { TimeLimit } from './time-limit.js';
import { verdictOf, type Verify } from './verify.js';
import { withId } from './with-id.js';

/** What `passport.authenticate(name, options)` can say to a strategy that signs in. */
export interface SignInCallOptions {
  /** What is said where e-mail address or password are missing. Default: `Missing credentials`. */
  readonly badRequestMessage?: string | undefined;
}

/**
 * Signs in with e-mail address and password, and a second factor where the provider wants one.
 *
 * Without `sessions` each request is one login at the provider, and `verify` gets `{ identity, account, grant }`; with
 * them a session is started, under the limits of `createSessions`, and `verify` gets `{ identity, account, session, id }`.
 * Without `verify` the user is the identity, or `session.user`. `info` is `{ grant }`, or `{ session, id }`, unless
 * `verify` gives one of its own.
 *
 * Credentials that are refused, and everything else that answers with a status below 500, are a `fail` with `{ code,
 * message }`; what else goes wrong is an `error` whose `status` is the one to answer with. A session that was started for
 * somebody whom `verify` refuses is ended again.
 *
 * @throws LatchkeyError `invalid_config` at construction, with every problem in one message.
 *
 * @example
 * passport.use(new Strategy({ provider: cryptlex({ accountAlias: 'acme' }) }));
 * app.post('/sign-in', passport.authenticate('cryptlex', { session: false }), handler);
 */
export class Strategy<
  P extends SignInProvider = SignInProvider,
  Request extends StrategyRequest = StrategyRequest,
> extends PassportBase {
  readonly name: string;
  // Plain properties: Passport calls a strategy through `Object.create(strategy)`, which has no private ones.
  private readonly _settings: StrategySettings;
  private readonly _verify: Verify<readonly unknown[]> | undefined;

  constructor(
    options: StrategyOptions<P, Request> & WithoutSessions & WithoutRequest,
    verify?: Verify<[result: SignInResult<AccountOf<P>>]>,
  );
  constructor(
    options: StrategyOptions<P, Request> & WithoutSessions & WithRequest,
    verify?: Verify<[request: Request, result: SignInResult<AccountOf<P>>]>,
  );
  constructor(
    options: StrategyOptions<P, Request> & WithSessions & WithoutRequest,
    verify?: Verify<[result: SessionSignInResult<AccountOf<P>>]>,
  );
  constructor(
    options: StrategyOptions<P, Request> & WithSessions & WithRequest,
    verify?: Verify<[request: Request, result: SessionSignInResult<AccountOf<P>>]>,
  );
  constructor(options: object, verify?: Verify<never>) {
    super();
    this._settings = strategySettings(options);
    this._verify = checkedVerify('Strategy', verify);
    this.name = this._settings.name;
  }

  /** Called by Passport. */
  authenticate(request: Request, options?: SignInCallOptions): void {
    const { _settings: settings, _verify: verify } = this;
    performOnce({ actor: this, request, options }, settings, (limit): Refused | Promise<Outcome> => {
      // Asked as for a `POST`: from the query string, a link of another site could sign a visitor in (S3).
      settings.check?.({ method: 'POST', headers: request.headers }, { signIn: true });
      const credentials = submittedCredentials(request, settings);
      if (!credentials) return { refused: missingCredentials(options, settings) };
      const signIn = settings.sessions ? signInToSession : signInOnly;
      return signIn({ settings, verify, request, credentials, limit });
    });
  }
}

interface SignIn {
  readonly settings: StrategySettings;
  readonly verify: Verify<readonly unknown[]> | undefined;
  readonly request: StrategyRequest;
  readonly credentials: SubmittedCredentials;
  readonly limit: TimeLimit;
}

async function signInOnly({ settings, verify, request, credentials }: SignIn): Promise<Outcome> {
  const { provider, realm, passReqToCallback } = settings;
  // With deadlines of their own; what comes after ours is dropped.
  const grant = await provider.signIn(credentials as never);
  const account = grant.account ?? (await provider.account(grant as never));
  const identity = provider.identify(account as never);
  const info = { grant };
  if (!verify) return judged({ user: identity }, { info, realm, code: 'invalid_credentials' });
  const result = { identity, account, grant };
  const verdict = await verdictOf(verify, passReqToCallback ? [request, result] : [result]);
  return judged(verdict, { info, realm, code: 'invalid_credentials' });
}

async function signInToSession(signIn: SignIn): Promise<Outcome> {
  const { settings, verify, request, limit } = signIn;
  const { realm, passReqToCallback } = settings;
  const started = await startedSession(settings, { ...signIn, signal: limit.signal() });
  const { session, id } = started;
  return started.keptFor(limit.signal(), async () => {
    const info = withId({ session }, { id });
    if (!verify) return judged({ user: session.user }, { info, realm, code: 'invalid_credentials' });
    const { identity, account } = session;
    const result = withId({ identity, account, session }, { id });
    const verdict = await verdictOf(verify, passReqToCallback ? [request, result] : [result]);
    return judged(verdict, { info, realm, code: 'invalid_credentials' });
  });
}

function missingCredentials(options: SignInCallOptions | undefined, { realm }: StrategySettings) {
  const { badRequestMessage: message = 'Missing credentials' } = options ?? {};
  return refusal(toHttpAnswer(new LatchkeyError('invalid_input'), { realm }), { message });
}
