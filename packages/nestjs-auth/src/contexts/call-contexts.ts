import type { CallContext } from './call-context.js';
import { graphqlContext } from './graphql.context.js';
import { httpContext } from './http.context.js';
import { rpcContext } from './rpc.context.js';
import { wsContext } from './ws.context.js';

/** The types of contexts that are known. */
export const callContexts: ReadonlyMap<string, CallContext> = new Map([
  ['http', httpContext],
  ['graphql', graphqlContext],
  ['ws', wsContext],
  ['rpc', rpcContext],
]);
