import {
  checkedOptions,
  createUpstreamTokens,
  LatchkeyError,
  type Identity,
  type Session,
  type TokenSource,
  type UpstreamTokens,
  type UpstreamTokensOptions,
} from '@latchkey/core';
import {
  createCallers,
  createRequestAnswer,
  createSameOriginCheck,
  createSessionCookies,
  type Callers,
  type CookieOptions,
  type HttpAnswer,
} from '@latchkey/core/http';
import { z } from 'zod';
import type { CommonOptions } from './common-options.js';
import { commonOptions, hasMethods } from './option-schemas.js';
import type { StrategyRequest } from './strategy-request.js';

/** What `SessionStrategy` takes. */
export interface SessionStrategyOptions<
  S extends Session = Session,
  Request extends StrategyRequest = StrategyRequest,
> extends CommonOptions<Request> {
  readonly sessions: SessionFinder<S>;
  /** Names the strategy: `passport.authenticate(name)`. Default: `latchkey-session`. */
  readonly name?: string | undefined;
  /** How the cookie is made that has the id; `false` for applications without one. */
  readonly cookie?: CookieOptions | false | undefined;
  /** Whether the id may come as a bearer token, too. Default: true. */
  readonly bearer?: boolean | undefined;
}

/** `Sessions` of any providers. */
export interface SessionFinder<S extends Session = Session> {
  get(id: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<S | undefined>;
}

/** What lets the bearer tokens of a provider in, in place of sessions. */
export interface WithUpstreamTokens {
  /** What `createUpstreamTokens` made, or the options for it. */
  readonly upstreamTokens: UpstreamTokens | UpstreamTokensOptions;
}

/** Without this, a bearer token that is no session's id is refused. */
export interface WithoutUpstreamTokens {
  readonly upstreamTokens?: undefined;
}

/** Somebody who is signed in. */
export interface SessionResult<S extends Session = Session> {
  readonly identity: Identity;
  readonly account: S['account'];
  readonly session: S;
  /** Not enumerable: printing, spreading and JSON leave it out. */
  readonly id: string;
}

/** Somebody who came with a token of the provider. */
export interface UpstreamTokenResult {
  readonly identity: Identity;
  readonly account: unknown;
  /** That token, for calls in this user's name. */
  readonly source: TokenSource;
  readonly session?: undefined;
}

/** Options that were checked. */
export interface SessionStrategySettings {
  readonly name: string;
  readonly callers: Callers;
  /** The id of the session that a request comes with. */
  readonly idOf: (request: StrategyRequest) => string;
  /** The answer to a request that comes from nobody who is signed in. */
  readonly notSignedIn: (request: StrategyRequest) => HttpAnswer;
  readonly client: (request: StrategyRequest) => string | undefined;
  readonly realm: string | undefined;
  readonly timeoutMs: number;
  readonly passReqToCallback: boolean;
}

/** @throws LatchkeyError `invalid_config`, with every problem in one message. */
export function sessionStrategySettings(options: unknown): SessionStrategySettings {
  const { cookie, bearer, csrf, client, realm, sessions, upstreamTokens, ...checked } = checkedOptions(
    'SessionStrategy',
    schema,
    options,
  );
  const cookies = createSessionCookies({ ...(cookie === false ? undefined : cookie), bearer });
  const acceptsCookie = cookie !== false;
  const answer = createRequestAnswer({ realm, bearer, cookies: acceptsCookie ? cookies : undefined });
  return {
    ...checked,
    realm,
    callers: createCallers({
      sessions,
      cookies,
      acceptsCookie,
      acceptsBearer: bearer,
      check: csrf === false ? undefined : createSameOriginCheck(csrf),
      upstreamTokens: upstreamTokens && readyTokens(upstreamTokens),
    }),
    idOf: ({ headers }) => cookies.read(headers) ?? '',
    notSignedIn: (request) => answer(new LatchkeyError('not_signed_in', { actor: 'user' }), request),
    client: client ?? (({ ip }) => ip),
  };
}

function readyTokens(given: UpstreamTokens | UpstreamTokensOptions): Pick<UpstreamTokens, 'verify'> {
  return 'verify' in given ? given : createUpstreamTokens(given);
}

const schema = z.strictObject({
  ...commonOptions,
  name: commonOptions.name.default('latchkey-session'),
  sessions: z.custom<SessionFinder>((value) => hasMethods(value, 'get'), 'must be what createSessions made'),
  cookie: z
    .custom<CookieOptions | false>(
      (value) => value === false || (typeof value === 'object' && value !== null),
      'must be false, or an object',
    )
    .optional(),
  bearer: z.boolean('must be true or false').default(true),
  upstreamTokens: z
    .custom<UpstreamTokens | UpstreamTokensOptions>(
      (value) => typeof value === 'object' && value !== null,
      'must be what createUpstreamTokens made, or options for it',
    )
    .optional(),
});
