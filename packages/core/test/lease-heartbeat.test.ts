import { describe, expect, it } from 'vitest';
import type { Lease } from '../src/index.js';
import { startLeaseHeartbeat } from '../src/lease-heartbeat.js';
import { virtualClock } from '../src/testing/index.js';
import { unhandledDuring } from './failures.js';

/** A lease of 3,000 ms, and when it was extended. */
function held(extend: () => Promise<boolean> = async () => true) {
  const clock = virtualClock();
  const extended: [at: number, ttlMs: number][] = [];
  const lease: Lease = {
    async extend(ttlMs) {
      extended.push([clock.monotonic(), ttlMs]);
      return extend();
    },
    release: () => Promise.reject(new Error('the owner releases it')),
  };
  return { clock, extended, stop: startLeaseHeartbeat(lease, clock, 3_000) };
}

describe('a lease heartbeat', () => {
  it('X1: extends the lease at each third of its time, for as long as it takes', async () => {
    const { clock, extended, stop } = held();
    await clock.advance(10_000);
    expect(extended).toHaveLength(10);
    expect(extended[0]).toEqual([1_000, 3_000]);
    expect(extended.at(-1)).toEqual([10_000, 3_000]);
    stop();
  });

  it('T13: stops when told to, and leaves nobody asleep', async () => {
    const { clock, extended, stop } = held();
    await clock.advance(1_500);
    stop();
    stop();
    expect(clock.sleepers).toBe(0);
    await clock.advance(10_000);
    expect(extended).toHaveLength(1);
  });

  it('T13: stops when told to while it extends', async () => {
    let answer: (isHeld: boolean) => void = () => {};
    const { clock, extended, stop } = held(() => new Promise((resolve) => (answer = resolve)));
    await clock.advance(1_000);
    stop();
    answer(true);
    await clock.advance(10_000);
    expect(extended).toHaveLength(1);
    expect(clock.sleepers).toBe(0);
  });

  it.each<[string, () => Promise<boolean>, number]>([
    ['is lost', async () => false, 1],
    ['cannot be extended until it has run out', () => Promise.reject(new Error('the store is down')), 3],
  ])('X1: lets go of a lease that %s', async (_what, extend, tries) => {
    const unhandled = await unhandledDuring(async () => {
      const { clock, extended, stop } = held(extend);
      await clock.advance(10_000);
      expect(extended).toHaveLength(tries);
      expect(clock.sleepers).toBe(0);
      stop();
    });
    expect(unhandled).toEqual([]);
  });

  it('X1: keeps a lease that could not be extended once', async () => {
    let tries = 0;
    const { clock, extended, stop } = held(async () => {
      tries += 1;
      if (tries === 1) throw new Error('the store is down');
      return true;
    });
    await clock.advance(10_000);
    expect(extended.length).toBeGreaterThan(5);
    stop();
  });
});
