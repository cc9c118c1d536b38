import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { setImmediate as turn, setTimeout as passed } from 'node:timers/promises';
import type { Store } from '@latchkey/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  redisStore,
  type LocalCopyOptions,
  type RedisClient,
  type RedisStoreOptions,
  type RedisSubscriber,
} from '../src/index.js';
import { connectPlainly, type serverConnectors } from './harness/clients.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.js';
import { until } from './harness/until.js';

const secrets = ['a secret of the tests: 32 bytes or more'];
const reconnectMs = 20;
const ttlMs = 60_000;
/** X4: for how long another process may give what it was. */
const mostBehindMs = 100;
// Redis looks at whole milliseconds.
const tolerateMs = 5;
const now = () => performance.now();

/** What holds for a copy, with clients of whatever library. */
export function localCopyRules(connectors: readonly (typeof serverConnectors)[number][]): void {
  let redis: RedisServer;
  /** In front of it for data, and for what subscribes. */
  let forData: TcpProxy;
  let forNews: TcpProxy;
  let plain: Awaited<ReturnType<typeof connectPlainly>>;
  let prefix: string;
  beforeAll(async () => {
    redis = await startRedis();
    forData = await startTcpProxy(redis.port);
    forNews = await startTcpProxy(redis.port);
    plain = await connectPlainly(redis.port, { reconnectMs });
  });
  afterAll(async () => {
    await plain.close();
    await forData.stop();
    await forNews.stop();
    await redis.stop();
  });
  beforeEach(async () => {
    prefix = `${randomUUID()}:`;
    await forData.restore();
    await forNews.restore();
  });

  describe.each(connectors)('$name', ({ connect }) => {
    const connected = async (port: number) => {
      const { client, close } = await connect(port, { reconnectMs });
      onTestFinished(close);
      return client;
    };

    /** A store with a copy, as another process has it. */
    async function reader(
      localCopy: Partial<LocalCopyOptions> = {},
      options: Partial<RedisStoreOptions> = {},
    ): Promise<{ store: Store; subscriber: RedisSubscriber & EventEmitter }> {
      const subscriber = await connected(forNews.port);
      const store = storeWith(await connected(forData.port), {
        localCopy: { subscriber, ...localCopy },
        ...options,
      });
      onTestFinished(() => store.close!());
      return { store, subscriber };
    }

    async function writer(): Promise<Store> {
      return storeWith(await connected(redis.port));
    }

    function storeWith(client: RedisClient, options: Partial<RedisStoreOptions> = {}): Store {
      return redisStore({ client, prefix, secrets, deadlineMs: 1_000, ...options });
    }

    it('answers in the place of Redis when all is well', async () => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      const before = await reads();
      for (let count = 0; count < 1_000; count += 1) {
        expect(await store.get('key')).toBe('value');
        if (count % 100 === 0) await turn();
      }
      expect((await reads()) - before).toBeLessThanOrEqual(2);
    });

    it.each([
      ['at once', 0],
      ['with 30 ms each way', 30],
      ['with 80 ms each way', 80],
      ['with 300 ms each way', 300],
    ])('X4: gives nothing for longer than 100 ms after it was changed, told %s', async (_how, delayMs) => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', '0', { ttlMs });
      await untilCopied(store, 'key');
      forNews.delay(delayMs);
      const stale = [];
      for (const change of changes) stale.push(await lastStaleMs(store, other, change));
      measured(`${delayMs} ms each way`, stale);
      for (const ms of stale) expect(ms).toBeLessThanOrEqual(mostBehindMs);
    });

    it('X4: gives nothing for longer than 100 ms after it was changed, told by a connection that hangs', async () => {
      const [other, { store }] = [await writer(), await reader()];
      const stale = [];
      for (const change of [changes[0]!, changes[1]!, changes[3]!]) {
        await other.set('key', '0', { ttlMs });
        await untilCopied(store, 'key');
        forNews.hang();
        stale.push(await lastStaleMs(store, other, change));
        const before = await reads();
        for (let count = 0; count < 10; count += 1) await store.get('key');
        expect((await reads()) - before).toBeGreaterThanOrEqual(10);
        await forNews.restore();
      }
      measured('hanging', stale);
      for (const ms of stale) expect(ms).toBeLessThanOrEqual(mostBehindMs);
    });

    it('is not used where news takes longer than 100 ms', async () => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      forNews.delay(60);
      await passed(mostBehindMs);
      const before = await reads();
      for (let count = 0; count < 100; count += 1) {
        await store.get('key');
        await passed(2);
      }
      expect((await reads()) - before).toBe(100);
    });

    it.each([
      ['is cut', () => forNews.cut(), () => forNews.restore()],
      ['is killed by the server', () => plain.send('CLIENT', 'KILL', 'TYPE', 'pubsub'), () => undefined],
      ['and the server are new', () => redis.restart(), () => undefined],
    ])('X4: forgets all when its connection %s', async (_how, down, up) => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', '0', { ttlMs });
      await other.set('unchanged', '0', { ttlMs });
      await untilCopied(store, 'key', 'unchanged');
      await down();
      await until('an answer', async () =>
        other.set('key', '1', { ttlMs }).then(
          () => true,
          () => false,
        ),
      );
      const changedAt = now();
      const seen = async () => (await store.get('key').catch(() => '1')) === '1';
      await until('the change', seen, { withinMs: mostBehindMs });
      expect(now() - changedAt).toBeLessThanOrEqual(mostBehindMs);
      await up();
      await untilCopied(store, 'key');
      expect(await store.get('key')).toBe('1');
    });

    it('X4: is not used, and keeps nothing, while its connection is down', async () => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      await forNews.cut();
      await passed(mostBehindMs);
      const before = await reads();
      for (let count = 0; count < 100; count += 1) expect(await store.get('key')).toBe('value');
      expect((await reads()) - before).toBe(100);
      await forNews.restore();
      await untilCopied(store, 'key');
    });

    it('X4: keeps nothing of a read that overlaps a change', async () => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'old', { ttlMs });
      await other.set('another', 'value', { ttlMs });
      await untilCopied(store, 'another');
      forData.delay(150);
      const before = await reads();
      let isRead = false;
      const reading = store.get('key').finally(() => (isRead = true));
      let change: Promise<void> | undefined;
      // News is proven to come all the while.
      await until('a read', async () => {
        await store.get('another');
        if (!change && (await reads()) > before) change = other.set('key', 'new', { ttlMs });
        return isRead;
      });
      await change;
      expect(await reading).toBe('old');
      forData.delay(0);
      expect(await store.get('key')).toBe('new');
    });

    it('keeps what is always being read', async () => {
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'value', { ttlMs });
      await other.set('another', 'value', { ttlMs });
      await untilCopied(store, 'another');
      forData.delay(30);
      const before = await reads();
      const reading: Promise<unknown>[] = [];
      // Each begins before the one before it has ended.
      for (let count = 0; count < 60; count += 1) {
        reading.push(store.get('key'));
        await passed(5);
      }
      await Promise.all(reading);
      const cost = (await reads()) - before;
      measured('GETs of 60 overlapping reads', [cost]);
      expect(cost).toBeLessThan(40);
    });

    it('sees what its own store writes at once', async () => {
      const { store } = await reader();
      await store.set('key', '0', { ttlMs });
      for (let count = 1; count <= 10; count += 1) {
        await untilCopied(store, 'key');
        await store.set('key', String(count), { ttlMs });
        expect(await store.get('key')).toBe(String(count));
        expect(await store.replace('key', String(count), `${count} too`, { ttlMs })).toBe(true);
        expect(await store.get('key')).toBe(`${count} too`);
        if (count % 5 === 0) {
          await store.delete('key');
          expect(await store.get('key')).toBeUndefined();
          await store.set('key', '0', { ttlMs });
        }
      }
    });

    it('outlives neither the time of the value nor its own', async () => {
      const other = await writer();
      const { store } = await reader();
      await other.set('key', 'value', { ttlMs: 250 });
      const writtenAt = now();
      await untilCopied(store, 'key');
      expect((await lastSeenAt(store, 'key')) - writtenAt).toBeLessThanOrEqual(250 + tolerateMs);

      const { store: another } = await reader({ maxAgeMs: 200 });
      await other.set('key', 'value', { ttlMs });
      await untilCopied(another, 'key');
      const copiedAt = now();
      // Nobody is told of this.
      await plain.send('FLUSHALL');
      const seenForMs = (await lastSeenAt(another, 'key')) - copiedAt;
      expect(seenForMs).toBeGreaterThan(20);
      expect(seenForMs).toBeLessThanOrEqual(200);
    });

    it('has no more entries than it may', async () => {
      const [other, { store }] = [await writer(), await reader({ maxEntries: 10 })];
      const keys = Array.from({ length: 40 }, (_, which) => `key ${which}`);
      for (const key of keys) await other.set(key, 'value', { ttlMs });
      await untilCopied(store, 'key 0');
      for (const key of keys) await store.get(key);
      await untilCopied(store, ...keys.slice(30));
      const before = await reads();
      for (const key of keys.slice(0, 30)) await store.get(key);
      expect((await reads()) - before).toBe(30);
    });

    it('leaves nothing on its connection when the store is closed, and leaves that usable', async () => {
      const { store, subscriber } = await reader();
      await store.close!();
      const fresh = await connected(forNews.port);
      const before = listeners(fresh);
      const another = storeWith(await connected(forData.port), { localCopy: { subscriber: fresh } });
      await another.set('key', 'value', { ttlMs });
      await untilCopied(another, 'key');
      expect(await subscribers()).toBe(1);
      await another.close!();
      expect(listeners(fresh)).toEqual(before);
      expect(await subscribers()).toBe(0);
      for (const left of [fresh, subscriber]) expect(String(await left.ping())).toBe('PONG');
    });

    it('X4: hears of changes on a connection that another store has left', async () => {
      const [{ store, subscriber }, other] = [await reader(), await writer()];
      const beside = storeWith(await connected(forData.port), { localCopy: { subscriber } });
      await store.set('key', 'one', { ttlMs });
      await untilCopied(beside, 'key');
      await untilCopied(store, 'key');
      await beside.close!();
      await untilCopied(store, 'key');
      const change: Change = (changing, value) => changing.set('key', value, { ttlMs });
      expect(await lastStaleMs(store, other, change)).toBeLessThanOrEqual(mostBehindMs);
    });

    it('leaves its connection also when data cannot be had', async () => {
      const { store, subscriber } = await reader({}, { deadlineMs: 50 });
      await store.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      const before = listeners(subscriber);
      forData.hang();
      await until('an open breaker', async () => {
        const startedAt = now();
        await store.get(randomUUID()).catch(() => {});
        return now() - startedAt < 10;
      });
      await store.close!();
      for (const [event, count] of Object.entries(before)) {
        expect(subscriber.listenerCount(event)).toBeLessThanOrEqual(count);
      }
      expect(subscriber.listenerCount('ready')).toBe((before['ready'] ?? 0) - 1);
      expect(await subscribers()).toBe(0);
    });

    it('closes in its time though its connection hangs, and leaves it when it is back', async () => {
      const subscriber = await connected(forNews.port);
      const before = listeners(subscriber);
      const { store } = await reader({ subscriber }, { deadlineMs: 300 });
      await store.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      forNews.hang();
      const startedAt = now();
      await store.close!();
      expect(now() - startedAt).toBeLessThan(300 + 150);
      await forNews.restore();
      await until('a connection', async () => {
        const pong = (subscriber as RedisSubscriber).ping().catch(() => '');
        return String(await Promise.race([pong, passed(100, '')])) === 'PONG';
      });
      await until('an end of the subscription', async () => (await subscribers()) === 0);
      expect(listeners(subscriber)).toEqual(before);
    });

    it('has switched nothing on', async () => {
      await plain.send('CONFIG', 'RESETSTAT');
      const [other, { store }] = [await writer(), await reader()];
      await other.set('key', 'value', { ttlMs });
      await untilCopied(store, 'key');
      await other.delete('key');
      const used = [...String(await plain.send('INFO', 'commandstats')).matchAll(/cmdstat_([^:]+):/g)];
      const names = used.map(([, name]) => name!);
      expect(names).toContain('subscribe');
      expect(names.filter((name) => /tracking|caching|monitor|config\|set/.test(name))).toEqual([]);
    });
  });

  it('is not used before its connection has come up, nor asked to be by closing', async () => {
    const client = await connectPlainly(redis.port);
    onTestFinished(client.close);
    const subscriber = new Redis(redis.port, { lazyConnect: true });
    const options = { client: client.client, prefix, secrets, localCopy: { subscriber } };
    const unused = redisStore(options);
    await unused.close!();
    expect(subscriber.status).toBe('wait');
    const unreachable = new Redis(1, { lazyConnect: true, retryStrategy: () => null });
    unreachable.on('error', () => {});
    const store = redisStore({ ...options, localCopy: { subscriber: unreachable } });
    await store.set('key', 'value', { ttlMs });
    const before = await reads();
    for (let count = 0; count < 50; count += 1) expect(await store.get('key')).toBe('value');
    expect((await reads()) - before).toBe(50);
    await store.close!();
  });

  it('subscribes again where the client does not', async () => {
    const client = await connectPlainly(redis.port, { reconnectMs });
    onTestFinished(client.close);
    const subscriber = new Redis(forNews.port, { autoResubscribe: false, retryStrategy: () => reconnectMs });
    subscriber.on('error', () => {});
    onTestFinished(() => subscriber.disconnect());
    const store = redisStore({ client: client.client, prefix, secrets, localCopy: { subscriber } });
    const other = redisStore({ client: client.client, prefix, secrets });
    await store.set('key', '0', { ttlMs });
    for (let round = 1; round <= 3; round += 1) {
      await untilCopied(store, 'key');
      await plain.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await untilCopied(store, 'key');
      await other.set('key', String(round), { ttlMs });
      await passed(mostBehindMs);
      expect(await store.get('key')).toBe(String(round));
    }
    await store.close!();
  });

  /** How often a value was read from Redis. */
  async function reads(): Promise<number> {
    const stats = String(await plain.send('INFO', 'commandstats'));
    const counts = [...stats.matchAll(/cmdstat_m?get:calls=(\d+)/g)].map(([, calls]) => Number(calls));
    return counts.reduce((sum, calls) => sum + calls, 0);
  }

  async function subscribers(): Promise<number> {
    const [, count] = (await plain.send('PUBSUB', 'NUMSUB', `${prefix}changes`)) as [string, number];
    return count;
  }

  /** Reads until that costs nothing. */
  async function untilCopied(store: Store, ...keys: string[]): Promise<void> {
    await until('a copy', async () => {
      const before = await reads();
      for (const key of keys) await store.get(key);
      return (await reads()) === before;
    });
  }
}

