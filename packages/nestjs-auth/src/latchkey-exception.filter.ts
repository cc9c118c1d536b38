import { isLatchkeyError } from '@latchkey/core';
import { toHttpAnswer, type HttpAnswer } from '@latchkey/core/http';
import {
  Catch,
  Inject,
  Injectable,
  Logger,
  type ArgumentsHost,
  type ContextType,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { throwError } from 'rxjs';
import { AuthException } from './auth.exception.js';
import type { ClientRequest } from './latchkey.options.js';
import type { LatchkeySettings } from './latchkey.settings.js';
import { settingsToken } from './latchkey.tokens.js';
import { realmOf } from './realm.js';
import { answerNotedOn } from './noted-answer.js';

/** Every error of Latchkey, of whichever installed copy; what `AuthGuard` throws; and bodies that are no JSON. */
class AnyLatchkeyError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isLatchkeyError(value) || answerNotedOn(value) !== undefined;
  }
}

/**
 * Answers errors of Latchkey as core does: status, `{ error, message }`, `Retry-After`, `WWW-Authenticate`, and the cookie of
 * a session that has ended is cleared. A body that is no JSON is `invalid_input`: what Nest says of it quotes the body, password and all.
 * `LatchkeyModule` applies it everywhere; in gateways, which no global filter
 * reaches, `@UseFilters(LatchkeyExceptionFilter)` does. What answers with 500 or above is logged.
 */
@Catch(AnyLatchkeyError)
@Injectable()
export class LatchkeyExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Latchkey');

  constructor(
    @Inject(HttpAdapterHost) private readonly adapters: HttpAdapterHost,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  catch(error: Error, host: ArgumentsHost): unknown {
    const type = host.getType<ContextType | 'graphql'>();
    const answer = this.answerTo(error, host);
    if (answer.status >= 500) this.logger.error(error);
    if (type === 'http') {
      this.reply(host, answer);
      return undefined;
    }
    // What a resolver returns as an error, GraphQL reports.
    if (type === 'graphql') return isLatchkeyError(error) ? new AuthException(answer, error) : error;
    const told = { status: 'error', ...answer.body };
    if (type === 'rpc') return throwError(() => told);
    tell(host.switchToWs().getClient(), told);
    return undefined;
  }

  private answerTo(error: Error, host: ArgumentsHost): HttpAnswer {
    const noted = answerNotedOn(error);
    if (noted) return noted;
    const request = host.getType() === 'http' ? host.getArgByIndex<ClientRequest>(0) : undefined;
    const settings = request && this.settingsOf(realmOf(request));
    return settings ? settings.answer(error, request) : toHttpAnswer(error);
  }

  /** Of a request that belongs to no set of providers, where the only one has a name, nothing is known. */
  private settingsOf(realm: string | undefined): LatchkeySettings | undefined {
    try {
      return this.moduleRef.get<LatchkeySettings>(settingsToken(realm), { strict: false });
    } catch {
      return undefined;
    }
  }

  private reply(host: ArgumentsHost, { status, headers, body }: HttpAnswer): void {
    const { httpAdapter } = this.adapters;
    const response = host.getArgByIndex<object>(1);
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    const { 'Set-Cookie': cookie, ...others } = headers;
    for (const [name, value] of Object.entries(others)) httpAdapter.setHeader(response, name, value);
    if (cookie !== undefined) httpAdapter.appendHeader(response, 'Set-Cookie', cookie);
    httpAdapter.reply(response, body, status);
  }
}

/** As the built-in filter of gateways does it: an `exception` event, on a socket of `ws` or of socket.io. */
function tell(client: object, data: object): void {
  const socket = client as {
    readonly readyState?: unknown;
    send?(text: string): void;
    emit?(event: string, data: object): void;
  };
  if (typeof socket.readyState === 'number') socket.send?.(JSON.stringify({ event: 'exception', data }));
  else socket.emit?.('exception', data);
}
