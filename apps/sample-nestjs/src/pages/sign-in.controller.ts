import type { Identity } from '@latchkey/core';
import { createSameOriginCheck, safeNext, type SameOriginCheck } from '@latchkey/core/http';
import { CurrentUser, OptionalAuth, Public, SignInService, type ClientRequest } from '@latchkey/nestjs-auth';
import { Body, Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Config } from '../config/config.js';
import { Log } from '../logging/log.js';
import { noticeText } from './notices.js';
import { PageFilter } from './page.filter.js';
import { Pages } from './pages.service.js';
import { providerLabel } from './provider-labels.js';
import { signInModel } from './sign-in.model.js';
import { problemsOf, readSignInForm, type SignInForm } from './sign-in.form.js';
import { signInProblem } from './sign-in-problem.js';

@UseFilters(PageFilter)
@ApiExcludeController()
@Controller('sign-in')
export class SignInController {
  private readonly providers: readonly string[];
  private readonly check: SameOriginCheck;

  constructor(
    { origins }: Config,
    private readonly signIns: SignInService,
    private readonly pages: Pages,
    private readonly log: Log,
  ) {
    this.check = createSameOriginCheck({ origins });
    this.providers = signIns.providers().map(({ name }) => name);
  }

  @OptionalAuth()
  @Get()
  page(
    @CurrentUser() user: Identity | null,
    @Query('next') next: unknown,
    @Query('notice') notice: unknown,
    @Res() response: object,
  ): void {
    const form = readSignInForm({ next });
    if (user) this.goOn(response, form);
    else
      this.pages.show(response, 'sign-in', signInModel(form, this.providers, { notice: noticeText(notice) }));
  }

  @Public()
  @Post()
  async signIn(@Body() body: unknown, @Req() request: ClientRequest, @Res() response: object): Promise<void> {
    // Before anything that was typed is shown again: another site may have sent it.
    this.check(request, { signIn: true });
    const form = readSignInForm(body);
    const fields = problemsOf(form, this.providers);
    if (fields) {
      this.pages.show(response, viewOf(form), signInModel(form, this.providers, { fields }), 400);
      return;
    }
    try {
      const { provider, next: _, ...credentials } = form;
      await this.signIns.signIn({ request, response }, provider, credentials);
    } catch (error) {
      this.refuse(error, form, request, response);
      return;
    }
    this.goOn(response, form);
  }

  private refuse(error: unknown, form: SignInForm, request: ClientRequest, response: object): void {
    const answer = this.signIns.answerTo(error, request);
    if (!answer) throw error;
    if (answer.status >= 500) this.log.warn(error, SignInController.name);
    const problem = signInProblem(answer, providerLabel(form.provider));
    const model = signInModel(form, this.providers, problem);
    // Of an account with a second factor the same is asked again, and the code.
    if (answer.body.error === 'second_factor_required')
      this.pages.showAnswer(response, answer, 'second-factor', { ...model, focus: { password: true } });
    else this.pages.showAnswer(response, answer, viewOf(form), model);
  }

  private goOn(response: object, { next }: SignInForm): void {
    this.pages.redirect(response, safeNext(next, '/account'));
  }
}

function viewOf(form: SignInForm): string {
  return 'twoFactorCode' in form ? 'second-factor' : 'sign-in';
}
