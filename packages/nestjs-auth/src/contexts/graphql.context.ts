import type { ExecutionContext } from '@nestjs/common';
import { AuthException } from '../auth.exception.js';
import type { ClientRequest } from '../latchkey.options.js';
import type { CallContext } from './call-context.js';

/** GraphQL: of a resolver's arguments, root, arguments, context and info, the third has the request. */
export const graphqlContext: CallContext = {
  keepsUser: true,
  credential: requestOf,
  request: requestOf,
  // Of one query, two resolvers may have two users, each by an argument of its own.
  carrier: (context) => pathOf(context) ?? contextOf(context),
  // A resolver of a field that no guard stands before belongs to what stands above it in the query.
  *carriers(context) {
    for (let path = pathOf(context); path; path = path.prev) yield path;
    const own = contextOf(context);
    if (own) yield own;
  },
  exception: (answer, error) => new AuthException(answer, error),
};

/** The place in the answer: an object for each call of a resolver. */
interface Path {
  readonly prev?: Path | undefined;
}

function pathOf(context: ExecutionContext): Path | undefined {
  return [3, 2].map((at) => context.getArgByIndex<unknown>(at)).find(isInfo)?.path;
}

/** Reference resolvers of federation are given no arguments: root, context and info. */
function contextOf(context: ExecutionContext): GraphqlContext | undefined {
  return context.getArgByIndex(isInfo(context.getArgByIndex(2)) ? 1 : 2);
}

function isInfo(value: unknown): value is { readonly path: Path } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fieldName' in value &&
    'path' in value &&
    typeof value.path === 'object'
  );
}

interface GraphqlContext {
  readonly req?: unknown;
  readonly request?: unknown;
  /** As Mercurius has it. */
  readonly reply?: { readonly request?: unknown };
}

function requestOf(context: ExecutionContext): ClientRequest | undefined {
  const own = contextOf(context);
  const request = own?.req ?? own?.request ?? own?.reply?.request;
  const isRequest = typeof request === 'object' && request !== null && 'headers' in request;
  return isRequest ? (request as ClientRequest) : undefined;
}
