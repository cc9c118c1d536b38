import { describe, expect, it, vi } from 'vitest';
import { LatchkeyError, memoryStore, type Store } from '../../src/index.js';
import { storeContract, type StoreSetup } from '../../src/testing/index.js';
import {
  naiveLease,
  naiveTake,
  sharedStore,
  smallStore,
  withKeys,
  withTexts,
  wrapped,
  type Spoil,
} from './small-store.js';

/** Runs the contract, and gives the names of the checks that failed. */
async function failing(setup: () => Promise<StoreSetup>): Promise<string[]> {
  const checks: [string, () => Promise<void>][] = [];
  storeContract((name, body) => checks.push([name.replace('store contract: ', ''), body]), setup);
  expect(checks.map(([name]) => name)).toEqual([values, counts, leases, errors].flatMap(Object.values));
  const failed: string[] = [];
  for (const [name, body] of checks) await body().catch(() => failed.push(name));
  return failed;
}

const values = {
  there: 'a value is there until it is deleted',
  several: 'several values come in the order of their keys',
  ends: 'a value ends after its time, however it is looked at',
  anew: 'the time counts anew from each set and replace',
  replaced: 'a value is replaced only if it is the expected one',
  fifty: 'of fifty that replace one value, exactly one does',
  text: 'any text comes back as it was',
  keys: 'keys that differ in anything are different keys',
};
const counts = {
  limit: 'S5: so many are taken as the limit says, and the next when told',
  span: 'S5: no span holds more than the limit, wherever it begins',
  fifty: 'S5: of fifty at once as many are taken as the limit says',
  keys: 'each key has a count of its own',
  cost: 'a cost counts as many times, or not at all',
  greater: 'a greater cost waits until enough has left',
  negative: 'a negative cost gives back, and never more than was taken',
  last: 'what was taken last is given back first',
};
const leases = {
  holder: 'a lease has one holder, until it is given back',
  fifty: 'of fifty that ask for a lease, one gets it',
  runsOut: 'a lease runs out, and is another’s then',
  old: 'the old holder does not change the time of the new',
  extended: 'a lease that is extended is held for that time from then on',
  back: 'a lease that was given back is over for who held it',
  same: 'values, counts and leases of one key do not meet',
};
const errors = {
  malformed: 'what is malformed is refused, and changes nothing',
  closed: 'a store that was closed is closed',
  others: 'closing one store leaves the others over its data alone',
};

