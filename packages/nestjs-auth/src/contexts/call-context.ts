import type { ExecutionContext } from '@nestjs/common';
import type { HttpAnswer } from '@latchkey/core/http';
import type { ClientRequest, Credential } from '../latchkey.options.js';

/** How one type of context is dealt with. */
export interface CallContext {
  /** What the caller shows, unless the application says where that is. */
  credential(context: ExecutionContext): Credential | undefined;
  /** The request behind the call, where there is one. */
  request(context: ExecutionContext): ClientRequest | undefined;
  /** The object that belongs to this call, or request, and that keeps whom it comes from. */
  carrier(context: ExecutionContext): object | undefined;
  /** Whether that object belongs to other calls, too, so that they must all be of one user. Absent: it does not. */
  isShared?(carrier: object, context: ExecutionContext): boolean;
  /** What is thrown for a caller who is refused. */
  exception(answer: HttpAnswer, error: unknown): Error | Promise<Error>;
}
