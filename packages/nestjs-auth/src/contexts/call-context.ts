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
  /** Where else to look for whom it comes from, nearest first. Default: the carrier alone. */
  carriers?(context: ExecutionContext): Iterable<object>;
  /** Whether a request is one call, whose user `request.user` can be. */
  readonly keepsUser: boolean;
  /** What is thrown for a caller who is refused. */
  exception(answer: HttpAnswer, error: unknown): Error | Promise<Error>;
}
