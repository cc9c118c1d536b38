import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import type { Entitlement } from './entitlement.js';
import type { Flight } from './flight.js';
import type { CallOptions, Provider } from './provider.js';
import type { TokenSource } from './token-source.js';

type Ask = (options?: CallOptions & { readonly id?: string }) => Promise<Entitlement[]>;

/**
 * What the account behind `source` may use, kept for 30 s and shared by all who ask meanwhile. A failure is not kept, and
 * an old answer never stands in for one: who may use something is not guessed.
 *
 * @param startFlight starts work that is shared; see `flight`.
 */
export function cachedEntitlements(
  { entitlements }: Pick<Provider, 'entitlements'>,
  source: TokenSource,
  clock: Clock,
  startFlight: <T>(work: (signal: AbortSignal) => Promise<T>) => Flight<T>,
): Ask {
  if (!entitlements) return async () => [];
  const ask = entitlements;
  const answers = new LRUCache<string, { readonly list: readonly Entitlement[]; readonly until: number }>({
    max: 32,
  });
  const flights = new Map<string, Flight<readonly Entitlement[]>>();

  return async ({ id, signal } = {}) => {
    signal?.throwIfAborted();
    const key = id === undefined ? 'all' : `id:${id}`;
    const known = answers.get(key);
    const list = known && clock.monotonic() < known.until ? known.list : await asked(key, id).join(signal);
    // It may have ended since it was asked for.
    const now = clock.now();
    return list.map((one) => ({ ...one, active: one.active && (one.expiresAt ?? Infinity) > now }));
  };

  function asked(key: string, id: string | undefined): Flight<readonly Entitlement[]> {
    const underWay = flights.get(key);
    if (underWay && !underWay.isAbandoned()) return underWay;
    const until = clock.monotonic() + keptMs;
    const flight = startFlight(async (signal) => {
      try {
        const list = await ask(source, { signal, ...(id !== undefined && { id }) });
        answers.set(key, { list, until });
        return list;
      } finally {
        if (flights.get(key) === flight) flights.delete(key);
      }
    });
    flights.set(key, flight);
    return flight;
  }
}

const keptMs = 30_000;
