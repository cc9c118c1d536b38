import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startWorker } from './harness/start-worker.js';
import { bundleWorker, type WorkerProgram } from './harness/worker-program.js';
import type { Methods } from './workers/sessions.js';

/** X4: for how long a session may be seen after its end was told to have been done. */
const mostBehindMs = 100;

describeWithRedis('processes with local copies', () => {
  let redis: RedisServer;
  let program: WorkerProgram;
  beforeAll(async () => {
    redis = await startRedis();
    program = await bundleWorker(new URL('./workers/sessions.ts', import.meta.url));
  });
  afterAll(async () => {
    await program.remove();
    await redis.stop();
  });

  describe.each(serverConnectors)('$name', ({ name }) => {
    it('X4: see neither a sign-out nor a sign-out everywhere later than 100 ms after it', async () => {
      const settings = { port: redis.port, connector: name };
      const workers = await Promise.all([1, 2, 3].map(() => startWorker<Methods>(program, settings)));
      for (const { stop } of workers) onTestFinished(stop);
      const [first, ...others] = workers;
      for (const way of ['signOut', 'signOutEverywhere'] as const) {
        const id = await first!.call('signIn');
        const watching = others.map((other) => other.call('watch', id));
        // They all have it by then.
        await passed(400);
        const endedAt = await (way === 'signOut' ? first!.call(way, id) : first!.call(way));
        for (const { lastSeenAt, peeked, gotten } of await Promise.all(watching)) {
          const behindMs = Number(lastSeenAt - endedAt) / 1e6;
          if (process.env['MEASURED']) console.log(name, way, { behindMs, peeked, gotten });
          expect(behindMs).toBeLessThanOrEqual(mostBehindMs);
          // From the copy, and not from Redis.
          expect(peeked).toBeGreaterThan(10 * gotten);
        }
      }
      await Promise.all(workers.map((worker) => worker.call('close')));
    });
  });
});
