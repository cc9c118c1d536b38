import {
  checkedOptions,
  createSessions,
  createUpstreamTokens,
  isLatchkeyError,
  LatchkeyError,
  type LatchkeyEvent,
  type Provider,
  type Sessions,
  type UpstreamTokens,
} from '@latchkey/core';
import {
  createRequestAnswer,
  createSameOriginCheck,
  createSessionCookies,
  type CookieOptions,
  type HttpAnswer,
  type SameOriginCheck,
  type SessionCookies,
} from '@latchkey/core/http';
import type { ClientRequest, CredentialSources, LatchkeyModuleExtras } from './latchkey.options.js';
import { extrasSchema, optionsSchema } from './latchkey.schema.js';

/** What comes of the options of one set of providers. */
export interface LatchkeySettings {
  readonly name: string | undefined;
  readonly providers: readonly Provider[];
  readonly sessions: Sessions;
  readonly cookies: SessionCookies;
  readonly acceptsCookie: boolean;
  readonly acceptsBearer: boolean;
  readonly check: SameOriginCheck | undefined;
  readonly upstreamTokens: UpstreamTokens | undefined;
  readonly credentialFrom: CredentialSources;
  readonly client: (request: ClientRequest) => string | undefined;
  readonly shutdownGraceMs: number;
  /** What is answered to a request that an error came of. */
  readonly answer: (error: unknown, request: Pick<ClientRequest, 'headers'>) => HttpAnswer;
}

/**
 * Checks options and makes of them what the module works with.
 *
 * @throws LatchkeyError `invalid_config`, with every problem in one message and no value in it.
 */
export function latchkeySettings(
  options: unknown,
  extras: LatchkeyModuleExtras,
  tell: (event: LatchkeyEvent) => void,
): LatchkeySettings {
  const problems = new Problems();
  problems.in(() => checkedOptions('LatchkeyModule', extrasSchema, extras));
  const given = problems.in(() => checkedOptions('LatchkeyModule', optionsSchema, options));
  if (!given) {
    // What core checks by itself is told in the same breath, as far as it can be looked at.
    const { cookie, csrf } = { ...(options as { cookie?: unknown; csrf?: unknown } | undefined) };
    if (isObject(cookie)) problems.in(() => createSessionCookies(cookie));
    if (isObject(csrf)) problems.in(() => createSameOriginCheck(csrf));
    throw problems.error();
  }

  const { providers, store, user, cookie, bearer, csrf, upstreamTokens, ...rest } = given;
  const { maxAgeMs = 12 * 3_600_000, onEvent: toldToo, clock } = { ...given.sessions } as SessionsOptions;
  const onEvent = (event: LatchkeyEvent) => {
    tell(event);
    return toldToo?.(event);
  };
  const acceptsCookie = cookie !== false;
  const realm = given.realm ?? extras.name;
  const settings = {
    cookies: problems.in(() =>
      createSessionCookies({
        ...(extras.name !== undefined && { name: namedCookie(extras.name, cookie) }),
        // A cookie that outlives the browser is to live as long as its session.
        ...(isPersistent(cookie) && { maxAgeMs: Math.max(maxAgeMs, 1_000) }),
        ...(cookie === false ? undefined : cookie),
        bearer,
      }),
    ),
    check: problems.in(() => (csrf === false ? undefined : createSameOriginCheck(csrf))),
    sessions: problems.in(() =>
      createSessions({
        scope: extras.name,
        ...given.sessions,
        providers,
        store,
        user,
        onEvent,
      } as SessionsOptions),
    ),
    upstreamTokens: problems.in(() => {
      if (!upstreamTokens) return undefined;
      const { provider: named, ...limits } = upstreamTokens;
      const provider = typeof named === 'string' ? providers.find(({ name }) => name === named) : named;
      if (provider) return createUpstreamTokens({ ...limits, provider, store, clock, onEvent });
      throw new LatchkeyError('invalid_config', {
        message:
          'The options of LatchkeyModule cannot be used: upstreamTokens.provider is none of the providers.',
      });
    }),
  };
  const { cookies, sessions } = settings;
  if (!cookies || !sessions || problems.any()) throw problems.error();

  return {
    ...settings,
    name: extras.name,
    providers,
    cookies,
    sessions,
    acceptsCookie,
    acceptsBearer: bearer,
    credentialFrom: rest.credentialFrom ?? {},
    client: rest.client ?? (({ ip }) => ip),
    shutdownGraceMs: rest.shutdownGraceMs,
    answer: createRequestAnswer({ realm, bearer, cookies: acceptsCookie ? cookies : undefined }),
  };
}

type SessionsOptions = Parameters<typeof createSessions>[0];

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isPersistent(cookie: CookieOptions | false | undefined): boolean {
  return cookie !== false && cookie?.persistent === true;
}

/** The cookies of two sets of providers must not be one. Which attributes its name promises, `createSessionCookies` tells. */
function namedCookie(name: string, cookie: CookieOptions | false | undefined): string {
  const { secure, domain } = cookie === false || cookie === undefined ? ({} as CookieOptions) : cookie;
  if (secure === false) return `latchkey-${name}`;
  return `${domain === undefined ? '__Host-' : '__Secure-'}latchkey-${name}`;
}

/** Gathers what is wrong with options that several functions check, each its own. */
class Problems {
  private readonly found: string[] = [];

  in<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!isLatchkeyError(error, 'invalid_config')) throw error;
      this.found.push(error.message);
      return undefined;
    }
  }

  any(): boolean {
    return this.found.length > 0;
  }

  error(): LatchkeyError {
    return new LatchkeyError('invalid_config', { message: this.found.join(' ') });
  }
}
