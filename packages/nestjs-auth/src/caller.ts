import type { Session } from '@latchkey/core';
import { hasSession, type Caller } from '@latchkey/core/http';
import type { ContextType, ExecutionContext } from '@nestjs/common';
import { callContexts } from './contexts/call-contexts.js';

/** What the guard found; `undefined` where it did not look, `null` where nobody is signed in. */
export function callerOf(context: ExecutionContext): Caller | null | undefined {
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  const carriers = kind?.carriers?.(context) ?? [kind?.carrier(context)];
  for (const carrier of carriers as Iterable<Carrier | undefined>) {
    if (carrier?.[callerKey] !== undefined) return carrier[callerKey];
  }
  return undefined;
}

/** Has `carrier` keep whom the call comes from. */
export function noteCaller(carrier: object, caller: Caller | null): void {
  (carrier as Carrier)[callerKey] = caller;
}

export function sessionOf(caller: Caller | null | undefined): Session | null {
  return caller && hasSession(caller) ? caller : null;
}

/** The application's own user; of somebody with a provider's own token, the identity. */
export function userOf(caller: Caller): unknown {
  return hasSession(caller) ? caller.user : caller.identity;
}

interface Carrier {
  [callerKey]?: Caller | null;
}

// Registered, so that two installed copies of this package know each other's. Neither kind of caller shows a secret when
// a request is printed.
const callerKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/caller') as never;
