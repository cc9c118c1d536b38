import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import type { Store } from '@latchkey/core';
import { storeContract } from '@latchkey/core/testing';
import * as ioredis6 from 'ioredis';
import * as nodeRedis6 from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { connectPlainly } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { monitored, type Monitored } from './monitored.js';

/** What a client is to be allowed, for data: what it sends, and what its scripts call. */
const sent = ['EVAL', 'EVALSHA', 'MGET', 'PTTL', 'SET'];
const calledByScripts = [
  ...['DEL', 'GET', 'MGET', 'PEXPIRE', 'PUBLISH', 'SET', 'TIME'],
  ...['LINDEX', 'LLEN', 'LPOP', 'LSET', 'RPOP', 'RPUSH'],
];
const subscribed = ['PING', 'SUBSCRIBE', 'UNSUBSCRIBE'];
/** What the libraries send of their own accord, when they connect. */
const ofLibraries = ['AUTH', 'CLIENT', 'HELLO', 'INFO'];

const used = [...new Set([...sent, ...calledByScripts])].sort();
/** As a line of an ACL, as the README says it. */
const rules = {
  data: ['~latchkey:*', '&latchkey:*', '-@all', ...used.map((name) => `+${name.toLowerCase()}`)],
  subscriber: ['&latchkey:*', '-@all', ...subscribed.map((name) => `+${name.toLowerCase()}`)],
};

const libraries = [
  {
    name: 'node-redis 6',
    open: async (port: number, username: string) => {
      const client = nodeRedis6.createClient({
        socket: { host: '127.0.0.1', port },
        username,
        password,
        // Which would be told to the server with CLIENT SETINFO.
        disableClientInfo: true,
      });
      client.on('error', () => {});
      await client.connect();
      return { client, close: async () => client.destroy() };
    },
  },
  {
    name: 'ioredis 6',
    open: async (port: number, username: string) => {
      const client = new ioredis6.Redis({
        host: '127.0.0.1',
        port,
        username,
        password,
        lazyConnect: true,
        enableReadyCheck: false,
        disableClientInfo: true,
      });
      client.on('error', () => {});
      await client.connect();
      return {
        client,
        close: async () => {
          const ended = new Promise((resolve) => client.once('end', resolve));
          client.disconnect();
          await ended;
        },
      };
    },
  },
];
const password = 'a-password-of-the-tests';

