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
import { safeCause, textsIn } from './safe-cause.js';
import { unlessAborted } from './unless-aborted.js';

/** Makes what signs in with credentials that are the same but for what works once. */
export type SourceForCredentials<Credentials extends object, Account, Hold> = (
  key: string,
  credentials: () => Credentials,
  hold: Hold,
) => GrantTokenSource<Account>;

interface Current<Credentials extends object, Account, Hold> {
  readonly key: string;
  readonly hold: Hold;
  readonly source: GrantTokenSource<Account>;
  credentials: Credentials;
}

/** Tokens for credentials that may change. */
export interface CredentialsTokenSource<Account> extends GrantTokenSource<Account> {
  /** Forgets that credentials were refused; they are asked for at the next call. */
  forget(): void;
}

/**
 * Asks for the credentials before each sign-in, and only then: a renewal with a refresh token does without. Where the
 * renewal is refused, it signs in.
 *
 * Credentials that have changed begin anew: no token, no refusal and no place in a store is shared with the ones before
 * (T7). Errors of `ask` become `internal_error`. To be called once at a time.
 *
 * @param newHold makes what remembers the refusal of one set of credentials, which a key names.
 * @param logins keeps logins apart, whatever the credentials: to change them to and fro is no way around it (T5).
 */
export function credentialsTokenSource<Credentials extends object, Account, Hold extends RefusalHold>(
  provider: Provider<string, Credentials, Account>,
  ask: () => Credentials | Promise<Credentials>,
  newHold: (key: string) => Hold,
  logins: LoginFloor,
  sourceFor: SourceForCredentials<Credentials, Account, Hold>,
): CredentialsTokenSource<Account> {
  const { name, origin, upstream } = provider;
  /** By key: a function may go to and fro between credentials that are refused. */
  const holds = new Map<string, Hold>();
  let current: Current<Credentials, Account, Hold> | undefined;
  /** Whose the last token was. */
  let tokenKey: string | undefined;
  let mustAsk = false;

  return {
    origin,
    upstream,

    async getToken(options = {}) {
      const { signal, rejected } = options;
      const canRenew = refreshTokenOf(rejected) !== undefined && !mustAsk && current?.key === tokenKey;
      const first = (canRenew ? current : undefined) ?? (await asked(signal));
      try {
        return await tokenOf(first, options);
      } catch (error) {
        if (!(error instanceof RenewalRefused)) throw error;
        return await tokenOf(canRenew ? await asked(signal) : first, { ...options, anew: true });
      }
    },

    forget() {
      mustAsk = true;
      for (const hold of holds.values()) hold.forget();
    },
  };

  async function tokenOf(whose: Current<Credentials, Account, Hold>, options: GrantTokenOptions) {
    const { signal, closing, atHand, anew = false } = options;
    const isSame = whose.key === tokenKey;
    // What `options` tells of tokens is of no concern to other credentials.
    if (isSame && atHand) return atHand as GrantToken<Account>;
    const token = await whose.source.getToken(isSame ? options : { signal, closing, anew });
    tokenKey = whose.key;
    return token;
  }

  async function asked(signal: AbortSignal | undefined): Promise<Current<Credentials, Account, Hold>> {
    signal?.throwIfAborted();
    // After a refusal they may have changed; after a failure there is no need to know before the next login.
    if (current && !mustAsk && !current.hold.isOn) logins.check(current.key);
    mustAsk = false;
    const { key, credentials } = await unlessAborted(given(), signal).catch((error: unknown) => {
      mustAsk = true;
      throw error;
    });
    if (current?.key === key) current.credentials = credentials;
    else current = made(key, credentials);
    return current;
  }

  function made(key: string, credentials: Credentials): Current<Credentials, Account, Hold> {
    const hold = holds.get(key) ?? newHold(key);
    holds.set(key, hold);
    for (const oldest of holds.keys()) if (holds.size > mostHolds) holds.delete(oldest);
    const whose: Current<Credentials, Account, Hold> = {
      key,
      credentials,
      hold,
      source: sourceFor(key, () => whose.credentials, hold),
    };
    return whose;
  }

  async function given(): Promise<Pick<Current<Credentials, Account, Hold>, 'key' | 'credentials'>> {
    try {
      const credentials = await ask();
      // As the schema makes them; the provider is given them as they came, and makes them so itself.
      const checked = checkedInput('credentials', provider.credentials, credentials, name);
      return { key: credentialsKey(provider, checked), credentials };
    } catch (error) {
      if (isLatchkeyError(error)) throw error;
      const message = `The credentials for ${name} could not be had: the function that gives them failed.`;
      throw new LatchkeyError('internal_error', {
        provider: name,
        message,
        cause: safeCause(error, textsIn(current?.credentials)),
      });
    }
  }
}

const mostHolds = 8;
