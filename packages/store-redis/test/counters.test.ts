import { randomUUID } from 'node:crypto';
import type { Store } from '@latchkey/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emptyWindow, takeFrom } from '../../core/src/sliding-window.js';
import { seeded } from '../../core/test/seeded.js';
import { redisStore } from '../src/index.js';
import { connectPlainly } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';

// Far more than a run takes: what goes by of itself decides nothing.
const minute = 60_000;
const hour = 60 * minute;
const taken = { taken: true, retryAfterMs: 0 };

/** One of a series of calls, and how far the clock is moved before it. */
interface Step {
  readonly byMinutes: number;
  readonly limit: number;
  readonly spanMinutes: number;
  readonly cost: number;
}

describeWithRedis('the counts of redisStore', () => {
  let redis: RedisServer;
  let plain: Awaited<ReturnType<typeof connectPlainly>>;
  beforeAll(async () => {
    redis = await startRedis();
    plain = await connectPlainly(redis.port);
  });
  afterAll(async () => {
    await plain.close();
    await redis.stop();
  });

  function counted() {
    const prefix = `${randomUUID()}:`;
    const secrets = ['a secret of the tests: 32 bytes or more'];
    const store = redisStore({ client: plain.client, prefix, secrets, deadlineMs: 10_000 });
    const other = redisStore({ client: plain.client, prefix, secrets, deadlineMs: 10_000 });
    const name = async () => (await plain.client.keys(`${prefix}c:*`))[0];
    return {
      store,
      other,
      name,
      /**
       * Moves the clock, below 0 back: it cannot be moved itself, and so all moments that were kept are moved the other way.
       */
      async shift(ms: number) {
        const key = await name();
        if (key !== undefined) await plain.client.eval(shiftScript, 1, key, Math.round(ms * 1_000));
      },
      length: async () => plain.client.llen((await name()) ?? 'none'),
    };
  }

  /** What core's own window gives, by a clock in minutes that is moved as the steps say. */
  function modelled() {
    const window = emptyWindow();
    let now = 0;
    return {
      window,
      take({ byMinutes, limit, spanMinutes, cost }: Step) {
        now += byMinutes * minute;
        const newest = window.log.at(-1)?.at ?? now;
        // Set back: as if all had been taken so much earlier, and the newest just now.
        if (newest > now) {
          const moved = window.log.map((one) => ({ ...one, at: one.at - newest + now }));
          window.log.splice(0, moved.length, ...moved);
        }
        return takeFrom(window, { limit, perMs: spanMinutes * minute, cost }, now);
      },
    };
  }

  async function expectAsModelled(steps: readonly Step[]) {
    const { store, other, shift, length } = counted();
    const { take, window } = modelled();
    for (const [index, step] of steps.entries()) {
      await shift(step.byMinutes * minute);
      const { limit, spanMinutes, cost } = step;
      const options = { limit, perMs: spanMinutes * minute, cost };
      const outcome = await (index % 2 ? store : other).take('throttle:a', options);
      const expected = take(step);
      expect(outcome.taken, `step ${index}`).toBe(expected.taken);
      // Some of it has gone by of itself.
      expect(outcome.retryAfterMs).toBeLessThanOrEqual(expected.retryAfterMs + 1);
      expect(outcome.retryAfterMs).toBeGreaterThan(expected.retryAfterMs - minute);
      // One entry for each that was taken, and one that they are counted from.
      expect(await length()).toBeLessThanOrEqual(window.log.length === 0 ? 1 : window.log.length + 1);
    }
  }

  const byMinutes = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: -12, max: -1 }) },
    { weight: 1, arbitrary: fc.constantFrom(-100_000, 100_000) },
  );
  // One that gives back may be of any size; one that takes is no more than the limit.
  const withCost = <T extends { readonly limit: number }>(step: T, share: number) => ({
    ...step,
    cost: share < 0 ? Math.floor(share * 15) : Math.max(share > 0.1 ? 1 : 0, Math.floor(share * step.limit)),
  });
  const share = fc.double({ min: -0.5, max: 1, noNaN: true });

  it('X7: is the sliding window of core, to each outcome, while one limit is kept', async () => {
    const limits = fc.record({
      limit: fc.integer({ min: 1, max: 12 }),
      spanMinutes: fc.integer({ min: 1, max: 20 }),
    });
    const steps = limits.chain((limit) =>
      fc.array(
        fc.tuple(byMinutes, share).map(([by, part]) => withCost({ ...limit, byMinutes: by }, part)),
        { minLength: 5, maxLength: 40 },
      ),
    );
    await fc.assert(fc.asyncProperty(steps, expectAsModelled), seeded('counts', 150));
  });

  it('is the same while the limit is lowered and raised, and the span too', async () => {
    const step = fc
      .record({
        byMinutes,
        limit: fc.integer({ min: 1, max: 12 }),
        spanMinutes: fc.integer({ min: 1, max: 20 }),
        share,
      })
      .map(({ share: part, ...one }) => withCost(one, part));
    const steps = fc.array(step, { minLength: 5, maxLength: 40 });
    await fc.assert(fc.asyncProperty(steps, expectAsModelled), seeded('counts of several limits', 150));
  });

  it('with great numbers, too', async () => {
    const limit = 1e12;
    const one = { limit, spanMinutes: 5 };
    await expectAsModelled([
      { ...one, byMinutes: 0, cost: limit - 1 },
      { ...one, byMinutes: 1, cost: 1 },
      { ...one, byMinutes: 1, cost: 1 },
      { ...one, byMinutes: 0, cost: -limit / 2 },
      { ...one, byMinutes: 1, cost: limit / 2 },
      { ...one, byMinutes: 1, cost: 2 },
      { ...one, byMinutes: 2, cost: limit - 1 },
      { ...one, byMinutes: 5, cost: limit },
    ]);
  });

  it('of a clock set back by an hour while it is full: nobody waits longer than a span, and no span holds more', async () => {
    const { store, shift } = counted();
    const limit = { limit: 4, perMs: 10 * minute };
    for (let times = 0; times < 4; times += 1) {
      expect(await store.take('throttle:a', limit)).toEqual(taken);
      await shift(minute);
    }
    await shift(-hour);
    // The one taken last counts as taken just now; the oldest was taken three minutes before it.
    const full = await store.take('throttle:a', limit);
    expect(full.taken).toBe(false);
    expect(full.retryAfterMs).toBeLessThanOrEqual(7 * minute);
    expect(full.retryAfterMs).toBeGreaterThan(6 * minute);
    await shift(full.retryAfterMs);
    expect(await store.take('throttle:a', limit)).toEqual(taken);
    expect((await store.take('throttle:a', limit)).taken).toBe(false);
    for (let times = 0; times < 20; times += 1) {
      await shift(-hour);
      expect((await store.take('throttle:a', limit)).retryAfterMs).toBeLessThanOrEqual(limit.perMs);
    }
    await shift(limit.perMs);
    for (let times = 0; times < 4; times += 1) expect(await store.take('throttle:a', limit)).toEqual(taken);
    expect((await store.take('throttle:a', limit)).taken).toBe(false);
  });

  it('is empty once a clock was set forward by more than the span', async () => {
    const { store, shift } = counted();
    const limit = { limit: 2, perMs: 10 * minute };
    for (let times = 0; times < 2; times += 1) await store.take('throttle:a', limit);
    await shift(hour);
    for (let times = 0; times < 2; times += 1) expect(await store.take('throttle:a', limit)).toEqual(taken);
  });

  it('has room at the moment that it told, and none a millisecond before', async () => {
    const { store, shift } = counted();
    const limit = { limit: 3, perMs: 10 * minute };
    for (let times = 0; times < 3; times += 1) await store.take('throttle:a', limit);
    const { retryAfterMs } = await store.take('throttle:a', limit);
    await shift(retryAfterMs - 1_000);
    expect((await store.take('throttle:a', limit)).taken).toBe(false);
    await shift(1_000);
    expect(await store.take('throttle:a', limit)).toEqual(taken);
  });

  it('ten thousand are taken quickly, take room as they are few, and leave quickly', async () => {
    const { store, shift, length, name } = counted();
    const limit = { limit: 10_000, perMs: 10 * minute };
    const quick = async (most: number, work: () => Promise<unknown>) => {
      const startedAt = performance.now();
      await work();
      expect(performance.now() - startedAt).toBeLessThan(most);
    };
    await quick(8_000, () =>
      Promise.all(Array.from({ length: limit.limit }, () => store.take('throttle:a', limit))),
    );
    expect(await length()).toBe(limit.limit + 1);
    expect(await plain.client.memory('USAGE', (await name())!, 'SAMPLES', 0)).toBeLessThan(limit.limit * 64);
    // Refusals cost no room, wherever in the list it is that they have to look.
    await quick(1_000, async () => {
      expect((await store.take('throttle:a', { ...limit, cost: limit.limit })).taken).toBe(false);
    });
    for (let times = 0; times < 100; times += 1) await store.take('throttle:a', limit);
    expect(await length()).toBe(limit.limit + 1);
    await shift(-hour);
    await quick(1_000, () => store.take('throttle:a', limit));
    await shift(limit.perMs);
    await quick(1_000, () => store.take('throttle:a', limit));
    expect(await length()).toBe(2);
    await store.take('throttle:a', { ...limit, cost: -5 });
    expect(await name()).toBeUndefined();
  });

  it('lives for a span from the last that was counted, and not without an end', async () => {
    const { store, name } = counted();
    const left = async () => plain.client.pttl((await name())!);
    for (const cost of [1, 5, 5, -1, -2, 8]) {
      const limit = { limit: 10, perMs: 10 * minute, cost };
      await store.take('throttle:a', limit);
      expect(await left()).toBeGreaterThan(9 * minute);
      expect(await left()).toBeLessThanOrEqual(10 * minute);
    }
    await store.take('throttle:a', { limit: 10, perMs: Number.MAX_VALUE });
    expect(await left()).toBeGreaterThan(99 * 365 * 24 * hour);
    await store.take('throttle:a', { limit: 10, perMs: 0.0001, cost: -1 });
    expect(await name()).toBeUndefined();
  });

  it('outlives a shorter span that was asked for in between', async () => {
    const { store, name } = counted();
    await store.take('throttle:a', { limit: 1, perMs: minute });
    const longer = { limit: 1, perMs: hour };
    expect((await store.take('throttle:a', longer)).taken).toBe(false);
    expect(await plain.client.pttl((await name())!)).toBeGreaterThan(59 * minute);
  });

  it('what gives back where nothing was taken leaves nothing', async () => {
    const { store, name } = counted();
    for (const cost of [0, -1, -100]) {
      expect(await store.take('throttle:a', { limit: 1, perMs: minute, cost })).toEqual(taken);
      expect(await name()).toBeUndefined();
    }
  });

  it('of fifty processes at once as many are taken as the limit says, also while some give back', async () => {
    const { store, other } = counted();
    const limit = { limit: 20, perMs: hour };
    const stores: Store[] = [store, other];
    let held = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, async (_, process) => {
        for (let times = 0; times < 20; times += 1) {
          const one = stores[process % 2]!;
          if (!(await one.take('throttle:a', limit)).taken) continue;
          held += 1;
          most = Math.max(most, held);
          await one.get('session:none');
          held -= 1;
          await one.take('throttle:a', { ...limit, cost: -1 });
        }
      }),
    );
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(limit.limit);
    for (let times = 0; times < 20; times += 1) expect(await store.take('throttle:a', limit)).toEqual(taken);
    expect((await other.take('throttle:a', limit)).taken).toBe(false);
  });
});

/** Moves all moments of a list back by so many microseconds; what it is counted from has none. */
const shiftScript = `
for index = 1, redis.call('LLEN', KEYS[1]) - 1 do
  local at, total = string.match(redis.call('LINDEX', KEYS[1], index), '^(%S+) (%S+)$')
  redis.call('LSET', KEYS[1], index, string.format('%.0f %s', tonumber(at) - tonumber(ARGV[1]), total))
end
`;
