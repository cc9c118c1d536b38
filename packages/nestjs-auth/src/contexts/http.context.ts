import { AuthException } from '../auth.exception.js';
import type { ClientRequest } from '../latchkey.options.js';
import type { CallContext } from './call-context.js';

/** HTTP on Express and Fastify. */
export const httpContext: CallContext = {
  keepsUser: true,
  credential: (context) => context.getArgByIndex<ClientRequest>(0),
  request: (context) => context.getArgByIndex<ClientRequest>(0),
  carrier: (context) => context.getArgByIndex<object>(0),
  exception: (answer, error) => new AuthException(answer, error),
};
