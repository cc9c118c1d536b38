import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { isLatchkeyError } from '@latchkey/core';
import { storeContract } from '@latchkey/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { sentinelConnectors, type Connected } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedisSentinel, type RedisSentinel } from './harness/redis-sentinel.js';
import { until } from './harness/until.js';
import { storeSetup, twoSubscribers } from './store-setup.js';

const secrets = ['a secret of the tests: 32 bytes or more'];
const long = { ttlMs: 600_000 };

describeWithRedis('redisStore with a Sentinel', () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => (sentinel = await startRedisSentinel()));
  afterAll(() => sentinel.stop());

  describe.each(sentinelConnectors)('$name', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => (connected = await connect(sentinel.port)));
    afterAll(() => connected.close());

    describe.concurrent('as it is', () => {
      storeContract(it, async () => storeSetup({ client: connected.client, secrets }));
    });
  });

  describe.each([sentinelConnectors[0], sentinelConnectors[2]])('$name, with local copies', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    let subscribers: RedisSubscriber[];
    beforeAll(async () => {
      connected = await connect(sentinel.port);
      subscribers = await twoSubscribers(connected);
    });
    afterAll(() => connected.close());

    describe.concurrent('as it is', () => {
      storeContract(it, async () => storeSetup({ client: connected.client, secrets, subscribers }));
    });
  });

  // The last: afterwards there is no replica.
  it('X3: when the master dies each call is done or fails in time, and all are done again soon after', async () => {
    const running = await Promise.all(
      sentinelConnectors.map(async ({ name, connect }) => {
        const connected: Connected<RedisClient, RedisSubscriber> = await connect(sentinel.port, {
          reconnectMs: 100,
        });
        const prefix = `${randomUUID()}:`;
        const store = redisStore({ client: connected.client, prefix, secrets, deadlineMs: 250 });
        await store.set('session:before', name, long);
        return { name, store, connected };
      }),
    );
    let isOver = false;
    const outcomes = running.map(async ({ name, store }) => {
      const seen = { done: 0, failed: 0, longestMs: 0, others: [] as unknown[] };
      for (let n = 0; !isOver; n += 1) {
        const startedAt = performance.now();
        try {
          await (n % 2 ? store.get('session:before') : store.set('session:during', name, long));
          seen.done += 1;
        } catch (error) {
          if (isLatchkeyError(error, 'store_error')) seen.failed += 1;
          else seen.others.push(error);
        }
        seen.longestMs = Math.max(seen.longestMs, performance.now() - startedAt);
        await passed(5);
      }
      return seen;
    });
    // What the replica has not got yet is lost with the master.
    await until('what was written, at the replica', async () => {
      const found = await Promise.all(
        running.map(({ store }) => store.get('session:before').catch(() => undefined)),
      );
      return found.every((one, index) => one === running[index]!.name);
    });
    await sentinel.failover();
    await Promise.all(
      running.map(({ name, store }) =>
        until(`${name} at the new master`, async () => {
          try {
            return (
              (await store.get('session:before')) === name &&
              (await store.lease(randomUUID(), long)) !== undefined
            );
          } catch {
            return false;
          }
        }),
      ),
    );
    isOver = true;
    for (const { done, failed, longestMs, others } of await Promise.all(outcomes)) {
      expect(others).toEqual([]);
      expect(done).toBeGreaterThan(0);
      expect(failed).toBeGreaterThan(0);
      // The deadline, and what a busy machine adds.
      expect(longestMs).toBeLessThan(2_000);
    }
    for (const { name, store } of running) {
      await store.set('session:after', name, long);
      expect(await store.get('session:after')).toBe(name);
      expect(await store.replace('session:after', name, 'x', long)).toBe(true);
      expect(await store.take('throttle:a', { limit: 1, perMs: 60_000 })).toEqual({
        taken: true,
        retryAfterMs: 0,
      });
      await store.delete('session:after');
      expect(await store.get('session:after')).toBeUndefined();
    }
    await Promise.all(running.map(({ connected }) => connected.close()));
  }, 40_000);
});
