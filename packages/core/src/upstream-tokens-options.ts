import { z } from 'zod';
import type { Clock } from './clock.js';
import type { LatchkeyEvent } from './event.js';
import { clockOption, functionOption, hasMethods, tryLimitOption } from './option-schemas.js';
import type { Provider } from './provider.js';
import type { Store } from './store.js';
import type { TryLimit } from './tries.js';

/** What `createUpstreamTokens` takes. Times are in milliseconds. */
export interface UpstreamTokensOptions<Account = unknown> {
  /** The one provider whose tokens are taken. It must have `verify`. */
  readonly provider: VerifyingProvider<Account>;
  /**
   * Whether an account is one of the application's own. Needed unless the provider has `verifiesAudience`: otherwise whoever
   * has an account with any other customer of the provider would be let in.
   */
  readonly owns?: ((account: Account) => boolean | Promise<boolean>) | undefined;
  /** For how long an answer holds, counted from when it was asked for: so long may a revoked token go on. Default: 60,000. */
  readonly maxAgeMs?: number | undefined;
  /** How many refused tokens of one client reach the provider. Default: 20 in 300,000 ms. */
  readonly throttle?: TryLimit | false | undefined;
  /** Where refused tokens are counted. Default: the memory of this process. */
  readonly store?: Store | undefined;
  /** Default: the clock of the provider's HTTP side. */
  readonly clock?: Clock | undefined;
  /** Is told what happens; see `LatchkeyEvent`. */
  readonly onEvent?: ((event: LatchkeyEvent) => void) | undefined;
}

/** What is used of a provider to tell whose a token is. */
export type VerifyingProvider<Account = unknown> = Pick<
  Provider<string, object, Account>,
  'name' | 'origin' | 'upstream' | 'verify' | 'verifiesAudience' | 'identify' | 'entitlements'
>;

const providerSchema = z
  .custom<VerifyingProvider>(
    (value) =>
      hasMethods(value, 'identify') &&
      hasMethods((value as Partial<VerifyingProvider>).upstream, 'json', 'skewMs'),
    'must be made with defineProvider()',
  )
  .refine(({ verify }) => typeof verify === 'function', 'must have verify()');

/** What `createUpstreamTokens` takes; defaults are where they are used. */
export const upstreamTokensOptions = z
  .strictObject({
    provider: providerSchema,
    owns: functionOption().optional(),
    maxAgeMs: z.number('must be a number').min(0, 'must be 0 or more').optional(),
    throttle: z
      .union([z.literal(false), tryLimitOption], 'must be false, or { tries, perMs } with numbers above 0')
      .optional(),
    store: z.custom<Store>((value) => hasMethods(value, 'take'), 'must be a store').optional(),
    clock: clockOption.optional(),
    onEvent: functionOption<(event: LatchkeyEvent) => void>().optional(),
  })
  .refine(({ provider, owns }) => provider.verifiesAudience === true || owns !== undefined, {
    path: ['owns'],
    message:
      'must be given, since the provider does not tell its tokens for this application from those for others',
  });
