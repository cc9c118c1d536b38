import { LatchkeyError, memoryStore, type Store } from '../../src/index.js';
import { virtualClock, type StoreSetup, type VirtualClock } from '../../src/testing/index.js';

/** What is spoilt of a store that else keeps the contract. */
export type Spoil = (store: Store, clock: VirtualClock) => Partial<Store>;

/** A store that keeps the contract, but for what is spoilt. */
export async function smallStore(spoil: Spoil = () => ({})): Promise<StoreSetup> {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  return { store: { ...store, ...spoil(store, clock) }, advance: clock.advance };
}

/** Two stores over the same data, as two processes have them. */
export async function sharedStore(
  spoilSecond: Spoil = () => ({}),
): Promise<StoreSetup & { readonly clock: VirtualClock; another(): Promise<Store> }> {
  const clock = virtualClock();
  const data = memoryStore({ clock });
  return {
    store: opened(data),
    clock,
    advance: clock.advance,
    async another() {
      const second = opened(data);
      return { ...second, ...spoilSecond(second, clock) };
    },
    stop: () => data.close!(),
  };
}

/** The same data, with a `close` of its own. */
function opened(data: Store): Store {
  let isClosed = false;
  const store = wrapped(data, async (call) => {
    if (isClosed) throw new LatchkeyError('closed');
    return call();
  });
  const close = async () => {
    isClosed = true;
  };
  return { ...store, close };
}

/** The same store, with `around` about each call of it and of its leases. */
export function wrapped(
  store: Store,
  around: <Result>(call: () => Promise<Result>) => Promise<Result>,
): Store {
  return {
    get: (...given) => around(() => store.get(...given)),
    getMany: (...given) => around(() => store.getMany!(...given)),
    set: (...given) => around(() => store.set(...given)),
    delete: (...given) => around(() => store.delete(...given)),
    replace: (...given) => around(() => store.replace(...given)),
    take: (...given) => around(() => store.take(...given)),
    async lease(...given) {
      const lease = await around(() => store.lease(...given));
      return (
        lease && {
          extend: (ttlMs) => around(() => lease.extend(ttlMs)),
          release: () => around(() => lease.release()),
        }
      );
    },
    close: () => around(() => store.close!()),
  };
}

/** Spoils each text that is set. */
export function withTexts(change: (text: string) => string): Spoil {
  return (store) => ({
    set: (key, text, options) => store.set(key, typeof text === 'string' ? change(text) : text, options),
  });
}

/** Spoils each key of a value. */
export function withKeys(change: (key: string) => string): Spoil {
  const changed = (key: string) => (typeof key === 'string' ? change(key) : key);
  return (store) => ({
    get: (key) => store.get(changed(key)),
    getMany: (keys) => store.getMany!(Array.isArray(keys) ? keys.map(changed) : keys),
    set: (key, ...rest) => store.set(changed(key), ...rest),
    delete: (key) => store.delete(changed(key)),
    replace: (key, ...rest) => store.replace(changed(key), ...rest),
  });
}

interface NaiveTake {
  isCounted(taken: { readonly at: number; readonly now: number; readonly perMs: number }): boolean;
  waitOf(wait: { readonly exactMs: number; readonly perMs: number }): number;
  isOver(sum: number, limit: number): boolean;
  costOf(cost: number): number;
  nameOf(key: string): string;
  readonly countsRefused: boolean;
  readonly isInTwoSteps: boolean;
  readonly givesBackOldest: boolean;
  readonly givesCredit: boolean;
}

/** Counts as the contract says, each unit of cost by itself, but for what is spoilt. */
export function naiveTake({
  isCounted = ({ at, now, perMs }) => at + perMs > now,
  waitOf = ({ exactMs }) => exactMs,
  isOver = (sum, limit) => sum > limit,
  costOf = (cost) => cost,
  nameOf = (key) => key,
  countsRefused = false,
  isInTwoSteps = false,
  givesBackOldest = false,
  givesCredit = false,
}: Partial<NaiveTake>): Spoil {
  return (store, clock) => {
    const logs = new Map<string, number[]>();
    let credit = 0;
    return {
      async take(key, options) {
        // Refuses what is malformed.
        await store.take(key, options);
        const { limit, perMs } = options;
        const cost = costOf(options.cost ?? 1);
        const now = clock.monotonic();
        const log = (logs.get(nameOf(key)) ?? []).filter((at) => isCounted({ at, now, perMs }));
        if (isInTwoSteps) await Promise.resolve();
        logs.set(nameOf(key), log);
        if (cost < 0) {
          if (givesCredit) credit += Math.max(0, -cost - log.length);
          log.splice(givesBackOldest ? 0 : Math.max(0, log.length + cost), -cost);
          return { taken: true, retryAfterMs: 0 };
        }
        const isTaken = !isOver(log.length + cost - credit, limit);
        const last = log[log.length + cost - limit - 1] ?? now;
        if (isTaken || countsRefused) log.push(...Array<number>(cost).fill(now));
        return { taken: isTaken, retryAfterMs: isTaken ? 0 : waitOf({ exactMs: last + perMs - now, perMs }) };
      },
    };
  };
}

interface NaiveLease {
  hasEnded(endsAt: number, now: number): boolean;
  endOf(lease: { readonly now: number; readonly ttlMs: number; readonly endsAt: number }): number;
  nameOf(key: string): string;
  readonly isInTwoSteps: boolean;
  readonly extendsEnded: boolean;
  readonly extendsAnothers: boolean;
  readonly releasesAnothers: boolean;
}

/** Leases as the contract says, but for what is spoilt. */
export function naiveLease({
  hasEnded = (endsAt, now) => endsAt <= now,
  endOf = ({ now, ttlMs }) => now + ttlMs,
  nameOf = (key) => key,
  isInTwoSteps = false,
  extendsEnded = false,
  extendsAnothers = false,
  releasesAnothers = false,
}: Partial<NaiveLease>): Spoil {
  return (store, clock) => {
    const leases = new Map<string, { readonly holder: symbol; endsAt: number }>();
    return {
      async lease(key, options) {
        // Refuses what is malformed, as the two below do.
        await store.lease(key, options);
        const name = nameOf(key);
        const holder = Symbol('holder');
        const held = () => {
          const lease = leases.get(name);
          return lease && !hasEnded(lease.endsAt, clock.monotonic()) ? lease : undefined;
        };
        if (held()) return undefined;
        if (isInTwoSteps) await Promise.resolve();
        leases.set(name, { holder, endsAt: clock.monotonic() + options.ttlMs });
        return {
          async extend(ttlMs) {
            await store.set('checked:extend', '', { ttlMs });
            const lease = extendsEnded ? leases.get(name) : held();
            if (!lease || (lease.holder !== holder && !extendsAnothers)) return false;
            lease.endsAt = endOf({ now: clock.monotonic(), ttlMs, endsAt: lease.endsAt });
            return true;
          },
          async release() {
            await store.get('checked:release');
            if (releasesAnothers || leases.get(name)?.holder === holder) leases.delete(name);
          },
        };
      },
    };
  };
}
