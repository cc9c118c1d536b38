import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { describe, expect, it, vi } from 'vitest';
import { memoryStore, type Store } from '../src/index.js';
import { storeContract, virtualClock } from '../src/testing/index.js';
import { failureOf, shown, thrownBy } from './failures.js';

const long = { ttlMs: 60_000 };

describe('memoryStore', () => {
  storeContract(it, async () => {
    const clock = virtualClock();
    return { store: memoryStore({ clock }), advance: clock.advance };
  });

  it('keeps time by the clock of the machine unless told otherwise', async () => {
    const store = memoryStore();
    await store.set('session:a', 'one', long);
    await store.set('session:b', 'one', { ttlMs: Number.MIN_VALUE });
    expect(await store.getMany!(['session:a', 'session:b'])).toEqual(['one', undefined]);
    await store.close!();
  });

  it('T11: does not look at the time of day', async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    await store.set('session:a', 'one', long);
    clock.setNow(Date.UTC(2100, 0));
    expect(await store.get('session:a')).toBe('one');
    await clock.advance(long.ttlMs);
    clock.setNow(0);
    expect(await store.get('session:a')).toBeUndefined();
  });

  it('a value is there until the very moment at which it ends', async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    await clock.advance(0.1);
    await store.set('session:a', 'one', { ttlMs: 100.5 });
    await clock.advance(100.25);
    expect(await store.get('session:a')).toBe('one');
    await clock.advance(0.25);
    expect(await store.get('session:a')).toBeUndefined();
  });

  it('T12: starts no timer', async () => {
    const timers = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')];
    const clock = virtualClock();
    for (const store of [memoryStore({ clock, maxEntries: 2 }), memoryStore({ maxEntries: 2 })]) {
      for (const name of ['a', 'b', 'c']) {
        await store.set(`value:${name}`, 'one', long);
        await store.take(`throttle:${name}`, { limit: 1, perMs: 60_000 });
        await store.lease(`renewal:${name}`, long);
      }
      expect(clock.sleepers).toBe(0);
      for (const timer of timers) expect(timer).not.toHaveBeenCalled();
    }
  });

  it('refuses options that it cannot use, all in one message', () => {
    const options = { maxEntries: 0.5, clock: { now: () => 0 }, ttl: 1 } as object;
    const { code, message } = thrownBy(() => memoryStore(options));
    expect(code).toBe('invalid_config');
    expect(message).toMatch(/^The options of memoryStore\(\) cannot be used: /);
    for (const problem of ['maxEntries must be a whole number', 'clock must be a clock', 'has no "ttl"']) {
      expect(message).toContain(problem);
    }
    for (const maxEntries of [0, -1, NaN, Infinity, 20_000_000, '10', null]) {
      expect(thrownBy(() => memoryStore({ maxEntries: maxEntries as number })).code).toBe('invalid_config');
    }
    for (const clock of [null, 'clock', {}]) {
      expect(thrownBy(() => memoryStore({ clock: clock as never })).code).toBe('invalid_config');
    }
    expect(thrownBy(() => memoryStore(null as never)).code).toBe('invalid_config');
  });

  it('F4: counts by whole numbers only', async () => {
    const store = memoryStore();
    for (const counts of [{ limit: 1.5 }, { limit: 2, cost: 0.5 }, { limit: 2, cost: -0.5 }]) {
      expect((await failureOf(store.take('throttle:a', { perMs: 1_000, ...counts }))).code).toBe(
        'invalid_input',
      );
    }
    expect(await store.take('throttle:a', { limit: 1, perMs: 1_000, cost: 0 })).toEqual(taken);
  });

  it('F3: an error shows neither key nor value', async () => {
    const store = memoryStore({ maxEntries: 1 });
    await store.set('session:a', 'one', long);
    const errors = [
      await failureOf(store.set('session:canary', 'canary', long)),
      await failureOf(store.set('session:canary', 'canary', { ttlMs: 0 })),
      await failureOf(store.take('canary:canary', { limit: 1, perMs: 1_000, cost: 2 })),
    ];
    for (const error of errors) expect(shown(error)).not.toContain('canary');
  });

  describe('when a kind is full', () => {
    it('T12: loses what was used least recently, one by one', async () => {
      const store = memoryStore({ maxEntries: 3 });
      for (const name of ['a', 'b', 'c']) await store.set(`copy:${name}`, name, long);
      await store.get('copy:a');
      await store.set('copy:d', 'd', long);
      expect(await all(store, 'copy', 'abcd')).toBe('acd');
      await store.replace('copy:e', undefined, 'e', long);
      expect(await all(store, 'copy', 'abcde')).toBe('cde');
    });

    it('T12: each kind has a bound of its own', async () => {
      const store = memoryStore({ maxEntries: 2 });
      for (const kind of ['one', 'two', 'one', 'two']) {
        for (const name of ['a', 'b', 'c']) await store.set(`${kind}:${name}`, name, long);
      }
      expect(await all(store, 'one', 'abc')).toBe('bc');
      expect(await all(store, 'two', 'abc')).toBe('bc');
    });

    it('T12: keys without a kind share a bound', async () => {
      const store = memoryStore({ maxEntries: 2 });
      const keys = ['a', 'session', ':b', 'c'];
      for (const key of keys) await store.set(key, key, long);
      expect(await store.getMany!(keys)).toEqual([undefined, undefined, ':b', 'c']);
    });

    it('T12: neither counts nor leases nor other values push out a session', async () => {
      const store = memoryStore({ maxEntries: 2 });
      for (const kind of ['session', 'generation']) {
        for (const name of ['a', 'b']) await store.set(`${kind}:${name}`, name, long);
      }
      for (let index = 0; index < 100; index += 1) {
        await store.take(`throttle:${index}`, { limit: 1, perMs: 60_000 });
        await store.lease(`renewal:${index}`, long);
        await store.set(`copy:${index}`, 'one', long);
      }
      expect(await all(store, 'session', 'ab')).toBe('ab');
      expect(await all(store, 'generation', 'ab')).toBe('ab');
    });

    it.each(['session', 'generation'])('refuses a new %s, until one has ended', async (kind) => {
      const clock = virtualClock();
      const store = memoryStore({ clock, maxEntries: 3 });
      await store.set(`${kind}:a`, 'a', { ttlMs: 300 });
      await store.set(`${kind}:b`, 'b', { ttlMs: 100 });
      await store.set(`${kind}:c`, 'c', { ttlMs: 200 });
      const refusal = await failureOf(store.set(`${kind}:d`, 'd', long));
      expect(refusal).toMatchObject({ code: 'store_error', retryable: true });
      expect(refusal.message).toContain('maxEntries');
      expect((await failureOf(store.replace(`${kind}:d`, undefined, 'd', long))).code).toBe('store_error');
      // Those that are there go on as before.
      await store.set(`${kind}:a`, 'a', { ttlMs: 400 });
      expect(await store.replace(`${kind}:c`, 'c', 'c', { ttlMs: 200 })).toBe(true);
      expect(await store.lease(`${kind}:a`, long)).toBeDefined();
      expect(await store.take(`${kind}:a`, { limit: 1, perMs: 1_000 })).toEqual(taken);

      await clock.advance(100);
      await store.set(`${kind}:d`, 'd', long);
      expect((await failureOf(store.set(`${kind}:e`, 'e', long))).code).toBe('store_error');
      await clock.advance(300);
      for (const name of ['e', 'f']) await store.set(`${kind}:${name}`, name, long);
      expect(await all(store, kind, 'abcdef')).toBe('def');
      await store.delete(`${kind}:d`);
      await store.set(`${kind}:g`, 'g', long);
      expect(await all(store, kind, 'abcdefg')).toBe('efg');
    });

    it('T12: looks through all sessions only when one may have ended', async () => {
      const clock = virtualClock();
      const store = memoryStore({ clock, maxEntries: 100 });
      // The one that was used least recently is not the first to end.
      for (let index = 0; index < 100; index += 1) {
        await store.set(`session:${index}`, 'one', { ttlMs: index === 50 ? 500 : 1_000 });
      }
      const looks = vi.spyOn(LRUCache.prototype, 'forEach');
      for (let index = 0; index < 50; index += 1) {
        await failureOf(store.set('session:new', 'one', long));
        await clock.advance(1);
      }
      expect(looks).toHaveBeenCalledTimes(0);
      await clock.advance(450);
      await store.set('session:new', 'one', long);
      for (let index = 0; index < 50; index += 1) await failureOf(store.set('session:newer', 'one', long));
      expect(looks).toHaveBeenCalledTimes(1);
    });

    it('tells the holder of a lease that was pushed out', async () => {
      const store = memoryStore({ maxEntries: 1 });
      const lease = await store.lease('renewal:a', long);
      const other = await store.lease('renewal:b', long);
      expect(await lease!.extend(1_000)).toBe(false);
      expect(await other!.extend(1_000)).toBe(true);
    });

    it('T12: never loses a session that has not ended, and refuses only when all have not', async () => {
      const step = fc.record({
        what: fc.constantFrom('set', 'set', 'set', 'get', 'delete'),
        name: fc.nat(7).map((name) => `session:${name}`),
        ttlMs: fc.integer({ min: 1, max: 30 }),
        thenMs: fc.nat(6),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const clock = virtualClock();
          const store = memoryStore({ clock, maxEntries: 3 });
          const ends = new Map<string, number>();
          const isThere = (name: string) => ends.get(name)! > clock.monotonic();
          for (const { what, name, ttlMs, thenMs } of steps) {
            const isFull = [...ends.keys()].filter(isThere).length === 3;
            if (what === 'set' && isFull && !isThere(name)) {
              expect((await failureOf(store.set(name, name, { ttlMs }))).code).toBe('store_error');
            } else if (what === 'set') {
              await store.set(name, name, { ttlMs });
              ends.set(name, clock.monotonic() + ttlMs);
            } else if (what === 'delete') {
              await store.delete(name);
              ends.delete(name);
            } else {
              expect(await store.get(name)).toBe(isThere(name) ? name : undefined);
            }
            await clock.advance(thenMs);
          }
          for (const name of ends.keys())
            expect(await store.get(name)).toBe(isThere(name) ? name : undefined);
        }),
        { numRuns: 2_000 },
      );
    });

    it('T12: keeps of other kinds what was used last, and no more than it may', async () => {
      const step = fc.record({
        what: fc.constantFrom('set', 'get'),
        name: fc.nat(7).map((name) => `copy:${name}`),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const store = memoryStore({ maxEntries: 3 });
          let used: string[] = [];
          for (const { what, name } of steps) {
            if (what === 'set') await store.set(name, name, long);
            if (what === 'set' || (await store.get(name)) !== undefined) {
              used = [name, ...used.filter((other) => other !== name)];
            }
          }
          expect(await store.getMany!(used)).toEqual(
            used.map((name, index) => (index < 3 ? name : undefined)),
          );
        }),
        { numRuns: 1_000 },
      );
    });
  });

  describe('take', () => {
    it('tells the exact time to wait', async () => {
      const clock = virtualClock();
      const store = memoryStore({ clock });
      const take = (cost?: number) =>
        store.take('throttle:a', { limit: 4, perMs: 300, ...(cost && { cost }) });
      expect(await take()).toEqual(taken);
      await clock.advance(100);
      expect(await take(2)).toEqual(taken);
      await clock.advance(50);
      expect(await take()).toEqual(taken);
      await clock.advance(50);
      expect(await take()).toEqual({ taken: false, retryAfterMs: 100 });
      expect(await take(2)).toEqual({ taken: false, retryAfterMs: 200 });
      expect(await take(3)).toEqual({ taken: false, retryAfterMs: 200 });
      expect(await take(4)).toEqual({ taken: false, retryAfterMs: 250 });
      expect(await take(-2)).toEqual(taken);
      expect(await take(3)).toEqual({ taken: false, retryAfterMs: 100 });
      expect(await take(4)).toEqual({ taken: false, retryAfterMs: 200 });
    });

    it('a limit that was lowered counts what was taken before', async () => {
      const clock = virtualClock();
      const store = memoryStore({ clock });
      const take = (limit: number, cost?: number) =>
        store.take('throttle:a', { limit, perMs: 300, ...(cost !== undefined && { cost }) });
      expect(await take(4, 4)).toEqual(taken);
      expect(await take(1)).toEqual({ taken: false, retryAfterMs: 300 });
      expect(await take(1, 0)).toEqual(taken);
      expect(await take(1, -1)).toEqual(taken);
      expect(await take(4)).toEqual(taken);
      expect(await take(4)).toEqual({ taken: false, retryAfterMs: 300 });
    });

    it('who waits for as long as told is never too early, however times are rounded', async () => {
      const ms = fc.double({ min: 1e-6, max: 1e7, noNaN: true });
      await fc.assert(
        fc.asyncProperty(ms, ms, ms, async (startAt, perMs, laterMs) => {
          const clock = virtualClock();
          const store = memoryStore({ clock });
          await clock.advance(startAt);
          await store.take('throttle:a', { limit: 1, perMs });
          await clock.advance(laterMs % perMs);
          const { taken: isTaken, retryAfterMs } = await store.take('throttle:a', { limit: 1, perMs });
          if (isTaken) return;
          expect(retryAfterMs).toBeLessThan(perMs * (1 + 1e-9) + 1e-6);
          await clock.advance(retryAfterMs);
          expect(await store.take('throttle:a', { limit: 1, perMs })).toEqual(taken);
        }),
        { numRuns: 5_000 },
      );
    });
  });
});

const taken = { taken: true, retryAfterMs: 0 };

/** The names, each one letter, whose values are there. */
async function all(store: Store, kind: string, names: string): Promise<string> {
  const values = await store.getMany!(names.split('').map((name) => `${kind}:${name}`));
  return values.join('');
}
