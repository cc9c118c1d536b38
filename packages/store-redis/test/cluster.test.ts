import { randomUUID } from 'node:crypto';
import { storeContract } from '@latchkey/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { clusterConnectors, connectPlainly, type Connected } from './harness/clients.js';
import { startRedisCluster, type RedisCluster } from './harness/redis-cluster.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { storeSetup, twoSubscribers } from './store-setup.js';

const secret = 'a secret of the tests: 32 bytes or more';
const another = 'another secret of them: 32 bytes or more';
const long = { ttlMs: 600_000 };

describeWithRedis('redisStore with a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => (cluster = await startRedisCluster()));
  afterAll(() => cluster.stop());

  describe.each(clusterConnectors)('$name', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => (connected = await connect(cluster.port)));
    afterAll(() => connected.close());

    describe.concurrent.each([
      ['one secret', [secret], 5],
      // Under each secret it is counted at a moment of its own.
      ['two secrets', [secret, another], 100],
    ] as const)('%s', (_, secrets, tolerateMs) => {
      storeContract(it, async () => storeSetup({ client: connected.client, secrets, tolerateMs }));
    });

    it('keeps what it has at every server, and finds it there', async () => {
      const prefix = `${randomUUID()}:`;
      const store = redisStore({ client: connected.client, prefix, secrets: [secret], deadlineMs: 10_000 });
      const keys = Array.from({ length: 60 }, (_, n) => `session:${n}`);
      await Promise.all(keys.map((key) => store.set(key, `value of ${key}`, long)));
      const servers = await Promise.all(cluster.servers.map(({ port }) => connectPlainly(port)));
      for (const { client, close } of servers) {
        expect(await client.keys(`${prefix}v:*`)).not.toEqual([]);
        await close();
      }
      expect(await store.getMany!(keys)).toEqual(keys.map((key) => `value of ${key}`));
      await Promise.all(keys.map((key) => store.replace(key, `value of ${key}`, key, long)));
      expect(await store.getMany!(keys)).toEqual(keys);
      await Promise.all(keys.map((key) => store.delete(key)));
      expect(await store.getMany!(keys)).toEqual(keys.map(() => undefined));
    });
  });

  describe.each([clusterConnectors[0], clusterConnectors[2]])('$name, with local copies', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    let subscribers: RedisSubscriber[];
    beforeAll(async () => {
      connected = await connect(cluster.port);
      subscribers = await twoSubscribers(connected);
    });
    afterAll(() => connected.close());

    describe.concurrent('one secret', () => {
      storeContract(it, async () => storeSetup({ client: connected.client, secrets: [secret], subscribers }));
    });
  });
});
