import type { ExecutionContext } from '@nestjs/common';
import { AuthException } from '../auth.exception.js';
import type { ClientRequest } from '../latchkey.options.js';
import type { CallContext } from './call-context.js';

/** GraphQL: of a resolver's arguments, root, arguments, context and info, the third has the request. */
export const graphqlContext: CallContext = {
  credential: requestOf,
  request: requestOf,
  carrier: (context) => context.getArgByIndex<object | undefined>(2),
  exception: (answer, error) => new AuthException(answer, error),
};

interface GraphqlContext {
  readonly req?: unknown;
  readonly request?: unknown;
  /** As Mercurius has it. */
  readonly reply?: { readonly request?: unknown };
}

function requestOf(context: ExecutionContext): ClientRequest | undefined {
  const own = context.getArgByIndex<GraphqlContext | undefined>(2);
  const request = own?.req ?? own?.request ?? own?.reply?.request;
  const isRequest = typeof request === 'object' && request !== null && 'headers' in request;
  return isRequest ? (request as ClientRequest) : undefined;
}
