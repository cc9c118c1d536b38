import type { Session } from '@latchkey/core';
import { hasSession, type Caller } from '@latchkey/core/http';
import type { ContextType, ExecutionContext } from '@nestjs/common';
import { callContexts } from './contexts/call-contexts.js';

/** What the guard found; `undefined` where it did not look, `null` where nobody is signed in. */
export function callerOf(context: ExecutionContext): Caller | null | undefined {
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  const carriers = kind?.carriers?.(context) ?? [kind?.carrier(context)];
  for (const carrier of carriers) {
    const caller = carrier && (isOfFastify(carrier) ? carrier.latchkeyCaller : callers.get(carrier));
    if (caller !== undefined) return caller;
  }
  return undefined;
}

/** Has `carrier` keep whom the call comes from. */
export function noteCaller(carrier: object, caller: Caller | null): void {
  if (isOfFastify(carrier)) carrier.latchkeyCaller = caller;
  else callers.set(carrier, caller);
}

export function sessionOf(caller: Caller | null | undefined): Session | null {
  return caller && hasSession(caller) ? caller : null;
}

/** The application's own user; of somebody with a provider's own token, the identity. */
export function userOf(caller: Caller): unknown {
  return hasSession(caller) ? caller.user : caller.identity;
}

/** A request of Fastify, which has Node's own inside. */
interface FastifyCarrier {
  readonly raw: unknown;
  latchkeyCaller?: Caller | null;
}

// A property is the quickest place there; on a request of Express to add one takes V8 a microsecond, ten times as long as this.
function isOfFastify(carrier: object): carrier is FastifyCarrier {
  return 'raw' in carrier;
}

/**
 * By the object that belongs to a call, and gone with it. Registered, so that two installed copies of this package know each
 * other's.
 */
const callers = registered('@latchkey/nestjs-auth/callers', () => new WeakMap<object, Caller | null>());

function registered<T>(name: string, make: () => T): T {
  const place = globalThis as unknown as Record<symbol, T | undefined>;
  return (place[Symbol.for(name)] ??= make());
}
