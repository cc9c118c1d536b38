import { z } from 'zod';
import type { Clock } from './clock.js';
import type { LatchkeyEvent } from './event.js';
import {
  clockOption,
  functionOption,
  providerOption,
  storeOption,
  tryLimitOption,
} from './option-schemas.js';
import type { Provider } from './provider.js';
import type { SessionOf } from './session.js';
import type { SignInLimits } from './sign-in-throttle.js';
import type { Store } from './store.js';

/** What `createSessions` takes. Times are in milliseconds. */
export interface SessionsOptions<P extends readonly Provider[] = readonly Provider[]> {
  /** Where users can sign in; each under a name of its own. */
  readonly providers: P;
  /** Default: the memory of this process. */
  readonly store?: Store | undefined;
  /** How long a session lasts at most. Default: 12 h. */
  readonly maxAgeMs?: number | undefined;
  /**
   * How long a session lasts without being used. Use is written to the store at most every tenth of it, so that what one
   * process has seen, another may count up to a tenth less. Default: as `maxAgeMs`.
   */
  readonly idleMs?: number | undefined;
  /** How many refused tries to sign in reach a provider; `false` for no limit. */
  readonly throttle?: SignInLimits | false | undefined;
  /**
   * Gives the application's own user for somebody who has signed in, or refuses by throwing. Is called once, at sign-in;
   * what it gives is kept with the session, as JSON keeps it. Default: the user is the identity.
   */
  readonly user?: ((session: SessionOf<P>) => unknown) | undefined;
  /**
   * Tells these sessions from others in the same store: an id of the one is none of the other. Signing out everywhere, and
   * the throttle, go by the account, whatever the scope. A word. Default: none.
   */
  readonly scope?: string | undefined;
  /** Default: the clock of the first provider. */
  readonly clock?: Clock | undefined;
  /** Is told what happens; see `LatchkeyEvent`. */
  readonly onEvent?: ((event: LatchkeyEvent) => void) | undefined;
}

const span = z.number('must be a number').positive('must be above 0').max(Number.MAX_SAFE_INTEGER);
const tryLimit = tryLimitOption.optional();

/** What `createSessions` takes, with its defaults. */
export const sessionsOptions = z.strictObject({
  providers: z
    .tuple([providerOption], providerOption, 'must be a list of providers, one at least')
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'must have a name each'),
  store: storeOption.optional(),
  maxAgeMs: span.default(12 * 3_600_000),
  idleMs: span.optional(),
  throttle: z
    .union(
      [z.literal(false), z.strictObject({ account: tryLimit, accountAndClient: tryLimit, client: tryLimit })],
      'must be false or limits: { account, accountAndClient, client }, each { tries, perMs }',
    )
    .default({}),
  user: functionOption<(session: never) => unknown>().optional(),
  scope: z
    .string('must be text')
    .regex(/^[\w-]{0,40}$/, 'must be a word')
    .default(''),
  clock: clockOption.optional(),
  onEvent: functionOption<(event: LatchkeyEvent) => void>().optional(),
});
