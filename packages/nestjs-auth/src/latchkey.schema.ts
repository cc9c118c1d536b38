import type { Provider, Store } from '@latchkey/core';
import type { CookieOptions, SameOriginOptions } from '@latchkey/core/http';
import { z } from 'zod';
import type { ClientRequest, CredentialSource } from './latchkey.options.js';

// What core checks by itself is only looked at for its shape here.

const fn = <F>() => z.custom<F>((value) => typeof value === 'function', 'must be a function');
const object = <T>(message: string) =>
  z.custom<T>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), message);
const flag = z.boolean('must be true or false');
const beside = z
  .undefined('must stand beside the factory, not in what it gives: it changes the graph of modules')
  .optional();

/** Options, however they are given. */
export const optionsSchema = z
  .strictObject(
    {
      providers: z.custom<readonly [Provider, ...Provider[]]>(
        (value) => Array.isArray(value) && value.length > 0,
        'must be a list of providers, one at least',
      ),
      store: z.custom<Store>().optional(),
      sessions: object<object>('must be an object')
        .refine((value) => !['providers', 'store', 'user'].some((name) => name in value), {
          message: 'must not have providers, store or user: they stand beside it',
        })
        .optional(),
      user: fn<(session: never) => unknown>().optional(),
      cookie: z
        .custom<CookieOptions | false>(
          (value) => value === false || (typeof value === 'object' && value !== null),
          'must be false, or an object',
        )
        .optional(),
      bearer: flag.default(true),
      csrf: z
        .custom<SameOriginOptions | false>(
          (value) => value === false || (typeof value === 'object' && value !== null),
          'must be false, or an object',
        )
        .optional(),
      realm: z
        .string('must be text')
        .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
        .optional(),
      upstreamTokens: z
        .union(
          [
            z.string().transform((provider) => ({ provider })),
            z.looseObject({ provider: z.union([z.string(), object<Provider>('')]) }),
          ],
          'must be the name of a provider, or { provider } with one of the providers or its name',
        )
        .optional(),
      client: fn<(request: ClientRequest) => string | undefined>().optional(),
      credentialFrom: z
        .strictObject({
          graphql: fn<CredentialSource>().optional(),
          ws: fn<CredentialSource>().optional(),
          rpc: fn<CredentialSource>().optional(),
        })
        .optional(),
      shutdownGraceMs: z
        .number('must be a number of milliseconds')
        .min(0, 'must be 0 or more')
        .max(2_147_483_647, 'must be less than 25 days')
        .default(5_000),
      isGlobal: beside,
      globalGuard: beside,
      controller: beside,
      path: beside,
      name: beside,
    },
    'must be an object',
  )
  .refine(({ cookie, bearer }) => cookie !== false || bearer, {
    path: ['bearer'],
    message: 'must not be false with cookie: false, since nobody could be known again',
  });

/** What stands beside the factory. */
export const extrasSchema = z.strictObject({
  isGlobal: flag.optional(),
  globalGuard: flag.optional(),
  controller: flag.optional(),
  path: z.string('must be text').optional(),
  name: z
    .string('must be text')
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, 'must be a word of letters, digits, - and _')
    .optional(),
});
