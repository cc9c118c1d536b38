import { checkedInput } from './checked.js';
import { credentialsKey } from './credentials-key.js';
import {
  refreshTokenOf,
  type GrantToken,
  type GrantTokenOptions,
  type GrantTokenSource,
} from './grant-token.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import type { LoginFloor } from './login-floor.js';
import type { Provider } from './provider.js';
import type { RefusalHold } from './refusal-hold.js';
import { RenewalRefused } from './renewal-refused.js';
import { safeCause } from './safe-cause.js';
import { unlessAborted } from './unless-aborted.js';

/** Makes what signs in with credentials that are the same but for what works once. */
export type SourceForCredentials<Credentials extends object, Account> = (
  key: string,
  credentials: () => Credentials,
  rules: SignInRules,
) => GrantTokenSource<Account>;

/** What keeps one set of credentials from being sent too often. */
export interface SignInRules {
  readonly hold: RefusalHold;
  readonly logins: LoginFloor;
}

interface Current<Credentials extends object, Account> {
  readonly key: string;
  readonly rules: SignInRules;
  readonly source: GrantTokenSource<Account>;
  credentials: Credentials;
}

/** Tokens for credentials that may change. */
export interface CredentialsTokenSource<Account> extends GrantTokenSource<Account> {
  /** Forgets that the credentials were refused; they are asked for at the next call. */
  forget(): void;
}

/**
 * Asks for the credentials before each sign-in, and only then: a renewal with a refresh token does without. Where the
 * renewal is refused, it signs in.
 *
 * Credentials that have changed begin anew: no token, no refusal and no place in a store is shared with the ones before
 * (T7). Errors of `ask` become `internal_error`. To be called once at a time.
 *
 * @param newRules makes the rules for one set of credentials.
 */
export function credentialsTokenSource<Credentials extends object, Account>(
  provider: Provider<string, Credentials, Account>,
  ask: () => Credentials | Promise<Credentials>,
  newRules: () => SignInRules,
  sourceFor: SourceForCredentials<Credentials, Account>,
): CredentialsTokenSource<Account> {
  const { name, origin, upstream } = provider;
  let current: Current<Credentials, Account> | undefined;
  /** Whose the last token was. */
  let tokenKey: string | undefined;
  let mustAsk = false;
  /** The refresh token that was refused last; it is not sent again. */
  let deadRefreshToken: string | undefined;

  return {
    origin,
    upstream,

    async getToken(options = {}) {
      const { signal, rejected } = options;
      const refreshToken = refreshTokenOf(rejected);
      const isDead = refreshToken !== undefined && refreshToken === deadRefreshToken;
      const canRenew = refreshToken !== undefined && !isDead && !mustAsk && current?.key === tokenKey;
      const first = (canRenew && current) || (await asked(signal));
      try {
        return await tokenOf(first, isDead ? { ...options, anew: true } : options);
      } catch (error) {
        if (!(error instanceof RenewalRefused)) throw error;
        deadRefreshToken = refreshToken;
        return await tokenOf(canRenew ? await asked(signal) : first, { ...options, anew: true });
      }
    },

    forget() {
      mustAsk = true;
      current?.rules.hold.forget();
    },
  };

  async function tokenOf(whose: Current<Credentials, Account>, options: GrantTokenOptions) {
    const { signal, closing, atHand, anew = false } = options;
    const isSame = whose.key === tokenKey;
    // What `options` tells of tokens is of no concern to other credentials.
    if (isSame && atHand) return atHand as GrantToken<Account>;
    const token = await whose.source.getToken(isSame ? options : { signal, closing, anew });
    tokenKey = whose.key;
    return token;
  }

  async function asked(signal: AbortSignal | undefined): Promise<Current<Credentials, Account>> {
    signal?.throwIfAborted();
    // After a refusal they may have changed; after a failure there is no need to know before the next login.
    if (current && !mustAsk && !current.rules.hold.isOn) current.rules.logins.check();
    mustAsk = false;
    const { key, credentials } = await unlessAborted(given(), signal).catch((error: unknown) => {
      mustAsk = true;
      throw error;
    });
    if (current?.key === key) {
      current.credentials = credentials;
      return current;
    }
    const rules = newRules();
    const made: Current<Credentials, Account> = {
      key,
      rules,
      credentials,
      source: sourceFor(key, () => made.credentials, rules),
    };
    current = made;
    return made;
  }

  async function given(): Promise<Pick<Current<Credentials, Account>, 'key' | 'credentials'>> {
    try {
      const credentials = checkedInput('credentials', provider.credentials, await ask(), name);
      return { key: credentialsKey(provider, credentials), credentials };
    } catch (error) {
      if (isLatchkeyError(error)) throw error;
      const message = `The credentials for ${name} could not be had: the function that gives them failed.`;
      throw new LatchkeyError('internal_error', { provider: name, message, cause: safeCause(error) });
    }
  }
}