type Change = (store: Store, value: string) => Promise<unknown>;

const changes: readonly Change[] = [
  (store, value) => store.set('key', value, { ttlMs }),
  (store) => store.delete('key'),
  (store, value) => store.replace('key', undefined, value, { ttlMs }),
  async (store, value) => store.replace('key', await store.get('key'), value, { ttlMs }),
];
let changed = 0;

/** How long after a change `store` last gave what it was before; 0 where it never did. */
async function lastStaleMs(store: Store, other: Store, change: Change): Promise<number> {
  const before = await other.get('key');
  // In use, as far as it may be.
  for (let count = 0; count < 20; count += 1) {
    await store.get('key');
    await passed(2);
  }
  changed += 1;
  const doesYield = changed % 2 === 0;
  await change(other, `changed ${changed}`);
  const changedAt = now();
  let lastStaleAt = changedAt;
  while (now() < changedAt + 1.5 * mostBehindMs) {
    // When it is asked: on a machine that is busy, any time may pass until this process goes on with the answer.
    const askedAt = now();
    const value = await store.get('key');
    if (value === before) lastStaleAt = askedAt;
    if (doesYield) await turn();
  }
  return lastStaleAt - changedAt;
}

async function lastSeenAt(store: Store, key: string): Promise<number> {
  let seenAt = now();
  for (;;) {
    const askedAt = now();
    if ((await store.get(key)) === undefined) return seenAt;
    seenAt = askedAt;
    await turn();
  }
}

function listeners(emitter: EventEmitter): Record<string, number> {
  const names = emitter.eventNames().map(String).sort();
  return Object.fromEntries(names.map((name) => [name, emitter.listenerCount(name)]));
}

function measured(what: string, ms: readonly number[]): void {
  if (process.env['MEASURED']) console.log(what, ms.map((one) => one.toFixed(1)).join(' '));
}