describeWithRedis('the commands of redisStore', () => {
  let redis: RedisServer;
  let plain: Awaited<ReturnType<typeof connectPlainly>>;
  let monitor: Monitored;
  beforeAll(async () => {
    redis = await startRedis();
    plain = await connectPlainly(redis.port);
    await plain.send('ACL', 'SETUSER', 'data', 'on', `>${password}`, 'resetchannels', ...rules.data);
    await plain.send(
      'ACL',
      'SETUSER',
      'subscriber',
      'on',
      `>${password}`,
      'resetchannels',
      ...rules.subscriber,
    );
    monitor = await monitored(redis.port);
  });
  afterAll(async () => {
    await monitor.close();
    await plain.close();
    await redis.stop();
  });

  describe.each(libraries)('with a user that may do only what is documented, $name', ({ open }) => {
    let client: RedisClient;
    let subscribers: RedisSubscriber[];
    const closing: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      const one = async (user: string) => {
        const opened = await open(redis.port, user);
        closing.push(opened.close);
        return opened.client;
      };
      client = await one('data');
      subscribers = [await one('subscriber'), await one('subscriber')];
      for (const subscriber of subscribers) {
        // Of all the stores that listen to it here.
        (subscriber as unknown as { setMaxListeners(most: number): void }).setMaxListeners(1_000);
      }
    });
    afterAll(async () => {
      await Promise.all(closing.splice(0).map((close) => close()));
    });

    function options(secrets = ['a secret of the tests: 32 bytes or more']) {
      return { client, prefix: `latchkey:${randomUUID()}:`, secrets, deadlineMs: 10_000 };
    }

    describe.concurrent('one secret', () => {
      storeContract(it, async () => {
        const given = options();
        return {
          store: redisStore(given),
          another: async () => redisStore(given),
          advance: async (ms) => passed(ms),
          tolerateMs: 5,
        };
      });
    });

    describe.concurrent('two secrets and local copies', () => {
      storeContract(it, async () => {
        const secrets = ['a', 'b'].map((name) => `secret ${name} of the tests: 32 bytes or more`);
        const given = options(secrets);
        const [one, other] = subscribers as [RedisSubscriber, RedisSubscriber];
        return {
          store: redisStore({ ...given, localCopy: { subscriber: one } }),
          another: async () => redisStore({ ...given, localCopy: { subscriber: other } }),
          advance: async (ms) => passed(ms),
          // Under each secret it is counted at a moment of its own.
          tolerateMs: 100,
        };
      });
    });

    it('what was tampered with is replaced, and what was changed is heard of', async () => {
      const given = options();
      const [one, other] = subscribers as [RedisSubscriber, RedisSubscriber];
      const stores = [one, other].map((subscriber) =>
        redisStore({ ...given, localCopy: { subscriber } }),
      ) as [Store, Store];
      await stores[0].set('session:a', 'first', { ttlMs: 600_000 });
      const [name] = await plain.client.keys(`${given.prefix}v:*`);
      expect(await stores[1].get('session:a')).toBe('first');
      await plain.client.set(name!, 'broken');
      expect(await redisStore(given).get('session:a')).toBeUndefined();
      expect(await stores[0].replace('session:a', undefined, 'second', { ttlMs: 600_000 })).toBe(true);
      await until('the new one', async () => (await stores[1].get('session:a')) === 'second');
      for (const store of stores) await store.close!();
    });

    it('a clock that was set back is made up for', async () => {
      const given = options();
      const store = redisStore(given);
      const limit = { limit: 2, perMs: 600_000 };
      await store.take('throttle:a', limit);
      const [name] = await plain.client.keys(`${given.prefix}c:*`);
      const inAnHour = (Date.now() + 3_600_000) * 1_000;
      await plain.client.lset(name!, -1, `${inAnHour} 1`);
      expect((await store.take('throttle:a', limit)).taken).toBe(true);
      expect((await store.take('throttle:a', limit)).retryAfterMs).toBeLessThanOrEqual(limit.perMs);
    });

    it('is refused another key, another channel, and another command', async () => {
      const stranger = redisStore({ ...options(), prefix: 'other:' });
      for (const call of [
        () => stranger.get('session:a'),
        () => stranger.set('session:a', 'x', { ttlMs: 1_000 }),
        () => stranger.take('throttle:a', { limit: 1, perMs: 1_000 }),
        () => stranger.lease('lease:a', { ttlMs: 1_000 }),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'store_error' });
      }
      expect(await plain.client.keys('other:*')).toEqual([]);
    });
  });

  it('are these, and no others', async () => {
    const commands = await monitor.commands();
    const plainly = new Set(
      commands.filter(({ name, isOfScript }) => name === 'KEYS' && !isOfScript).map(({ from }) => from),
    );
    const ours = commands.filter(({ from }) => !plainly.has(from));
    const named = (isOfScript: boolean, except: readonly string[]) =>
      [...new Set(ours.filter((one) => one.isOfScript === isOfScript).map(({ name }) => name))]
        .filter((name) => !except.includes(name))
        .sort();
    expect(named(true, [])).toEqual([...calledByScripts].sort());
    expect(named(false, ofLibraries)).toEqual([...sent, ...subscribed].sort());
  });

  it('are of Redis 6.2 or older, with their options', async () => {
    for (const name of new Set([...sent, ...calledByScripts, ...subscribed])) {
      const [, about] = (await plain.client.call('COMMAND', 'DOCS', name)) as [string, Docs];
      expect(isOld(textAt(about, 'since')), name).toBe(true);
    }
    // Options came later than their commands: every word in capitals among the arguments.
    const options = new Map<string, Set<string>>();
    for (const { name, args } of await monitor.commands()) {
      if (!used.includes(name) || ['EVAL', 'EVALSHA', 'PUBLISH'].includes(name)) continue;
      const words = args.map(String).filter((word) => /^[A-Z]{2,12}$/.test(word));
      for (const word of words) options.set(name, (options.get(name) ?? new Set()).add(word));
      // With a count it is of 6.2, and gives another kind of reply; with NX, GT and so on PEXPIRE is of 7.0.
      const most = { LPOP: 1, RPOP: 1, PEXPIRE: 2, TIME: 0, GET: 1, PTTL: 1 }[name];
      if (most !== undefined) expect(args.length, name).toBe(most);
    }
    expect(options).toEqual(new Map([['SET', new Set(['NX', 'PX'])]]));
    const [, about] = (await plain.client.call('COMMAND', 'DOCS', 'SET')) as [string, Docs];
    for (const { token, since } of tokensOf(about)) {
      if (['NX', 'PX'].includes(token)) expect(isOld(since ?? textAt(about, 'since')), token).toBe(true);
    }
  });

  it('name their keys before they run, so that a cluster and an ACL know them', async () => {
    for (const { name, args } of await monitor.commands()) {
      if (name !== 'EVALSHA' && name !== 'EVAL') continue;
      const count = Number(args[1]);
      if (count === 0) continue; // the tests' own
      expect(count).toBeGreaterThan(0);
      for (const key of args.slice(2, 2 + count)) expect(String(key)).toMatch(/^(latchkey|other):/);
    }
  });

  it('are allowed by one line of an ACL', () => {
    expect(
      ['user latchkey on >…', ...rules.data, ...subscribed.map((name) => `+${name.toLowerCase()}`)].join(' '),
    ).toBe(
      'user latchkey on >… ~latchkey:* &latchkey:* -@all +del +eval +evalsha +get +lindex +llen +lpop +lset +mget ' +
        '+pexpire +pttl +publish +rpop +rpush +set +time +ping +subscribe +unsubscribe',
    );
  });
});

type Docs = (string | Docs)[];

/** What stands after a name in a flat list of names and values. */
function after(list: Docs, name: string): string | Docs | undefined {
  const at = list.findIndex((one, index) => index % 2 === 0 && one === name);
  return at === -1 ? undefined : list[at + 1];
}

function textAt(list: Docs, name: string): string {
  return after(list, name) as string;
}

function isOld(since: string): boolean {
  const [major = 0, minor = 0] = since.split('.').map(Number);
  return major < 6 || (major === 6 && minor <= 2);
}

/** The words that a command takes, and since when where that is later than the command. */
function tokensOf(about: Docs): { token: string; since: string | undefined }[] {
  const args = (after(about, 'arguments') ?? []) as Docs[];
  return args.flatMap((one) => {
    const token = after(one, 'token') as string | undefined;
    const own = token === undefined ? [] : [{ token, since: after(one, 'since') as string | undefined }];
    return [...own, ...tokensOf(one)];
  });
}
