import { checkedOptions, type Identity, type Grant, type Session } from '@latchkey/core';
import {
  createSameOriginCheck,
  createSessionCookies,
  type CookieOptions,
  type SameOriginCheck,
  type SessionCookies,
} from '@latchkey/core/http';
import { z } from 'zod';
import type { CommonOptions } from './common-options.js';
import { commonOptions, hasMethods } from './option-schemas.js';
import type { StrategyRequest } from './strategy-request.js';
import type { CredentialFields } from './submitted-credentials.js';

/** What `Strategy` takes, with sessions and without. */
export interface StrategyOptions<
  P extends SignInProvider = SignInProvider,
  Request extends StrategyRequest = StrategyRequest,
> extends CommonOptions<Request> {
  /** Where people sign in; with `sessions`, one of theirs. */
  readonly provider: P;
  /** Names the strategy: `passport.authenticate(name)`. Default: the name of the provider. */
  readonly name?: string | undefined;
  /** Field of the e-mail address; `user[email]` for one inside another. Default: `email`. */
  readonly emailField?: string | undefined;
  /** Default: `password`. */
  readonly passwordField?: string | undefined;
  /** Default: `twoFactorCode`. */
  readonly twoFactorField?: string | undefined;
  /** Default: `twoFactorRecoveryCode`. */
  readonly twoFactorRecoveryField?: string | undefined;
  /** Whether fields that the body has not may come from the query string, which ends up in logs. Default: false. */
  readonly fromQuery?: boolean | undefined;
}

/** What makes a sign-in start a session. */
export interface WithSessions {
  readonly sessions: SignInSessions;
  /** How the cookie is made in which a session that is replaced may come; as for `SessionStrategy`. */
  readonly cookie?: CookieOptions | undefined;
}

/** Without this, a sign-in starts none. */
export interface WithoutSessions {
  readonly sessions?: undefined;
  readonly cookie?: undefined;
}

/** Somebody who has signed in, without a session. */
export interface SignInResult<Account = unknown> {
  readonly identity: Identity;
  readonly account: Account;
  readonly grant: Grant<Account>;
}

/** Somebody who has signed in, with a session. */
export interface SessionSignInResult<Account = unknown> {
  readonly identity: Identity;
  readonly account: Account;
  readonly session: Session<string, Account>;
  /** For the cookie, and for nothing else. Not enumerable: printing, spreading and JSON leave it out. */
  readonly id: string;
}

/** A provider, whatever its credentials and its account. */
export interface SignInProvider {
  readonly name: string;
  signIn(credentials: never, options?: { readonly signal?: AbortSignal }): Promise<Grant>;
  account(grant: never): Promise<unknown>;
  identify(account: never): Identity;
}

/** The account of a provider. */
export type AccountOf<P extends SignInProvider> = Awaited<ReturnType<P['account']>>;

/** `Sessions` of any providers. */
export interface SignInSessions {
  /** The names of the providers. */
  readonly providers?: readonly string[] | undefined;
  signIn(
    provider: never,
    credentials: never,
    options?: {
      readonly client?: string | undefined;
      readonly replaces?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<{ readonly id: string; readonly session: Session }>;
  signOut(id: string): Promise<void>;
}

/** Options that were checked. */
export interface StrategySettings extends CredentialFields {
  readonly provider: SignInProvider;
  readonly name: string;
  readonly sessions: SignInSessions | undefined;
  readonly cookies: SessionCookies | undefined;
  readonly check: SameOriginCheck | undefined;
  readonly client: (request: StrategyRequest) => string | undefined;
  readonly realm: string | undefined;
  readonly timeoutMs: number;
  readonly passReqToCallback: boolean;
}

/** @throws LatchkeyError `invalid_config`, with every problem in one message. */
export function strategySettings(options: unknown): StrategySettings {
  const { cookie, csrf, client, realm, ...checked } = checkedOptions('Strategy', schema, options);
  return {
    ...checked,
    realm,
    name: checked.name ?? checked.provider.name,
    sessions: checked.sessions,
    cookies: checked.sessions && createSessionCookies(cookie),
    check: csrf === false ? undefined : createSameOriginCheck(csrf),
    client: client ?? (({ ip }) => ip),
  };
}

const fieldName = z.string('must be text').min(1, 'must not be empty');

const schema = z
  .strictObject({
    ...commonOptions,
    provider: z.custom<SignInProvider>(
      (value) => hasMethods(value, 'signIn', 'account', 'identify'),
      'must be a provider',
    ),
    sessions: z
      .custom<SignInSessions>(
        (value) => hasMethods(value, 'signIn', 'signOut'),
        'must be what createSessions made',
      )
      .optional(),
    cookie: z.custom<CookieOptions>((value) => typeof value === 'object', 'must be an object').optional(),
    emailField: fieldName.default('email'),
    passwordField: fieldName.default('password'),
    twoFactorField: fieldName.default('twoFactorCode'),
    twoFactorRecoveryField: fieldName.default('twoFactorRecoveryCode'),
    fromQuery: z.boolean('must be true or false').default(false),
  })
  .refine(({ sessions, provider }) => sessions?.providers?.includes(provider.name) ?? true, {
    path: ['provider'],
    message: 'must be one of those of the sessions',
  })
  .refine(({ sessions, cookie }) => sessions !== undefined || cookie === undefined, {
    path: ['cookie'],
    message: 'is for sessions only',
  });
