import { checkedInput } from './checked.js';
import { credentialsKey } from './credentials-key.js';
import {
  refreshTokenOf,
  type GrantToken,
  type GrantTokenOptions,
  type GrantTokenSource,
} from './grant-token.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import type { Provider } from './provider.js';
import { safeCause } from './safe-cause.js';

/** What signs in with credentials that are the same but for what works once. */
export type SourceForCredentials<Credentials extends object, Account> = (
  key: string,
  credentials: () => Credentials,
) => GrantTokenSource<Account>;

interface Current<Credentials extends object, Account> {
  readonly key: string;
  credentials: Credentials;
  readonly source: GrantTokenSource<Account>;
}

/** Tokens for credentials that may change. */
export interface CredentialsTokenSource<Account> extends GrantTokenSource<Account> {
  /** Forgets the credentials and that they were refused; they are asked for at the next call. */
  forget(): void;
}

/**
 * Asks for the credentials before each sign-in, and only then: a renewal with a refresh token does without. Where the
 * renewal is refused, it signs in.
 *
 * Credentials that have changed begin anew: no token, no refusal and no place in a store is shared with the ones before
 * (T7). Errors of `ask` become `internal_error`. To be called once at a time.
 */
export function credentialsTokenSource<Credentials extends object, Account>(
  provider: Provider<string, Credentials, Account>,
  ask: () => Credentials | Promise<Credentials>,
  sourceFor: SourceForCredentials<Credentials, Account>,
): CredentialsTokenSource<Account> {
  const { name, origin, upstream } = provider;
  let current: Current<Credentials, Account> | undefined;
  /** Whose the last token was. */
  let tokenKey: string | undefined;

  return {
    origin,
    upstream,

    async getToken(options = {}) {
      const { signal, rejected } = options;
      const renewing =
        current?.key === tokenKey && refreshTokenOf(rejected) !== undefined ? current : undefined;
      const first = renewing ?? (await asked(signal));
      try {
        return await tokenOf(first, options);
      } catch (error) {
        if (!isLatchkeyError(error, 'token_rejected')) throw error;
        return await tokenOf(renewing ? await asked(signal) : first, { ...options, anew: true });
      }
    },

    forget() {
      current = undefined;
    },
  };

  async function tokenOf(whose: Current<Credentials, Account>, options: GrantTokenOptions) {
    const { signal, atHand, anew = false } = options;
    const isSame = whose.key === tokenKey;
    // What `options` tells of tokens is of no concern to other credentials.
    if (isSame && atHand) return atHand as GrantToken<Account>;
    const token = await whose.source.getToken(isSame ? options : { signal, anew });
    tokenKey = whose.key;
    return token;
  }

  async function asked(signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    const credentials = checkedInput('credentials', provider.credentials, await given(), name);
    signal?.throwIfAborted();
    const key = credentialsKey(provider, credentials);
    if (current?.key === key) {
      current.credentials = credentials;
      return current;
    }
    const made: Current<Credentials, Account> = {
      key,
      credentials,
      source: sourceFor(key, () => made.credentials),
    };
    current = made;
    return made;
  }

  async function given(): Promise<Credentials> {
    try {
      return await ask();
    } catch (error) {
      if (isLatchkeyError(error)) throw error;
      const message = `The credentials for ${name} could not be had: the function that gives them failed.`;
      throw new LatchkeyError('internal_error', { provider: name, message, cause: safeCause(error) });
    }
  }
}
