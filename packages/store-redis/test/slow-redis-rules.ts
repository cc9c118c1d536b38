import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { inspect } from 'node:util';
import { isLatchkeyError, type LatchkeyError, type Store } from '@latchkey/core';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { redisStore, type RedisClient } from '../src/index.js';
import { connectPlainly, type serverConnectors } from './harness/clients.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.js';
import { until } from './harness/until.js';

const secret = 'a secret of the tests: canary-secret-0123456789';
const deadlineMs = 150;
// For a machine that is busy.
const slackMs = Math.max(100, deadlineMs / 2);
const trialEveryMs = 1_000;
const hardlyMs = 5;
const reconnectMs = 20;
const ttlMs = 60_000;
const now = () => performance.now();

/** What happens to a server, or to the way to it, and what ends that. */
interface Trouble {
  readonly name: string;
  begin(redis: RedisServer, proxy: TcpProxy): unknown;
  end(redis: RedisServer, proxy: TcpProxy): unknown;
}

const troubles: readonly Trouble[] = [
  { name: 'stopped', begin: (redis) => redis.pause(), end: (redis) => redis.resume() },
  {
    name: 'told to pause its clients',
    begin: pauseClients,
    end: () => until('an end of the pause', () => now() > pausedUntil),
  },
  { name: 'killed', begin: (redis) => redis.kill(), end: (redis) => redis.restart() },
  {
    name: 'too far away',
    begin: (_redis, proxy) => proxy.delay(deadlineMs),
    end: (_redis, proxy) => proxy.restore(),
  },
  { name: 'cut off', begin: (_redis, proxy) => proxy.cut(), end: (_redis, proxy) => proxy.restore() },
  { name: 'silent', begin: (_redis, proxy) => proxy.hang(), end: (_redis, proxy) => proxy.restore() },
];

let pausedUntil = 0;

/** For a time: while it lasts nobody can end it. */
async function pauseClients({ port }: RedisServer): Promise<void> {
  const pauseMs = 2_500;
  const { send, close } = await connectPlainly(port);
  await send('CLIENT', 'PAUSE', String(pauseMs));
  pausedUntil = now() + pauseMs;
  await close();
}

