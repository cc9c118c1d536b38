import {
  concealer,
  isLatchkeyError,
  LatchkeyError,
  type Provider,
  type Sessions,
  type SignedIn,
} from '@latchkey/core';
import { bearerToken, type HttpAnswer } from '@latchkey/core/http';
import type { InjectionToken } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { ClientRequest } from './latchkey.options.js';
import type { LatchkeySettings } from './latchkey.settings.js';
import { answerNotedOn } from './noted-answer.js';
import { noteRealm } from './realm.js';

/** A request and its response, as Express, Fastify and others have them. */
export interface HttpExchange {
  readonly request: ClientRequest;
  readonly response: object;
}

/** How a client wants to keep the id of its session. */
export type Transport = 'cookie' | 'bearer';

/** What a client is told of a provider. */
export interface ProviderSummary {
  readonly name: string;
  /** Whether accounts can have a second factor, for which a form needs a field. */
  readonly secondFactor: boolean;
}

/**
 * Signs users in and out, with the cookie and all checks: what the routes of `LatchkeyModule` do, for routes of your own,
 * such as those behind a form.
 *
 * @example
 * @Post('sign-in')
 * async signIn(@Req() request: Request, @Res({ passthrough: true }) response: Response, @Body() form: SignInForm) {
 *   await this.signIns.signIn({ request, response }, 'cryptlex', form);
 * }
 */
export class SignInService {
  constructor(
    private readonly settings: LatchkeySettings,
    private readonly sessions: Sessions,
    private readonly adapters: HttpAdapterHost,
  ) {}

  /** Where users can sign in. */
  providers(): ProviderSummary[] {
    return this.settings.providers.map(({ name, oneTime = [] }: Provider) => ({
      name,
      secondFactor: oneTime.length > 0,
    }));
  }

  /**
   * Starts a session, and sets its cookie, unless it is to be carried as a bearer token. The session that the request came
   * with ends.
   *
   * @param credentials what the client sent, whatever that is: it is checked before anything is sent to the provider.
   * @throws LatchkeyError as `Sessions.signIn`; `csrf_rejected`; `invalid_input` for a transport that is not in use.
   */
  async signIn(
    { request, response }: HttpExchange,
    provider: string,
    credentials: unknown,
    options: { readonly transport?: unknown } = {},
  ): Promise<SignedIn & { readonly transport: Transport }> {
    const { cookies, check, client } = this.settings;
    noteRealm(request, this.settings.name);
    check?.(request, { signIn: true });
    const transport = this.transport(options.transport);
    if (!isRecord(credentials) || Object.hasOwn(credentials, '__proto__'))
      throw new LatchkeyError('invalid_input');
    const signedIn = await this.sessions.signIn(provider, given(credentials), {
      client: client(request),
      replaces: cookies.read(request.headers),
    });
    if (transport === 'cookie') this.setCookie(response, cookies.set(signedIn.id));
    return concealed({ session: signedIn.session, transport }, { id: signedIn.id });
  }

  /**
   * Ends the session that the request came with, if any, and clears the cookie whatever becomes of the store (S10).
   *
   * @throws LatchkeyError `csrf_rejected`; `store_error`.
   */
  async signOut({ request, response }: HttpExchange): Promise<void> {
    const { cookies, acceptsCookie, check } = this.settings;
    noteRealm(request, this.settings.name);
    const id = cookies.read(request.headers);
    const isBearer = bearerToken(request.headers) !== undefined;
    // Without a cookie there is nothing to end, and still one to clear: the browser may only not have sent it (S3).
    if (!isBearer) check?.(request, { signIn: id === undefined });
    if (acceptsCookie && !isBearer) this.setCookie(response, cookies.clear());
    if (id !== undefined) await this.sessions.signOut(id);
  }

  /**
   * The answer that `LatchkeyExceptionFilter` would give to a request that an error came of, for filters of your own that show a
   * page instead: its status, its code, and headers, which are to be kept, such as `Retry-After` and the `Set-Cookie` that
   * clears the cookie of a session that has ended. `undefined` for an error that is none of Latchkey's.
   */
  answerTo(error: unknown, request: Pick<ClientRequest, 'headers'>): HttpAnswer | undefined {
    const noted = answerNotedOn(error);
    if (noted) return noted;
    return isLatchkeyError(error) ? this.settings.answer(error, request) : undefined;
  }

  private transport(asked: unknown): Transport {
    const { acceptsCookie, acceptsBearer } = this.settings;
    const transport = asked ?? (acceptsCookie ? 'cookie' : 'bearer');
    if (transport === 'cookie' && acceptsCookie) return transport;
    if (transport === 'bearer' && acceptsBearer) return transport;
    throw new LatchkeyError('invalid_input', {
      message: 'The transport must be one that is in use: cookie or bearer.',
    });
  }

  private setCookie(response: object, cookie: string): void {
    this.adapters.httpAdapter.appendHeader(response, 'Set-Cookie', cookie);
  }
}

/** Whether it is an object that is no list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without fields that a form sent empty: a code that was not typed is none, also for providers that know no such field. */
function given(credentials: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(credentials).filter(
      ([name, value]) => name === 'password' || (value !== '' && value !== null),
    ),
  );
}

const concealed = concealer('id');

/** Injects the `SignInService` of a named set of providers; of the set without a name, it is the class itself. */
export function signInServiceToken(name?: string): InjectionToken<SignInService> {
  return name === undefined ? SignInService : `LATCHKEY_SIGN_IN:${name}`;
}
