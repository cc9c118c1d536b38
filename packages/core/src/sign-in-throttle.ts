import { clientNetwork } from './client-network.js';
import type { Clock } from './clock.js';
import { hashed } from './hashed.js';
import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { isRefusal } from './refusal.js';
import type { Store } from './store.js';
import { createTries, longestTurnMs, type Try, type TryLimit } from './tries.js';

/** How many refused tries to sign in reach a provider. */
export interface SignInLimits {
  /** For one account, from all clients together. Default: 4 in 300,000 ms. */
  readonly account?: TryLimit | undefined;
  /** For one account, from one client. Default: 3 in 300,000 ms. */
  readonly accountAndClient?: TryLimit | undefined;
  /** From one client, for whatever accounts. Default: 20 in 300,000 ms. */
  readonly client?: TryLimit | undefined;
}

/** Who tries to sign in. */
export interface SignInTry {
  readonly provider: string;
  readonly audience: string;
  /** What names the account in the credentials. */
  readonly loginName: string;
  readonly client?: string | undefined;
}

/** Keeps passwords from being guessed, and accounts from being locked by somebody who guesses (S5). */
export interface SignInThrottle {
  /**
   * What `signIn` gives. It is not run where there were too many refused tries. One that was not refused does not count, nor
   * does one for which the provider asks for a second factor: only the right password gets so far. One that its caller gives
   * up once it was sent counts.
   *
   * A client that signed in to the account within 30 days has an allowance of its own where the one of the account is used
   * up, so that strangers cannot lock its user out.
   *
   * @throws LatchkeyError `rate_limited`, the same whether there is such an account or not; `store_error`.
   */
  run<T>(who: SignInTry, signIn: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** @param options.onRefusal is told of each sign-in that is not run. */
export function createSignInThrottle(options: {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: SignInLimits;
  readonly onRefusal: (provider: string) => void;
}): SignInThrottle {
  const { store, clock, onRefusal } = options;
  const { account = fewOf(4), accountAndClient = fewOf(3), client = fewOf(20) } = options.limits;
  const tries = createTries(store, clock);

  return {
    async run(who, signIn, signal) {
      const places = placesOf(who);
      const taken = await takeAll(places, who.provider, signal);
      let isSent = false;
      try {
        signal?.throwIfAborted();
        isSent = true;
        const result = await signIn();
        await giveBack(taken);
        // A store that fails here fails the session that is to follow, too.
        if (places.known) await store.set(places.known, '1', { ttlMs: knownForMs }).catch(() => undefined);
        return result;
      } catch (error) {
        // Of one that its caller gave up nobody knows how it ended: leaving early is no way round the limits.
        const isGivenUp = isSent && signal?.aborted && !isLatchkeyError(signal.reason, 'closed');
        if (isGivenUp || isRefusedTry(error)) for (const one of taken) one.keep();
        else await giveBack(taken);
        throw error;
      }
    },
  };

  async function takeAll(places: Places, provider: string, signal: AbortSignal | undefined): Promise<Try[]> {
    const taken: Try[] = [];
    const giveUpAt = clock.monotonic() + longestTurnMs;
    const take = async (key: string | undefined, limit: TryLimit) => {
      const taking = key === undefined ? undefined : await tries.take(key, limit, signal, giveUpAt);
      if (taking?.try) taken.push(taking.try);
      return taking?.try ? undefined : taking;
    };
    try {
      const full =
        (await take(places.accountAndClient, accountAndClient)) ??
        (await take(places.client, client)) ??
        (await take(places.account, account));
      if (!full) return taken;
      // The account's own limit is the last, and of clients that are not named none is known.
      if (taken.length === 2 && (await isKnown(places))) return taken;
      onRefusal(provider);
      const message = `There were too many refused tries to sign in at ${provider}.`;
      throw new LatchkeyError('rate_limited', { provider, message, retryAfterMs: full.retryAfterMs });
    } catch (error) {
      await giveBack(taken);
      throw error;
    }
  }

  async function isKnown({ known }: Places): Promise<boolean> {
    return known !== undefined && (await store.get(known)) !== undefined;
  }
}

/** Where the tries of somebody are counted, each kind apart, so that a flood of one drives out no other. */
interface Places {
  readonly account: string;
  readonly accountAndClient?: string;
  readonly client?: string;
  /** Says that the client has signed in to the account. */
  readonly known?: string;
}

function placesOf({ provider, audience, loginName, client }: SignInTry): Places {
  const whose = [provider, audience, loginName.normalize('NFKC').trim().toLowerCase()];
  const account = `throttle-account:${hashed(JSON.stringify(whose))}`;
  if (client === undefined) return { account };
  const network = clientNetwork(client);
  const both = hashed(JSON.stringify([...whose, network]));
  return {
    account,
    accountAndClient: `throttle-account-client:${both}`,
    client: `throttle-client:${hashed(JSON.stringify([network]))}`,
    known: `known-client:${both}`,
  };
}

async function giveBack(taken: readonly Try[]): Promise<void> {
  await Promise.all(taken.map((one) => one.giveBack()));
}

function isRefusedTry(error: unknown): boolean {
  return isRefusal(error) && !isLatchkeyError(error, 'second_factor_required');
}

function fewOf(tries: number): TryLimit {
  return { tries, perMs: 300_000 };
}

const knownForMs = 30 * 24 * 3_600_000;
