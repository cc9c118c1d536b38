import type { HttpAnswer } from '@latchkey/core/http';
import type { ErrorCode } from '@latchkey/core';
import { HttpException } from '@nestjs/common';
import { noteAnswer } from './noted-answer.js';

/**
 * What `AuthGuard` throws: the answer to a caller who is refused, as an exception of Nest, so that filters and interceptors
 * that know only those see the right status and body. `LatchkeyExceptionFilter` adds the headers.
 */
export class AuthException extends HttpException {
  readonly code: ErrorCode;
  /** In a GraphQL answer. */
  declare readonly extensions: Readonly<Record<string, unknown>>;

  constructor(answer: HttpAnswer, cause: unknown) {
    super({ ...answer.body }, answer.status, { cause });
    this.code = answer.body.error;
    const extensions = { code: graphqlCode(answer.status), error: answer.body.error, status: answer.status };
    // Out of sight: printed, the exception says what it is by its code, message and cause.
    Object.defineProperty(this, 'extensions', { value: extensions });
    noteAnswer(this, answer);
  }
}

// The words of Apollo Server, which clients of GraphQL know.
function graphqlCode(status: number): string {
  if (status === 400) return 'BAD_USER_INPUT';
  if (status === 401) return 'UNAUTHENTICATED';
  if (status === 403) return 'FORBIDDEN';
  return status === 429 ? 'TOO_MANY_REQUESTS' : 'INTERNAL_SERVER_ERROR';
}
