import { LatchkeyError, type Identity } from '@latchkey/core';
import { hasSession } from '@latchkey/core/http';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
  VERSION_NEUTRAL,
  type Type,
} from '@nestjs/common';
import { Public } from './access.decorators.js';
import { callerServiceToken, type CallerService } from './caller.service.js';
import { LatchkeyExceptionFilter } from './latchkey-exception.filter.js';
import type { ClientRequest } from './latchkey.options.js';
import { isRecord, signInServiceToken, type ProviderSummary, type SignInService } from './sign-in.service.js';

/** What a client is told of who is signed in. */
export interface SessionSummary {
  readonly identity: Identity;
  /** When the session ends at the latest, in epoch milliseconds. Absent with a token of the provider's own. */
  readonly expiresAt?: number;
  /** What gives access to the session, where it is to be carried as a bearer token. */
  readonly id?: string;
}

/**
 * Makes the routes to sign in and out of one set of providers.
 *
 * - `POST <path>/:provider/sign-in` `{ email, password, twoFactorCode?, transport? }`: 200 `{ identity, expiresAt }`, and the
 *   cookie; with `transport: 'bearer'` the `id` in the body, and no cookie.
 * - `POST <path>/sign-out`: 204, signed in or not.
 * - `GET <path>/session`: 200 `{ identity, expiresAt }`, or 401.
 * - `GET <path>/providers`: 200 `{ providers: [{ name, secondFactor }] }`.
 */
export function createAuthController(path: string, name?: string): Type {
  // What is public here is guarded by itself: these routes work without the global guard as with it. The types of
  // parameters are stated for validation pipes that are global: no build step adds them.
  @Public()
  @UseFilters(LatchkeyExceptionFilter) // before a filter of the application's that catches all
  @Controller({ path, version: VERSION_NEUTRAL })
  class LatchkeyAuthController {
    constructor(
      @Inject(signInServiceToken(name)) private readonly signIns: SignInService,
      @Inject(callerServiceToken(name)) private readonly callers: CallerService,
    ) {}

    @Post(':provider/sign-in')
    @HttpCode(200)
    @Header('Cache-Control', 'no-store')
    @Reflect.metadata('design:paramtypes', [String, Object, Object, Object])
    async signIn(
      @Param('provider') provider: string,
      @Body() body: unknown,
      @Req() request: ClientRequest,
      @Res({ passthrough: true }) response: object,
    ): Promise<SessionSummary> {
      const { transport: asked, ...credentials } = isRecord(body) ? body : {};
      const exchange = { request, response };
      const signedIn = await this.signIns.signIn(exchange, provider, credentials, { transport: asked });
      const { id, transport, session } = signedIn;
      const { identity, expiresAt } = session;
      return transport === 'bearer' ? { identity, expiresAt, id } : { identity, expiresAt };
    }

    @Post('sign-out')
    @HttpCode(204)
    @Header('Cache-Control', 'no-store')
    @Reflect.metadata('design:paramtypes', [Object, Object])
    async signOut(
      @Req() request: ClientRequest,
      @Res({ passthrough: true }) response: object,
    ): Promise<void> {
      await this.signIns.signOut({ request, response });
    }

    @Get('session')
    @Header('Cache-Control', 'no-store')
    @Reflect.metadata('design:paramtypes', [Object])
    async session(@Req() request: ClientRequest): Promise<SessionSummary> {
      const caller = await this.callers.ofRequest(request);
      if (!caller) throw new LatchkeyError('not_signed_in', { actor: 'user' });
      const { identity } = caller;
      return hasSession(caller) ? { identity, expiresAt: caller.expiresAt } : { identity };
    }

    @Get('providers')
    @Header('Cache-Control', 'no-store')
    providers(): { readonly providers: ProviderSummary[] } {
      return { providers: this.signIns.providers() };
    }
  }
  return LatchkeyAuthController;
}
