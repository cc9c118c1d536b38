import { z } from 'zod';
import { cachedTokenSource } from './cached-token-source.js';
import { checkedOptions } from './checked.js';
import type { Clock } from './clock.js';
import { credentialsTokenSource } from './credentials-token-source.js';
import { createEmitter, type LatchkeyEvent } from './event.js';
import type { GrantToken, GrantTokenSource } from './grant-token.js';
import { isLatchkeyError, withActor } from './latchkey-error.js';
import { createLoginFloor } from './login-floor.js';
import { clockOption, functionOption, providerOption, storeOption } from './option-schemas.js';
import type { CallOptions, Provider } from './provider.js';
import { createRefusalHold } from './refusal-hold.js';
import { sharedRefusalHold } from './shared-refusal-hold.js';
import { signInTokenSource } from './sign-in-token-source.js';
import type { Store } from './store.js';
import { storedTokenSource } from './stored-token-source.js';
import type { Token } from './token.js';
import type { GetTokenOptions, TokenSource } from './token-source.js';

/** A token source that signs in by itself, with a service's own credentials. */
export interface ManagedTokenSource<Account = unknown> extends TokenSource, AsyncDisposable {
  readonly actor: 'service';
  /**
   * Gives a token that is good as far as is known: at once while there is one, else when the one sign-in has ended that
   * all callers share.
   *
   * @throws LatchkeyError with the code of what the sign-in failed with and `actor: 'service'`; `token_rejected` where the
   *   provider gives tokens that it refuses at once; `closed` after `close()`; or the reason of `signal`.
   */
  getToken(options?: GetTokenOptions): Promise<Token>;
  peek(): Token | undefined;
  accepted(token: Token): void;
  /** Whose the tokens are: from the sign-in where the provider tells it there, else with one call. */
  account(options?: CallOptions): Promise<Account>;
  /**
   * Has the credentials asked for again at the next call, and forgets that they were refused, here or to another source of the
   * same store. Those others go on remembering it until a sign-in succeeds.
   */
  refreshCredentials(): void;
  /** Gives up what is under way, save a renewal that was sent, which it waits for. Afterwards there are no tokens. */
  close(): Promise<void>;
}

/** What `tokenSource` takes beside a provider and credentials. Times are in milliseconds. */
export interface TokenSourceOptions {
  /**
   * Shares tokens, and what is remembered of refused credentials, with every source of the same store, provider and
   * credentials. Default: none.
   */
  readonly store?: Store | undefined;
  /** How long before its end a token is renewed; a tenth of its lifetime where that is less. Default: 60,000. */
  readonly renewAheadMs?: number | undefined;
  /** Two logins may follow each other at once; past that there is one in so long. Default: 1,000. */
  readonly renewFloorMs?: number | undefined;
  /** What is taken for the lifetime of a token where the provider does not say. Default: 300,000. */
  readonly unknownLifetimeMs?: number | undefined;
  /** How long refused credentials are not sent again; doubles with each refusal in a row. Default: 60,000. */
  readonly refusalHoldMs?: number | undefined;
  /** What that doubles up to. Default: 900,000, or `refusalHoldMs` where that is more. */
  readonly refusalHoldMaxMs?: number | undefined;
  /** Default: the clock of the provider's HTTP side. */
  readonly clock?: Clock | undefined;
  /** Is told what happens; see `LatchkeyEvent`. */
  readonly onEvent?: ((event: LatchkeyEvent) => void) | undefined;
}

/**
 * Keeps one good token for one set of credentials: signs in when a token is first asked for, shares that sign-in with all
 * who ask meanwhile, renews the token ahead of its end in the background, and replaces it once when it is refused.
 *
 * Credentials that the provider refuses are not sent again for a while, so that no loop locks the account. A function that
 * gives them is called once per sign-in, and at each call after a refusal, so that a changed password is used at once.
 * Sources of one store share that: a wrong password costs one login for all of them.
 *
 * Nothing is sent before the first call, and nothing keeps the process alive afterwards.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable, with every problem in one message. Malformed
 *   credentials are `invalid_input` at the first call.
 *
 * @example
 * const source = tokenSource(lclx(), { email, password });
 * const client = lclxClient(source);
 */
