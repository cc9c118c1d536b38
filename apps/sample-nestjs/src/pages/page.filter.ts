import type { Identity } from '@latchkey/core';
import { SignInService, type ClientRequest } from '@latchkey/nestjs-auth';
import { Catch, HttpException, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Pages, visitor } from './pages.service.js';
import { problemWords } from './problem-words.js';

/** Shows what goes wrong on a page as a page. Who is not signed in goes to the sign-in page, and comes back from it. */
@Catch()
@Injectable()
export class PageFilter implements ExceptionFilter {
  constructor(
    private readonly signIns: SignInService,
    private readonly pages: Pages,
    private readonly log: Log,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<PageRequest>();
    const response = host.switchToHttp().getResponse<object>();
    const answer = this.signIns.answerTo(error, request);
    const status = answer?.status ?? (error instanceof HttpException ? error.getStatus() : 500);
    if (status >= 500) this.log.error(error, PageFilter.name);
    const { 'Set-Cookie': forgottenCookie } = answer?.headers ?? {};
    if (status === 401) {
      if (forgottenCookie !== undefined) this.pages.takeHeaders(response, { 'Set-Cookie': forgottenCookie });
      this.pages.redirect(response, signInPath(request, forgottenCookie !== undefined));
      return;
    }
    if (answer) this.pages.takeHeaders(response, answer.headers);
    const model = {
      ...problemWords(answer?.body.error ?? status),
      visitor: request.user ? visitor(request.user) : undefined,
      requestId: status >= 500 ? this.log.requestIdOf(request) : undefined,
    };
    this.pages.show(response, 'problem', model, status);
  }
}

interface PageRequest extends ClientRequest {
  /** Path and query. */
  readonly url: string;
  readonly user?: Identity | null;
}

function signInPath({ method, url }: PageRequest, hasEnded: boolean): string {
  const query = new URLSearchParams({
    ...(method === 'GET' && { next: url }),
    ...(hasEnded && { notice: 'session-ended' }),
  });
  return query.size > 0 ? `/sign-in?${query.toString()}` : '/sign-in';
}
