import { randomUUID } from 'node:crypto';
import { tokenSource } from '@latchkey/core';
import { fakeProvider, tokenSourceContract } from '@latchkey/core/testing';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { clusterConnectors, serverConnectors, type Connected } from './harness/clients.js';
import { startRedisCluster, type RedisCluster } from './harness/redis-cluster.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };
const secrets = ['a secret of the tests: 32 bytes or more'];

describeWithRedis('tokenSource over redisStore', () => {
  let redis: RedisServer;
  let cluster: RedisCluster;
  beforeAll(async () => {
    [redis, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), cluster.stop()]);
  });

  describe.each([...serverConnectors, ...clusterConnectors])('$name', ({ name, connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => {
      connected = await connect(name.endsWith('cluster') ? cluster.port : redis.port);
    });
    afterAll(() => connected.close());

    describe.each([
      { tokens: 'tokens that only a login gives', renewable: false },
      { tokens: 'tokens with refresh tokens', renewable: true },
    ])('$tokens', ({ renewable }) => {
      tokenSourceContract(
        it,
        async () => {
          const provider = fakeProvider({ renewable });
          // A prefix of its own for each test, as if the store were empty.
          const store = redisStore({
            client: connected.client,
            prefix: `${randomUUID()}:`,
            secrets,
            deadlineMs: 10_000,
          });
          return {
            source: tokenSource(provider, credentials, { store }),
            cost: () => provider.calls.signIn + provider.calls.renew,
            failFromNowOn: () => provider.failNext('upstream_unavailable'),
            stop: () => provider.upstream.close(),
          };
        },
        { renews: true },
      );
    });
  });
});
