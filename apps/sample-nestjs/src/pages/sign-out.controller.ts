import type { Session } from '@latchkey/core';
import { CurrentSession, Public, Sessions, SignInService, type ClientRequest } from '@latchkey/nestjs-auth';
import { Controller, Post, Redirect, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PageFilter } from './page.filter.js';

@UseFilters(PageFilter)
@ApiExcludeController()
@Controller()
export class SignOutController {
  constructor(
    private readonly signIns: SignInService,
    private readonly sessions: Sessions,
  ) {}

  @Public()
  @Post('sign-out')
  @Redirect('/sign-in?notice=signed-out', 303)
  async signOut(@Req() request: ClientRequest, @Res({ passthrough: true }) response: object): Promise<void> {
    await this.signIns.signOut({ request, response });
  }

  @Post('sign-out-everywhere')
  @Redirect('/sign-in?notice=signed-out-everywhere', 303)
  async signOutEverywhere(
    @CurrentSession() { identity }: Session,
    @Req() request: ClientRequest,
    @Res({ passthrough: true }) response: object,
  ): Promise<void> {
    await this.sessions.signOutEverywhere(identity);
    await this.signIns.signOut({ request, response });
  }
}
