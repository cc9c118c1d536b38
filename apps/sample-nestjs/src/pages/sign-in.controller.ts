import type { Identity } from '@latchkey/core';
import { safeNext } from '@latchkey/core/http';
import { CurrentUser, OptionalAuth, Public, SignInService, type ClientRequest } from '@latchkey/nestjs-auth';
import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { noticeText } from './notices.js';
import { PageFilter } from './page.filter.js';
import { Pages } from './pages.service.js';
import { providerLabel } from './provider-labels.js';
import { signInModel } from './sign-in.model.js';
import { problemsOf, readSignInForm } from './sign-in.form.js';
import { signInProblem } from './sign-in-problem.js';

@UseFilters(PageFilter)
@ApiExcludeController()
@Controller('sign-in')
export class SignInController {
  constructor(
    private readonly signIns: SignInService,
    private readonly pages: Pages,
  ) {}

  @OptionalAuth()
  @Get()
  page(
    @CurrentUser() user: Identity | null,
    @Query() query: unknown,
    @Query('notice') notice: unknown,
    @Res() response: object,
  ): void {
    const form = readSignInForm(query);
    if (user) this.pages.redirect(response, afterwards(form.next));
    else
      this.pages.show(response, 'sign-in', signInModel(form, this.names(), { notice: noticeText(notice) }));
  }

  @Public()
  @Post()
  async signIn(@Body() body: unknown, @Req() request: ClientRequest, @Res() response: object): Promise<void> {
    const form = readSignInForm(body);
    const view = 'twoFactorCode' in form ? 'second-factor' : 'sign-in';
    const fields = problemsOf(form, this.names());
    if (fields) {
      this.pages.show(response, view, signInModel(form, this.names(), { fields }), 400);
      return;
    }
    try {
      const { provider, next, ...credentials } = form;
      await this.signIns.signIn({ request, response }, provider, credentials);
      this.pages.redirect(response, afterwards(next));
    } catch (error) {
      const answer = this.signIns.answerTo(error, request);
      // The filter shows nothing of what was typed: another site may have sent it.
      if (!answer || answer.body.error === 'csrf_rejected') throw error;
      const problem = signInProblem(answer, providerLabel(form.provider));
      const asksForCode = answer.body.error === 'second_factor_required';
      this.pages.showAnswer(
        response,
        answer,
        asksForCode ? 'second-factor' : view,
        signInModel(form, this.names(), problem),
      );
    }
  }

  private names(): string[] {
    return this.signIns.providers().map(({ name }) => name);
  }
}

function afterwards(next: string): string {
  return safeNext(next, '/account');
}
