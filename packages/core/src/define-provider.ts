import { z } from 'zod';
import { checkedInput, checkedOptions } from './checked.js';
import type { Grant } from './grant.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import type { CallOptions, Provider } from './provider.js';
import { safeCause, textsIn } from './safe-cause.js';
import { isBearerValue } from './token.js';
import { tokenSourceOf, type TokenSource } from './token-source.js';
import { providerName } from './upstream-options.js';

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
 * Errors of its functions that are not Latchkey's become `internal_error`.
 *
 * @throws LatchkeyError `invalid_config` for a definition that is not usable, with every problem in one message.
 */
export function defineProvider<const Name extends string, Credentials extends object, Account>(
  definition: ProviderDefinition<Name, Credentials, Account>,
): Provider<Name, Credentials, Account> {
  checkedOptions('defineProvider()', definitionSchema, definition);
  const { name, upstream, credentials: schema, loginName, account, renew, verify, entitlements } = definition;

  return Object.freeze({
    name,
    upstream,
    credentials: schema,
    origin: upstream.origin,
    audience: definition.audience ?? upstream.origin,
    ...(definition.verifiesAudience !== undefined && { verifiesAudience: definition.verifiesAudience }),
    ...(definition.oneTime && { oneTime: Object.freeze([...definition.oneTime]) }),
    ...(loginName && {
      loginName: (credentials: Credentials) =>
        guardedNow(
          () => loginName.call(definition, credentials),
          () => credentials,
        ),
    }),
    identify: (account: Account) =>
      guardedNow(
        () => definition.identify(account),
        () => account,
      ),

    async signIn(credentials: Credentials, options?: CallOptions) {
      options?.signal?.throwIfAborted();
      const checked = checkedInput('credentials', schema, credentials, name);
      try {
        return await definition.signIn(checked, options);
      } catch (error) {
        throw told(error, () => checked, options);
      }
    },

    account: (grant: Grant<Account>, options?: CallOptions) =>
      guarded(
        () => (account ?? grantedAccount).call(definition, ownGrant(grant), options),
        () => tokensOf(grant),
        options,
      ),

    ...(renew && {
      renew: (grant: Grant<Account>, options?: CallOptions) =>
        guarded(
          () => renew.call(definition, ownGrant(grant), options),
          () => tokensOf(grant),
          options,
        ),
    }),

    ...(verify && {
      // What cannot be sent is nobody's token.
      verify: async (token: string, options?: CallOptions) =>
        isBearerValue(token)
          ? guarded(
              () => verify.call(definition, token, options),
              () => token,
              options,
            )
          : undefined,
    }),

    ...(entitlements && {
      entitlements: (source: TokenSource, options?: CallOptions & { readonly id?: string }) =>
        guarded(
          () => entitlements.call(definition, tokenSourceOf(source), options),
          () => undefined,
          options,
        ),
    }),
  });

  /** What `work` gives. Errors that are not ours become `internal_error`, with what is secret blotted out of the cause. */
  async function guarded<T>(
    work: () => Promise<T>,
    secrets: () => unknown,
    options: CallOptions | undefined,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw told(error, secrets, options);
    }
  }

  function guardedNow<T>(work: () => T, secrets: () => unknown): T {
    try {
      return work();
    } catch (error) {
      throw told(error, secrets, undefined);
    }
  }

  function told(error: unknown, secrets: () => unknown, options: CallOptions | undefined): unknown {
    const isReason = options?.signal?.aborted && error === options.signal.reason;
    if (isReason || isLatchkeyError(error)) return error;
    return new LatchkeyError('internal_error', {
      provider: name,
      cause: safeCause(error, textsIn(secrets())),
    });
  }

  /** T7: a grant of another provider has tokens that are not to be sent here. */
  function ownGrant(grant: Grant<Account>): Grant<Account> {
    // Callers without types hand over anything.
    const { provider: giver } = (grant as Partial<Grant> | null | undefined) ?? {};
    if (giver === name) return grant;
    throw new LatchkeyError('invalid_input', {
      provider: name,
      message:
        giver === undefined
          ? `This is no grant of ${name}.`
          : `A grant of another provider is of no use to ${name}.`,
    });
  }

  async function grantedAccount(grant: Grant<Account>): Promise<Account> {
    if (grant.account !== undefined) return grant.account;
    throw new LatchkeyError('invalid_input', {
      provider: name,
      message: `The grant holds no account, and ${name} tells it at sign-in only. Sign in again.`,
    });
  }
}

function tokensOf({ accessToken, refreshToken }: Grant): readonly (string | undefined)[] {
  return [accessToken, refreshToken];
}

const callable = z.custom<object>((value) => typeof value === 'function', 'must be a function');

const definitionSchema = z
  .looseObject({
    name: providerName,
    upstream: z.looseObject({ origin: z.string(), json: callable }, 'must be made with createUpstream()'),
    origin: z.string('must be text').optional(),
    audience: z.string('must be text').optional(),
    oneTime: z.array(z.string(), 'must be a list of field names').optional(),
    credentials: z.looseObject({ safeParse: callable }, 'must be a zod schema'),
    loginName: callable.optional(),
    signIn: callable,
    identify: callable,
    account: callable.optional(),
    renew: callable.optional(),
    verify: callable.optional(),
    verifiesAudience: z.boolean('must be true or false').optional(),
    entitlements: callable.optional(),
  })
  .refine(({ origin, upstream }) => origin === undefined || origin === upstream.origin, {
    path: ['origin'],
    message: 'must be that of the upstream',
  })
  .refine(({ audience, upstream }) => audience === undefined || isWithin(upstream.origin, audience), {
    path: ['audience'],
    message: 'must begin with the origin',
  });

// The origin as a whole: `https://api.example.com.evil` begins with another one as well.
function isWithin(origin: string, audience: string): boolean {
  return audience === origin || ['/', '?', '#'].some((mark) => audience.startsWith(`${origin}${mark}`));
}
