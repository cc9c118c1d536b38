import type { Session } from '@latchkey/core';
import { CurrentSession, Public, Sessions, SignInService, type ClientRequest } from '@latchkey/nestjs-auth';
import { Controller, Get, Header, Post, Redirect, Req, Res, UseFilters } from '@nestjs/common';
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

  /**
   * A style sheet of the page that comes after signing out, which has the browser forget the pages before it. Chromium keeps pages
   * for the way back also when they say `no-store`, and shows them without asking. The answer to `POST /sign-out`
   * cannot prevent that, nor can the page after it: the one before is put by when that has come.
   */
  @Public()
  @Get('forget.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Clear-Site-Data', '"cache"')
  forget(): string {
    return '';
  }
}