describe('storeContract', () => {
  describe('of two stores over the same data', () => storeContract(it, () => sharedStore()));

  it('passes for stores that keep it', async () => {
    const without = { getMany: undefined, close: undefined } as unknown as Partial<Store>;
    for (const spoil of [() => ({}), () => without, naiveTake({}), naiveLease({})]) {
      expect(await failing(() => smallStore(spoil))).toEqual([]);
    }
    expect(await failing(() => sharedStore())).toEqual([]);
  });

  it.each<[string, Spoil, string[]]>([
    [
      'values that stay too long',
      (store) => ({
        set: (key, value, options) =>
          store.set(
            key,
            value,
            changed(options, (ms) => ms * 10),
          ),
      }),
      [values.ends, values.anew],
    ],
    [
      'values that end too early',
      (store) => ({
        set: (key, value, options) =>
          store.set(
            key,
            value,
            changed(options, (ms) => ms / 2),
          ),
      }),
      [values.ends],
    ],
    [
      'a look that lengthens',
      (store) => ({
        async get(key) {
          const value = await store.get(key);
          if (value !== undefined) await store.set(key, value, { ttlMs: 300 });
          return value;
        },
      }),
      [values.ends],
    ],
    [
      'a set that leaves the time as it was',
      (store, clock) => {
        const ends = new Map<string, number>();
        return {
          async set(key, value, options) {
            const endsAt = (await store.get(key)) === undefined ? undefined : ends.get(key);
            await store.set(key, value, options);
            if (endsAt) await store.set(key, value, { ttlMs: endsAt - clock.monotonic() });
            else ends.set(key, clock.monotonic() + options.ttlMs);
          },
        };
      },
      [values.anew],
    ],
    [
      'a replace that leaves the time as it was',
      (store, clock) => {
        const ends = new Map<string, number>();
        return {
          async set(key, value, options) {
            await store.set(key, value, options);
            ends.set(key, clock.monotonic() + options.ttlMs);
          },
          async replace(key, expected, value, options) {
            const isDone = await store.replace(key, expected, value, options);
            const endsAt = ends.get(key);
            if (isDone && endsAt) await store.set(key, value, { ttlMs: endsAt - clock.monotonic() || 1 });
            return isDone;
          },
        };
      },
      [values.anew],
    ],
    [
      'a refused replace that lengthens',
      (store) => ({
        async replace(key, expected, value, options) {
          const isDone = await store.replace(key, expected, value, options);
          const there = await store.get(key);
          if (!isDone && there !== undefined) await store.set(key, there, options);
          return isDone;
        },
      }),
      [values.anew],
    ],
    [
      'a replace in two steps',
      (store) => ({
        async replace(key, expected, value, options) {
          await store.replace('checked:replace', expected, value, options);
          if ((await store.get(key)) !== expected) return false;
          await store.set(key, value, options);
          return true;
        },
      }),
      [values.fifty],
    ],
    [
      'a replace that takes empty text for none',
      (store) => ({
        replace: (key, expected, value, options) =>
          store.replace(key, expected === '' ? undefined : expected, value, options),
      }),
      [values.replaced, values.text],
    ],
    [
      'several values without those that are missing',
      (store) => ({
        getMany: async (keys) => (await store.getMany!(keys)).filter((value) => value !== undefined),
      }),
      [values.several, values.ends],
    ],
    [
      'several values in an order of their own',
      (store) => ({ getMany: async (keys) => (await store.getMany!(keys)).toSorted() }),
      [values.several],
    ],
    [
      'a delete that does nothing',
      (store) => ({ delete: (key) => store.get(key).then(() => {}) }),
      [values.there, values.replaced, values.keys],
    ],
    [
      'a delete that minds if there is nothing',
      (store) => ({
        async delete(key) {
          if ((await store.get(key)) === undefined) throw new LatchkeyError('store_error');
          await store.delete(key);
        },
      }),
      [values.there],
    ],
    ['text that is normalised', withTexts((text) => text.normalize()), [values.text, values.keys]],
    ['text that is trimmed', withTexts((text) => text.trim()), [values.text, values.keys]],
    ['text that is cut', withTexts((text) => text.slice(0, 900_000)), [values.text]],
    ['text that ends at a NUL', withTexts((text) => text.split('\0')[0]!), [values.text, values.keys]],
    [
      'text of one byte each',
      withTexts((text) => Buffer.from(text, 'latin1').toString('latin1')),
      [values.text, values.keys],
    ],
    ['keys in lower case', withKeys((key) => key.toLowerCase()), [values.keys]],
    ['keys that are trimmed', withKeys((key) => key && (key.trim() || key)), [values.keys]],
    ['keys that are cut', withKeys((key) => key.slice(0, 10_002)), [values.keys]],
    ['keys that are normalised', withKeys((key) => key.normalize()), [values.keys]],
    [
      'keys without their kind',
      withKeys((key) => key.split(':').slice(1).join(':')),
      [values.anew, values.keys],
    ],
    [
      'a span that begins anew at its end',
      naiveTake({ isCounted: ({ at, now, perMs }) => at >= now - (now % perMs) }),
      [counts.span, counts.greater],
    ],
    [
      'a span that is too long',
      naiveTake({ isCounted: ({ at, now, perMs }) => at + 2 * perMs > now }),
      [counts.limit, counts.span, counts.greater, counts.last],
    ],
    [
      'a span that is too short',
      naiveTake({ isCounted: ({ at, now, perMs }) => at + perMs / 2 > now }),
      [counts.span, counts.greater],
    ],
    [
      'a wait for the whole span',
      naiveTake({ waitOf: ({ perMs }) => perMs }),
      [counts.limit, counts.greater],
    ],
    ['a wait that is too short', naiveTake({ waitOf: () => 1 }), [counts.limit, counts.greater]],
    ['no wait', naiveTake({ waitOf: () => 0 }), [counts.limit, counts.fifty, counts.greater]],
    [
      'refusals that count',
      naiveTake({ countsRefused: true }),
      [counts.limit, counts.span, counts.cost, counts.greater, counts.negative],
    ],
    [
      'a limit that is one more',
      naiveTake({ isOver: (sum, limit) => sum > limit + 1 }),
      [
        counts.limit,
        counts.span,
        counts.fifty,
        counts.keys,
        counts.cost,
        counts.greater,
        counts.negative,
        leases.same,
        errors.malformed,
      ],
    ],
    [
      'a limit that is one less',
      naiveTake({ isOver: (sum, limit) => sum > limit - 1 }),
      [
        counts.limit,
        counts.fifty,
        counts.keys,
        counts.cost,
        counts.greater,
        counts.negative,
        counts.last,
        errors.malformed,
      ],
    ],
    ['one count for all keys', naiveTake({ nameOf: () => 'all' }), [counts.keys]],
    [
      'a cost that is not looked at',
      naiveTake({ costOf: Math.sign }),
      [counts.cost, counts.greater, counts.negative],
    ],
    ['a count in two steps', naiveTake({ isInTwoSteps: true }), [counts.fifty]],
    ['the oldest given back first', naiveTake({ givesBackOldest: true }), [counts.last]],
    ['a credit for what was never taken', naiveTake({ givesCredit: true }), [counts.negative]],
    [
      'nothing given back',
      naiveTake({ costOf: (cost) => Math.max(0, cost) }),
      [counts.negative, counts.last],
    ],
    ['a lease in two steps', naiveLease({ isInTwoSteps: true }), [leases.fifty]],
    [
      'a lease that does not run out',
      naiveLease({ hasEnded: () => false }),
      [leases.runsOut, leases.old, leases.extended],
    ],
    [
      'a lease that runs out early',
      naiveLease({ hasEnded: (endsAt, now) => endsAt - 200 <= now }),
      [leases.runsOut],
    ],
    [
      'one lease for all keys',
      naiveLease({ nameOf: () => 'all' }),
      [leases.holder, leases.extended, errors.malformed],
    ],
    ['an extension after the end', naiveLease({ extendsEnded: true }), [leases.runsOut, leases.extended]],
    [
      'an extension of what is another’s',
      naiveLease({ extendsAnothers: true }),
      [leases.runsOut, leases.old, leases.back],
    ],
    [
      'an extension from the end on',
      naiveLease({ endOf: ({ endsAt, ttlMs }) => endsAt + ttlMs }),
      [leases.extended],
    ],
    [
      'an extension that never shortens',
      naiveLease({ endOf: ({ now, endsAt, ttlMs }) => Math.max(endsAt, now + ttlMs) }),
      [leases.extended],
    ],
    ['an extension that changes nothing', naiveLease({ endOf: ({ endsAt }) => endsAt }), [leases.extended]],
    ['a release of what is another’s', naiveLease({ releasesAnothers: true }), [leases.runsOut, leases.back]],
    [
      'a lease that is a value',
      (store) => ({
        async lease(key, options) {
          const lease = await store.lease(key, options);
          if (lease) await store.set(key, '', options);
          return lease;
        },
      }),
      [leases.same, errors.malformed],
    ],
    [
      'a count that is a value',
      (store) => ({
        async take(key, options) {
          const taking = await store.take(key, options);
          await store.set(key, '', { ttlMs: 600_000 });
          return taking;
        },
      }),
      [leases.same, errors.malformed],
    ],
    [
      'a delete that forgets more than the value',
      (store) => ({
        async delete(key) {
          await store.delete(key);
          await store.take(key, { limit: 100, perMs: 600_000, cost: -100 });
        },
      }),
      [leases.same],
    ],
    [
      'a method that throws at once',
      (store) => ({
        get(key) {
          if (typeof key !== 'string') throw new LatchkeyError('invalid_input');
          return store.get(key);
        },
      }),
      [errors.malformed],
    ],
    [
      'an error of another class',
      (store) => ({
        set: (...given) => store.set(...given).catch(() => Promise.reject(new TypeError('not set'))),
      }),
      [errors.malformed, errors.closed],
    ],
    [
      'a time that is not looked at',
      (store) => ({ set: (key, value) => store.set(key, value, { ttlMs: 300 }) }),
      [values.anew, errors.malformed],
    ],
    [
      'a refusal that comes too late',
      (store) => ({
        async set(key, value, options) {
          if (typeof key === 'string' && typeof value === 'string')
            await store.set(key, value, { ttlMs: 600_000 });
          await store.set(key, value, options);
        },
      }),
      [errors.malformed],
    ],
    ['a close that closes nothing', () => ({ close: async () => {} }), [errors.closed]],
    [
      'a close that can be had once',
      (store) => {
        let isClosed = false;
        return {
          async close() {
            if (isClosed) throw new LatchkeyError('closed');
            isClosed = true;
            await store.close!();
          },
        };
      },
      [errors.closed],
    ],
  ])('finds %s', async (_, spoil, expected) => {
    expect(await failing(() => smallStore(spoil))).toEqual(expected);
  });

  it.each<[string, Spoil, string[]]>([
    [
      'values',
      ({ close: _, take: __, lease: ___, ...own }) => own,
      [
        values.there,
        values.several,
        values.ends,
        values.anew,
        values.replaced,
        values.fifty,
        values.text,
        values.keys,
        leases.same,
        errors.others,
      ],
    ],
    [
      'counts',
      ({ take }) => ({ take }),
      [
        counts.limit,
        counts.span,
        counts.fifty,
        counts.keys,
        counts.cost,
        counts.greater,
        counts.negative,
        counts.last,
        leases.same,
        errors.others,
      ],
    ],
    [
      'leases',
      ({ lease }) => ({ lease }),
      [leases.holder, leases.fifty, leases.runsOut, leases.extended, leases.back],
    ],
  ])('finds a second store with %s of its own', async (_, spoil, expected) => {
    const own: Spoil = (_second, clock) => spoil(memoryStore({ clock }), clock);
    expect(await failing(() => sharedStore(own))).toEqual(expected);
  });

  it('finds a store that closes another with it', async () => {
    const setup = async () => {
      const given = await sharedStore();
      const second = await given.another();
      const close = async () => {
        await given.store.close!();
        await second.close!();
      };
      return { ...given, store: { ...given.store, close }, another: async () => second };
    };
    expect(await failing(setup)).toEqual([errors.others]);
  });

  it('passes for a store that is late, if the setup says so', async () => {
    const spoil: Spoil = (store) => ({
      set: (key, value, options) =>
        store.set(
          key,
          value,
          changed(options, (ms) => ms + 10),
        ),
      replace: (key, expected, value, options) =>
        store.replace(
          key,
          expected,
          value,
          changed(options, (ms) => ms + 10),
        ),
      lease: (key, options) =>
        store.lease(
          key,
          changed(options, (ms) => ms + 10),
        ),
      async take(key, options) {
        const { taken, retryAfterMs } = await store.take(key, options);
        return { taken, retryAfterMs: taken ? 0 : retryAfterMs + 10 };
      },
    });
    expect(await failing(() => smallStore(spoil))).not.toEqual([]);
    expect(await failing(async () => ({ ...(await smallStore(spoil)), tolerateMs: 10 }))).toEqual([]);
  });

  it.each([1, 30, 60, 100, 140, 200])('passes on a slow machine: a call takes %i ms', async (lagMs) => {
    const setup = async () => {
      const { clock, ...given } = await sharedStore();
      vi.spyOn(performance, 'now').mockImplementation(() => clock.monotonic());
      const slow = (store: Store) =>
        wrapped(store, async (call) => {
          await clock.advance(lagMs / 2);
          return call().finally(() => clock.advance(lagMs / 2));
        });
      return {
        ...given,
        store: slow(given.store),
        another: async () => slow(await given.another()),
        advance: (ms: number) => clock.advance(ms + lagMs),
      };
    };
    expect(await failing(setup)).toEqual([]);
  });

  it('takes everything down after each check, whether it failed or not', async () => {
    const log: string[] = [];
    const failed = await failing(async () => {
      const given = await sharedStore((second) => ({
        ...second,
        get: () => Promise.reject(new LatchkeyError('store_error')),
        close: async () => {
          log.push('second');
          await second.close!();
        },
      }));
      const close = async () => {
        log.push('first');
        await given.store.close!();
        throw new Error('it does not close well');
      };
      return { ...given, store: { ...given.store, close }, stop: async () => void log.push('stop') };
    });
    expect(failed).toContain(values.there);
    const rounds = log.join(' ').split('stop').slice(0, -1);
    expect(rounds).toHaveLength(26);
    for (const round of rounds) expect(round.trim()).toMatch(/first second$/);
  });
});

/** The same options, with another time where that is one. */
function changed(options: { readonly ttlMs: number }, change: (ttlMs: number) => number) {
  // Malformed ones stay as they are.
  const { ttlMs } = { ...options };
  return typeof ttlMs === 'number' && ttlMs > 0 && ttlMs < Infinity ? { ttlMs: change(ttlMs) } : options;
}