export function tokenSource<Credentials extends object, Account>(
  provider: Provider<string, Credentials, Account>,
  credentials: Credentials | (() => Credentials | Promise<Credentials>),
  options: TokenSourceOptions = {},
): ManagedTokenSource<Account> {
  checkedOptions('tokenSource()', providerShape, { provider });
  const { name, origin, upstream } = provider;
  const checked = checkedOptions('tokenSource()', optionsSchema, options);
  const { store, renewFloorMs, refusalHoldMs, unknownLifetimeMs, onEvent, clock = upstream.clock } = checked;
  const emit = createEmitter({ provider: name, clock, onEvent });
  const { skewMs } = upstream;
  const mostMs = checked.refusalHoldMaxMs ?? Math.max(900_000, refusalHoldMs);
  const newHold = () =>
    createRefusalHold({
      clock,
      firstMs: refusalHoldMs,
      mostMs,
      onHold: ({ code }, holdMs) => emit('hold', { code, holdMs }),
    });

  const logins = createLoginFloor(clock, renewFloorMs);
  const renewals = createLoginFloor(clock, renewFloorMs);

  const ask = typeof credentials === 'function' ? credentials : () => credentials;
  let forgotAt = -Infinity;
  const holdOf = (key: string) =>
    sharedRefusalHold(newHold(), { name: key, provider: name, clock, skewMs, mostMs, since: forgotAt });
  const signingIn = credentialsTokenSource(provider, ask, holdOf, logins, (key, current, hold) => {
    const plain = signInTokenSource(provider, key, current, { clock, hold, logins, renewals, emit });
    return store
      ? storedTokenSource(plain, { store, key, hold, provider: name, clock, skewMs, unknownLifetimeMs, emit })
      : plain;
  });
  const cached = cachedTokenSource<GrantToken<Account>>(forService(signingIn), {
    provider: name,
    clock,
    renewAheadMs: checked.renewAheadMs,
    renewFloorMs,
    unknownLifetimeMs,
    refusedAtOnceMs: refusalHoldMs,
    hold: newHold(),
    emit,
  });

  const { getToken, peek, accepted, close } = cached;
  return Object.freeze({
    origin,
    upstream,
    actor: 'service' as const,
    getToken,
    peek,
    accepted,
    close,

    async account({ signal }: CallOptions = {}) {
      const accountOf = (token: GrantToken<Account>) => provider.account(token.grant, { signal });
      const token = await cached.getToken({ signal });
      try {
        return await accountOf(token).catch(async (error: unknown) => {
          if (!isLatchkeyError(error, 'token_rejected')) throw error;
          return accountOf(await cached.getToken({ signal, rejected: token }));
        });
      } catch (error) {
        throw signal?.aborted && error === signal.reason ? error : asService(error);
      }
    },

    refreshCredentials() {
      forgotAt = clock.monotonic();
      signingIn.forget();
      cached.recheck();
    },

    [Symbol.asyncDispose]: close,
  });
}

/** The same source, whose errors say that a service's credentials have failed: no end user is signed out for them (S9). */
function forService<Account>(source: GrantTokenSource<Account>): GrantTokenSource<Account> {
  return {
    ...source,
    actor: 'service',
    async getToken(options) {
      try {
        return await source.getToken(options);
      } catch (error) {
        throw asService(error);
      }
    },
  };
}

function asService(error: unknown): unknown {
  return isLatchkeyError(error) ? withActor(error, 'service') : error;
}

const providerShape = z.object({ provider: providerOption });

const span = z.number('must be a number').nonnegative('must not be below 0');
const positiveSpan = z.number('must be a number').positive('must be above 0');

const optionsSchema = z
  .strictObject({
    store: storeOption.optional(),
    renewAheadMs: span.default(60_000),
    renewFloorMs: positiveSpan.default(1_000),
    unknownLifetimeMs: positiveSpan.default(300_000),
    refusalHoldMs: positiveSpan.default(60_000),
    refusalHoldMaxMs: positiveSpan.optional(),
    clock: clockOption.optional(),
    onEvent: functionOption<(event: LatchkeyEvent) => void>().optional(),
  })
  .refine(({ refusalHoldMs, refusalHoldMaxMs = refusalHoldMs }) => refusalHoldMaxMs >= refusalHoldMs, {
    path: ['refusalHoldMaxMs'],
    message: 'must not be below refusalHoldMs',
  });
