import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, type Lease } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';

describe('memoryStore', () => {
  it('does what a simple model does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = virtualClock();
        const store = memoryStore({ clock });
        const model = simpleModel(() => clock.monotonic());
        const leases: { readonly real: Lease | undefined; readonly holder: number }[] = [];
        for (const { what, key, value, expected, ms, cost, which } of steps) {
          const { real, holder } = leases.at(which % leases.length) ?? { real: undefined, holder: -1 };
          if (what === 'move') await clock.advance(ms);
          else if (what === 'get') expect(await store.get(key)).toBe(model.get(key));
          else if (what === 'set') {
            await store.set(key, value, { ttlMs: ms });
            model.set(key, value, ms);
          } else if (what === 'delete') {
            await store.delete(key);
            model.delete(key);
          } else if (what === 'replace') {
            const isDone = await store.replace(key, expected, value, { ttlMs: ms });
            expect(isDone).toBe(model.replace(key, expected, value, ms));
          } else if (what === 'take') {
            const taking = await store.take(key, { limit: 5, perMs: 10, cost });
            const retryAfterMs = model.take(key, cost);
            expect(taking.taken).toBe(retryAfterMs === 0);
            expect(taking.retryAfterMs).toBeCloseTo(retryAfterMs, 9);
          } else if (what === 'lease') {
            const lease = await store.lease(key, { ttlMs: ms });
            const isLeased = model.lease(key, leases.length, ms);
            expect(lease !== undefined).toBe(isLeased);
            leases.push({ real: lease, holder: leases.length });
          } else if (what === 'extend') {
            if (real) expect(await real.extend(ms)).toBe(model.extend(holder, ms));
          } else {
            await real?.release();
            model.release(holder);
          }
        }
      }),
      { numRuns: 4_000 },
    );
  });
});

const step = fc.record({
  what: fc.constantFrom(
    'move',
    'move',
    'get',
    'set',
    'delete',
    'replace',
    'take',
    'take',
    'lease',
    'extend',
    'release',
  ),
  key: fc.constantFrom('session:a', 'copy:b'),
  value: fc.constantFrom('', 'one', 'two'),
  expected: fc.constantFrom(undefined, '', 'one', 'two'),
  ms: fc.integer({ min: 1, max: 100 }).map((tenths) => tenths / 10),
  cost: fc.integer({ min: -3, max: 5 }),
  which: fc.nat(),
});

/** A store as one would write it on paper: nothing is thrown away, and each look goes through all of it. */
function simpleModel(now: () => number) {
  const values: { readonly key: string; readonly value: string | undefined; readonly endsAt: number }[] = [];
  const takings: { readonly key: string; readonly endsAt: number; cost: number }[] = [];
  const leases: { readonly key: string; readonly holder: number; endsAt: number }[] = [];

  const get = (key: string) => {
    const last = values.findLast((one) => one.key === key);
    return last && last.endsAt > now() ? last.value : undefined;
  };
  const set = (key: string, value: string | undefined, ttlMs: number) => {
    values.push({ key, value, endsAt: now() + ttlMs });
  };
  const heldLease = (isIt: (lease: (typeof leases)[number]) => boolean) =>
    leases.find((lease) => isIt(lease) && lease.endsAt > now());

  return {
    get,
    set,
    delete: (key: string) => set(key, undefined, 0),
    replace(key: string, expected: string | undefined, value: string, ttlMs: number) {
      if (get(key) !== expected) return false;
      set(key, value, ttlMs);
      return true;
    },
    /** How long to wait; 0 when it was taken. */
    take(key: string, cost: number): number {
      const current = takings.filter((taking) => taking.key === key && taking.endsAt > now());
      if (cost < 0) {
        for (let left = -cost; left > 0; left -= 1) {
          const last = current.findLast((taking) => taking.cost > 0);
          if (last) last.cost -= 1;
        }
        return 0;
      }
      const moments = [now(), ...current.map((taking) => taking.endsAt)].filter(
        (moment) =>
          current.reduce((sum, taking) => sum + (taking.endsAt > moment ? taking.cost : 0), cost) <= 5,
      );
      const earliest = Math.min(...moments);
      if (earliest === now()) takings.push({ key, endsAt: now() + 10, cost });
      return earliest - now();
    },
    lease(key: string, holder: number, ttlMs: number) {
      if (heldLease((lease) => lease.key === key)) return false;
      leases.push({ key, holder, endsAt: now() + ttlMs });
      return true;
    },
    extend(holder: number, ttlMs: number) {
      const lease = heldLease((one) => one.holder === holder);
      if (lease) lease.endsAt = now() + ttlMs;
      return lease !== undefined;
    },
    release(holder: number) {
      const lease = heldLease((one) => one.holder === holder);
      if (lease) lease.endsAt = 0;
    },
  };
}
