import { storeContract } from '@latchkey/core/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { RedisClient, RedisSubscriber } from '../src/index.js';
import { poolConnectors, serverConnectors, type Connected } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { storeSetup, twoSubscribers } from './store-setup.js';

const secrets = ['a secret of the tests: 32 bytes or more'];

describeWithRedis('redisStore with one server', () => {
  let redis: RedisServer;
  beforeAll(async () => (redis = await startRedis()));
  afterAll(() => redis.stop());

  describe.each([...serverConnectors, ...poolConnectors])('$name', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => (connected = await connect(redis.port)));
    afterAll(() => connected.close());

    describe.concurrent('the contract', () => {
      storeContract(it, async () => storeSetup({ client: connected.client, secrets }));
    });
  });

  describe.each(serverConnectors)('$name, with local copies', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    let subscribers: RedisSubscriber[];
    beforeAll(async () => {
      connected = await connect(redis.port);
      subscribers = await twoSubscribers(connected);
    });
    afterAll(() => connected.close());

    storeContract(it, async () => storeSetup({ client: connected.client, secrets, subscribers }));
  });
});