/** What holds for a store whose Redis is slow, or does not answer at all, with clients of one library. */
export function slowRedisRules({ name, connect }: (typeof serverConnectors)[number]): void {
  let redis: RedisServer;
  let proxy: TcpProxy;
  beforeEach(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy(redis.port);
  });
  afterEach(async () => {
    await proxy.stop();
    await redis.stop();
  });

  describe(name, () => {
    const opened = async (port = proxy.port): Promise<Store> => {
      const { client, close } = await connect(port, { reconnectMs });
      onTestFinished(close);
      return redisStore({ client, prefix: `${randomUUID()}:`, secrets: [secret], deadlineMs });
    };

    it.each(troubles)(
      'X3: is $name delays calls by its deadline, then hardly, and works again',
      async (trouble) => {
        const store = await opened();
        await store.set('key', 'value', { ttlMs });
        await trouble.begin(redis, proxy);
        try {
          const firstMs: number[] = [];
          for (let calls = 0; calls < 5; calls += 1) firstMs.push(await failedAfterMs(store.get('key')));
          const openedAt = now();
          const openMs: number[] = [];
          while (now() < openedAt + 1.3 * trialEveryMs) {
            openMs.push(await failedAfterMs(store.set('key', 'never', { ttlMs })));
            await passed(2);
          }
          measured(trouble.name, {
            firstMs,
            medianMs: median(openMs),
            mostMs: Math.max(...openMs),
            calls: openMs.length,
          });
          for (const ms of [...firstMs, ...openMs]) expect(ms).toBeLessThan(deadlineMs + slackMs);
          expect(median(openMs)).toBeLessThan(hardlyMs);
          expect(openMs.filter((ms) => ms > deadlineMs / 2).length).toBeLessThanOrEqual(2);
        } finally {
          await trouble.end(redis, proxy);
        }
        const endedAt = now();
        await until('an answer', () =>
          store.set('key', 'again', { ttlMs }).then(
            () => true,
            () => false,
          ),
        );
        measured(`${trouble.name}, works after`, now() - endedAt);
        expect(now() - endedAt).toBeLessThan(trialEveryMs + deadlineMs + slackMs);
        for (let calls = 0; calls < 50; calls += 1) expect(await store.get('key')).toBe('again');
      },
    );

    it('X3: comes and goes delays no call for longer than its deadline', async () => {
      const store = await opened();
      await store.set('key', 'value', { ttlMs });
      const endsAt = now() + 2_500;
      const tookMs: number[] = [];
      const callers = Array.from({ length: 20 }, async () => {
        while (now() < endsAt) {
          const startedAt = now();
          const outcome = await store.get('key').catch((error: unknown) => error);
          tookMs.push(now() - startedAt);
          expect(outcome === 'value' || isLatchkeyError(outcome, 'store_error')).toBe(true);
          await passed(1);
        }
      });
      for (let times = 0; now() < endsAt; times += 1) {
        if (times % 2 === 0) redis.pause();
        else await proxy.cut();
        await passed(50 + ((times * 37) % 200));
        if (times % 2 === 0) redis.resume();
        else await proxy.restore();
        await passed(30 + ((times * 53) % 100));
      }
      await Promise.all(callers);
      measured('comes and goes', { calls: tookMs.length, mostMs: Math.max(...tookMs) });
      expect(Math.max(...tookMs)).toBeLessThan(deadlineMs + slackMs);
      await untilWorks(store);
      expect(await store.get('key')).toBe('value');
    });

    it('is slower than usual, but in time, is waited for', async () => {
      const store = await opened();
      await store.set('key', 'value', { ttlMs });
      proxy.delay(deadlineMs / 5);
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => store.get('key')));
      expect(new Set(outcomes)).toEqual(new Set(['value']));
    });

    it('X3: is late does no harm: nothing is given twice, and no lease and no count is left to nobody', async () => {
      const store = await opened();
      await store.set('key', 'value', { ttlMs });
      redis.pause();
      const calls = [
        store.get('key'),
        store.set('late', 'value', { ttlMs }),
        store.lease('lease', { ttlMs }),
        store.take('count', { limit: 1, perMs: ttlMs }),
      ];
      expect(await Promise.allSettled(calls)).toMatchObject(Array(4).fill({ status: 'rejected' }));
      redis.resume();
      await until('what came too late', async () => (await store.get('late')) === 'value');
      await until('the lease', async () => (await store.lease('lease', { ttlMs })) !== undefined, {
        withinMs: 1_000,
      });
      const take = () => store.take('count', { limit: 1, perMs: ttlMs });
      await until('the count', async () => (await take()).taken, { withinMs: 1_000 });
      expect(await store.get('key')).toBe('value');
    });

    it('X3: does not answer keeps neither endless calls nor their memory', async () => {
      const store = await opened();
      await store.set('key', 'value', { ttlMs });
      redis.pause();
      const before = process.memoryUsage().heapUsed;
      const startedAt = now();
      const calls = Array.from({ length: 50_000 }, () => store.get('key'));
      const outcomes = await Promise.allSettled(calls);
      const tookMs = now() - startedAt;
      const reasons = outcomes.map((one) =>
        one.status === 'rejected' ? (one.reason as Error).message : 'done',
      );
      const [waited, refused] = [/did not answer/, /Too many/].map(
        (what) => reasons.filter((one) => what.test(one)).length,
      );
      measured('50,000 calls', {
        tookMs,
        waited,
        refused,
        heapBytes: process.memoryUsage().heapUsed - before,
      });
      redis.resume();
      expect(waited).toBe(10_000);
      expect(refused).toBe(40_000);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
      await untilWorks(store);
      expect(await store.get('key')).toBe('value');
    });

    it('F3: fails tells what went wrong, and nothing of what was sent', async () => {
      const server = await startRedis({ config: ['maxmemory 1', 'maxmemory-policy noeviction'] });
      onTestFinished(() => server.stop());
      const store = await opened(server.port);
      const errors: unknown[] = [];
      const tryAll = async () => {
        const set = store.set('canary-key', 'canary-value', { ttlMs });
        const others = [
          store.replace('canary-key', 'canary-old', 'canary-value', { ttlMs }),
          store.lease('canary-key', { ttlMs }),
        ];
        for (const one of await Promise.allSettled([set, ...others])) {
          if (one.status === 'rejected') errors.push(one.reason);
        }
      };
      await tryAll(); // no memory
      expect(errors.length).toBeGreaterThan(0);
      await server.kill();
      await tryAll();
      expect(errors.length).toBeGreaterThan(3);
      for (const error of errors as LatchkeyError[]) {
        expect(isLatchkeyError(error, 'store_error')).toBe(true);
        expect(error.retryable).toBe(true);
        const shown = inspect(error, { showHidden: true, depth: 10, getters: true }) + JSON.stringify(error);
        for (const canary of ['canary', 'EVALSHA', 'command:', 'args']) expect(shown).not.toContain(canary);
      }
    });

    it('answers with errors is not left alone', async () => {
      const server = await startRedis({ config: ['maxmemory 1', 'maxmemory-policy noeviction'] });
      onTestFinished(() => server.stop());
      const plain = await connectPlainly(server.port);
      onTestFinished(plain.close);
      const store = await opened(server.port);
      const refused = async (what: RegExp) => {
        for (let calls = 0; calls < 20; calls += 1) {
          const error = await store
            .set('key', 'value', { ttlMs })
            .catch((reason: unknown) => reason as LatchkeyError);
          expect(String((error as LatchkeyError).cause)).toMatch(what);
        }
        // Each of them was asked.
        expect(await store.get('key')).toBeUndefined();
      };
      await refused(/OOM/);
      await plain.send('CONFIG', 'SET', 'maxmemory', '0');
      await plain.send('REPLICAOF', '127.0.0.1', '1');
      await refused(/READONLY|UNBLOCKED|script/);
      await plain.send('REPLICAOF', 'NO', 'ONE');
      await plain.send('ACL', 'SETUSER', 'default', '-evalsha', '-eval');
      await refused(/NOPERM/);
      await plain.send('ACL', 'SETUSER', 'default', '+@all');
      await store.set('key', 'value', { ttlMs });
    });
  });

  it('X3: opens and closes by a clock that nobody sets', async () => {
    let asked = 0;
    const client: RedisClient = {
      callBuffer: () => {
        asked += 1;
        return Promise.reject(new Error('connect ECONNREFUSED'));
      },
    };
    const store = redisStore({ client, secrets: [secret], deadlineMs });
    const realNow = Date.now;
    onTestFinished(() => void (Date.now = realNow));
    for (let calls = 0; calls < 20; calls += 1) await failedAfterMs(store.get('key'));
    expect(asked).toBe(5);
    Date.now = () => realNow() - 3_600_000;
    await passed(trialEveryMs + 20);
    await failedAfterMs(store.get('key'));
    Date.now = () => realNow() + 3_600_000;
    await failedAfterMs(store.get('key'));
    expect(asked).toBe(6);
  });

  async function untilWorks(store: Store): Promise<void> {
    const startedAt = now();
    await until('an answer', () =>
      store.get('key').then(
        () => true,
        () => false,
      ),
    );
    expect(now() - startedAt).toBeLessThan(trialEveryMs + deadlineMs + slackMs);
  }
}

async function failedAfterMs(call: Promise<unknown>): Promise<number> {
  const startedAt = now();
  await expect(call).rejects.toMatchObject({ code: 'store_error', retryable: true });
  return now() - startedAt;
}

function median(all: readonly number[]): number {
  return [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)]!;
}

function measured(what: string, values: unknown): void {
  if (process.env['MEASURED']) console.log(what, inspect(values, { breakLength: Infinity }));
}
