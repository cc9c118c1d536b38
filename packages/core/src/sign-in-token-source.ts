import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import type { Grant } from './grant.js';
import {
  grantToken,
  refreshTokenOf,
  type GrantToken,
  type GrantTokenOptions,
  type GrantTokenSource,
} from './grant-token.js';
import { isLatchkeyError } from './latchkey-error.js';
import type { LoginFloor } from './login-floor.js';
import type { Provider } from './provider.js';
import { isRefusal } from './refusal.js';
import type { RefusalHold } from './refusal-hold.js';
import { RenewalRefused } from './renewal-refused.js';
import { unlessAborted } from './unless-aborted.js';

/** A source that tells beforehand what it would not do. */
export interface SignInTokenSource<Account> extends GrantTokenSource<Account> {
  /** @throws what is remembered of the provider's refusals, where `getToken` would fail with that and send nothing. */
  check(options: GrantTokenOptions): void;
}

/**
 * The plain source: each token costs one sign-in, or, for a `rejected` one with a refresh token, one renewal.
 *
 * A sign-in ends with the caller's signal. A renewal that was sent does not: it may use the refresh token up, so that its
 * outcome must not get lost (T3). Where it is refused the answer is `RenewalRefused`, then and for that refresh token ever
 * after, and only `anew` gives a token.
 *
 * @param whose names the credentials.
 * @param credentials gives what to sign in with, at the moment of a sign-in.
 * @param rules.hold keeps credentials that were refused from being sent again (T6).
 * @param rules.logins keeps logins apart (T5).
 * @param rules.renewals keeps renewals apart likewise.
 */
export function signInTokenSource<Credentials extends object, Account>(
  provider: Provider<string, Credentials, Account>,
  whose: string,
  credentials: () => Credentials,
  rules: {
    readonly clock: Clock;
    readonly hold: RefusalHold;
    readonly logins: LoginFloor;
    readonly renewals: LoginFloor;
    readonly emit: Emit;
  },
): SignInTokenSource<Account> {
  const { name, origin, upstream } = provider;
  const { clock, hold, logins, renewals, emit } = rules;
  let refused: { readonly refreshToken: string | undefined; readonly error: RenewalRefused } | undefined;

  return {
    origin,
    upstream,
    check,

    async getToken(options = {}) {
      const { signal, closing, rejected } = options;
      signal?.throwIfAborted();
      check(options);
      const { renew } = provider;
      if (renew && isRenewal(options)) {
        const renewal = () => renewed(rejected as GrantToken<Account>, renew);
        // Of what waits for its turn nothing was sent yet, so that it may be given up.
        return grantToken(await renewals.run(whose, renewal, signal));
      }
      // One that was given up is waited for all the same: no login begins beside another.
      const login = logins.run(whose, () => signedIn(signal), signal);
      return grantToken(await unlessAborted(login, closing));
    },
  };

  function check(options: GrantTokenOptions) {
    if (!isRenewal(options)) hold.check();
    else if (refused && refused.refreshToken === refreshTokenOf(options.rejected)) throw refused.error;
  }

  function isRenewal({ rejected, anew = false }: GrantTokenOptions): boolean {
    return provider.renew !== undefined && !anew && refreshTokenOf(rejected) !== undefined;
  }

  async function signedIn(signal: AbortSignal | undefined): Promise<Grant<Account>> {
    const startedAt = clock.monotonic();
    try {
      const grant = await provider.signIn(credentials(), { signal });
      // A login that finishes after it was given up brings nothing back (T13).
      signal?.throwIfAborted();
      hold.forget();
      emit('sign-in', { durationMs: clock.monotonic() - startedAt });
      return grant;
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      tell(isRefusal(error) ? 'sign-in-refused' : 'renewal-failed', error, startedAt);
      if (isRefusal(error)) hold.begin(error);
      throw error;
    }
  }

  async function renewed(
    { grant: old }: GrantToken<Account>,
    renew: NonNullable<Provider<string, Credentials, Account>['renew']>,
  ): Promise<Grant<Account>> {
    const startedAt = clock.monotonic();
    try {
      const grant = await renew.call(provider, old);
      emit('renewal', { durationMs: clock.monotonic() - startedAt });
      return grant;
    } catch (error) {
      tell('renewal-failed', error, startedAt);
      if (!isRefusal(error)) throw error;
      refused = { refreshToken: old.refreshToken, error: new RenewalRefused(name, error) };
      throw refused.error;
    }
  }

  function tell(type: 'sign-in-refused' | 'renewal-failed', error: unknown, startedAt: number) {
    const durationMs = clock.monotonic() - startedAt;
    emit(type, { durationMs, code: isLatchkeyError(error) ? error.code : 'internal_error' });
  }
}
