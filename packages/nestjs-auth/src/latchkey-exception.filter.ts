import { isLatchkeyError, type LatchkeyError } from '@latchkey/core';
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

/** Every error of Latchkey, of whichever installed copy, and what `AuthGuard` throws. */
class AnyLatchkeyError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isLatchkeyError(value) || isAuthException(value);
  }
}

/**
 * Answers errors of Latchkey as core does: status, `{ error, message }`, `Retry-After`, `WWW-Authenticate`, and the cookie of
 * a session that has ended is cleared. `LatchkeyModule` applies it everywhere; in gateways, which no global filter
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

  catch(error: LatchkeyError | AuthException, host: ArgumentsHost): unknown {
    const type = host.getType<ContextType | 'graphql'>();
    const answer = this.answerTo(error, host);
    if (answer.status >= 500) this.logger.error(error);
    if (type === 'http') {
      this.reply(host, answer);
      return undefined;
    }
    // What a resolver returns as an error, GraphQL reports.
    if (type === 'graphql') return isAuthException(error) ? error : new AuthException(answer, error);
    const told = { status: 'error', ...answer.body };
    if (type === 'rpc') return throwError(() => told);
    tell(host.switchToWs().getClient(), told);
    return undefined;
  }

  private answerTo(error: LatchkeyError | AuthException, host: ArgumentsHost): HttpAnswer {
    if (isAuthException(error)) return error.answer;
    const carrier = host.getArgByIndex<ClientRequest | undefined>(0);
    if (host.getType() !== 'http' || !carrier) return toHttpAnswer(error);
    const settings = this.moduleRef.get<LatchkeySettings>(settingsToken(realmOf(carrier)), { strict: false });
    return settings.answer(error, carrier);
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

function isAuthException(value: unknown): value is AuthException {
  return value instanceof AuthException;
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
