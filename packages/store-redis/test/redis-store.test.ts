import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { storeContract } from '@latchkey/core/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { poolConnectors, serverConnectors, type Connected } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';

const secrets = ['a secret of the tests: 32 bytes or more'];
// Redis looks at whole milliseconds.
const tolerateMs = 5;

describeWithRedis('redisStore with one server', () => {
  let redis: RedisServer;
  beforeAll(async () => (redis = await startRedis()));
  afterAll(() => redis.stop());

  describe.each([...serverConnectors, ...poolConnectors])('$name', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => (connected = await connect(redis.port)));
    afterAll(() => connected.close());

    describe.concurrent('the contract', () => {
      storeContract(it, async () => {
        const options = { client: connected.client, prefix: `${randomUUID()}:`, secrets, deadlineMs: 10_000 };
        return {
          store: redisStore(options),
          another: async () => redisStore(options),
          advance: async (ms) => passed(ms),
          tolerateMs,
        };
      });
    });
  });

  describe.each(serverConnectors)('$name, with local copies', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    let subscribers: RedisSubscriber[];
    beforeAll(async () => {
      connected = await connect(redis.port);
      subscribers = [await connected.subscriber(), await connected.subscriber()];
    });
    afterAll(() => connected.close());

    storeContract(it, async () => {
      const options = { client: connected.client, prefix: `${randomUUID()}:`, secrets, deadlineMs: 10_000 };
      const [one, other] = subscribers as [RedisSubscriber, RedisSubscriber];
      return {
        store: redisStore({ ...options, localCopy: { subscriber: one } }),
        another: async () => redisStore({ ...options, localCopy: { subscriber: other } }),
        advance: async (ms) => passed(ms),
        tolerateMs,
      };
    });
  });
});
