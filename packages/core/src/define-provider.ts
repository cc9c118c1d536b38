import { z } from 'zod';
import { checkedInput, checkedOptions } from './checked.js';
import type { Grant } from './grant.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import type { CallOptions, Provider } from './provider.js';
import { safeCause, textsIn } from './safe-cause.js';

/** A provider as its author states it; what is left out here has a default. */
export type ProviderDefinition<Name extends string, Credentials extends object, Account> = Omit<
  Provider<Name, Credentials, Account>,
  'origin' | 'audience' | 'account'
> & {
  /** Default: the origin of `upstream`, which it must equal. */
  readonly origin?: string;
  /** Default: the origin. Begins with it. */
  readonly audience?: string;
  /** Default: the account in the grant, for providers whose login tells it. */
  account?(grant: Grant<Account>, options?: CallOptions): Promise<Account>;
};

/**
 * Makes a provider of a definition: checks it, and has credentials checked before `signIn` sends anything.
 *
 * @throws LatchkeyError `invalid_config` for a definition that is not usable, with every problem in one message.
 */
export function defineProvider<const Name extends string, Credentials extends object, Account>(
  definition: ProviderDefinition<Name, Credentials, Account>,
): Provider<Name, Credentials, Account> {
  checkedOptions('defineProvider()', definitionSchema, definition);
  const { name, upstream, credentials: schema } = definition;

  return Object.freeze({
    ...definition,
    origin: upstream.origin,
    audience: definition.audience ?? upstream.origin,
    ...(definition.oneTime ? { oneTime: Object.freeze([...definition.oneTime]) } : {}),

    account: (grant: Grant<Account>, options?: CallOptions) =>
      definition.account ? definition.account(grant, options) : grantedAccount(grant),

    async signIn(credentials: Credentials, options: CallOptions = {}) {
      options.signal?.throwIfAborted();
      const checked = checkedInput('credentials', schema, credentials, name);
      try {
        return await definition.signIn(checked, options);
      } catch (error) {
        if (isLatchkeyError(error) || (options.signal?.aborted && error === options.signal.reason))
          throw error;
        throw new LatchkeyError('internal_error', {
          provider: name,
          cause: safeCause(error, textsIn(checked)),
        });
      }
    },
  });

  async function grantedAccount(grant: Grant<Account>): Promise<Account> {
    if (grant.account !== undefined) return grant.account;
    throw new LatchkeyError('invalid_input', {
      provider: name,
      message: `The grant holds no account, and ${name} tells it at sign-in only. Sign in again.`,
    });
  }
}

const callable = z.custom<object>((value) => typeof value === 'function', 'must be a function');

const definitionSchema = z
  .looseObject({
    name: z
      .string('must be text')
      // A segment of routes and part of keys, so nothing that either would have to escape.
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens, a letter first'),
    upstream: z.looseObject({ origin: z.string(), json: callable }, 'must be made with createUpstream()'),
    origin: z.string('must be text').optional(),
    audience: z.string('must be text').optional(),
    oneTime: z.array(z.string(), 'must be a list of field names').optional(),
    credentials: z.looseObject({ safeParse: callable }, 'must be a zod schema'),
    signIn: callable,
    identify: callable,
    account: callable.optional(),
    renew: callable.optional(),
    verify: callable.optional(),
    entitlements: callable.optional(),
  })
  .refine(({ origin, upstream }) => origin === undefined || origin === upstream.origin, {
    path: ['origin'],
    message: 'must be that of the upstream',
  })
  .refine(({ audience, upstream }) => audience === undefined || audience.startsWith(upstream.origin), {
    path: ['audience'],
    message: 'must begin with the origin',
  });
