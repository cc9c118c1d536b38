import type { Session } from '@latchkey/core';
import { hasSession, type Caller } from '@latchkey/core/http';
import type { ContextType, ExecutionContext } from '@nestjs/common';
import { callContexts } from './contexts/call-contexts.js';

/** What the guard found; `undefined` where it did not look, `null` where nobody is signed in. */
export function callerOf(context: ExecutionContext): Caller | null | undefined {
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  const carriers = kind?.carriers?.(context) ?? [kind?.carrier(context)];
  for (const carrier of carriers) {
    const caller = carrier && callers.get(carrier);
    if (caller !== undefined) return caller;
  }
  return undefined;
}

/** Has `carrier` keep whom the call comes from. */
export function noteCaller(carrier: object, caller: Caller | null): void {
  callers.set(carrier, caller);
}

export function sessionOf(caller: Caller | null | undefined): Session | null {
  return caller && hasSession(caller) ? caller : null;
}

/** The application's own user; of somebody with a provider's own token, the identity. */
export function userOf(caller: Caller): unknown {
  return hasSession(caller) ? caller.user : caller.identity;
}

/**
 * By the object that belongs to a call, and gone with it. Not a property of that: to add one to a request of Express takes V8
 * some microseconds, and all that prints a request would show it. Registered, so that two installed copies of this package
 * know each other's.
 */
const callers = registered('@latchkey/nestjs-auth/callers', () => new WeakMap<object, Caller | null>());

function registered<T>(name: string, make: () => T): T {
  const place = globalThis as unknown as Record<symbol, T | undefined>;
  return (place[Symbol.for(name)] ??= make());
}
