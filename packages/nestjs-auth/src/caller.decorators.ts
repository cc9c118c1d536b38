import type { Identity } from '@latchkey/core';
import {
  createParamDecorator,
  type ContextType,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { callerOf, sessionOf, userOf } from './caller.js';
import { callContexts } from './contexts/call-contexts.js';

/**
 * To be augmented with the application's own user, so that `CurrentUser` is its type too.
 *
 * @example
 * declare module '@latchkey/nestjs-auth' {
 *   interface LatchkeyAuth { user: MyUser }
 * }
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- what an application adds to it is its content
export interface LatchkeyAuth {}

/** The type of the user: that of `LatchkeyAuth`, else `Identity`. */
export type CurrentUser = LatchkeyAuth extends { user: infer User } ? User : Identity;

/**
 * Gives a handler the user: what the option `user` made of it at sign-in, else the identity; with a key, that field of it.
 * `null` where nobody is signed in. Where `AuthGuard` did not look, as on public routes, it is `request.user`.
 */
export const CurrentUser: ParamDecorator<string> = createParamDecorator(
  (key: unknown, context: ExecutionContext) => {
    const caller = callerOf(context);
    // Where no guard of ours has looked, another one may have, such as the stub of a test.
    const user: unknown = caller
      ? userOf(caller)
      : caller === undefined
        ? (requestUser(context) ?? null)
        : null;
    if (typeof key !== 'string' || typeof user !== 'object' || user === null) return user;
    return Object.hasOwn(user, key) ? (user as Readonly<Record<string, unknown>>)[key] : undefined;
  },
);

/** Gives a handler the session; `null` where there is none, as with a token of the provider's own. */
export const CurrentSession: ParamDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  sessionOf(callerOf(context)),
);

/**
 * Gives a handler an access token of the provider, for calls in the user's name; `null` where nobody is signed in. The
 * session's `source`, which typed clients take, renews it where that is possible; this is the text alone, as it is now.
 */
export const AccessToken: ParamDecorator = createParamDecorator(
  async (_: unknown, context: ExecutionContext) => {
    const caller = callerOf(context);
    return caller ? (await caller.source.getToken()).value : null;
  },
);

/** What makes a decorator of a parameter. Spelt out, since the types that Nest infers differ from version to version. */
type ParamDecorator<Data = never> = (
  ...dataOrPipes: (Data | PipeTransform | Type<PipeTransform>)[]
) => ParameterDecorator;

function requestUser(context: ExecutionContext): unknown {
  const kind = callContexts.get(context.getType<ContextType | 'graphql'>());
  return (kind?.request(context) as { readonly user?: unknown } | undefined)?.user;
}
