import { once } from 'node:events';
import { connect } from 'node:net';
import { existsSync } from 'node:fs';
import { setTimeout as passed } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  clusterConnectors,
  connectPlainly,
  masterPort,
  poolConnectors,
  sentinelConnectors,
  serverConnectors,
} from './harness/clients.js';
import type { Methods } from './harness/example-worker.js';
import { startRedisCluster, type RedisCluster } from './harness/redis-cluster.js';
import { withLoopbackPort } from './harness/loopback-port.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedisSentinel, type RedisSentinel } from './harness/redis-sentinel.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startWorker, type Worker } from './harness/start-worker.js';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.js';
import { until } from './harness/until.js';
import { bundleWorker, type WorkerProgram } from './harness/worker-program.js';

const reconnectMs = 20;

describeWithRedis('a server', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describe.each([...serverConnectors, ...poolConnectors])('$name', ({ connect }) => {
    it('sends', async () => {
      const { send, close } = await connect(redis.port);
      onTestFinished(close);
      expect(await send('SET', 'key', 'value')).toBe('OK');
      expect(await send('GET', 'key')).toBe('value');
    });

    it('has another connection to subscribe with', async () => {
      const { send, subscriber, close } = await connect(redis.port);
      onTestFinished(close);
      const { heard } = await listen(await subscriber());
      expect(await send('PUBLISH', 'channel', 'news')).toBe(1);
      expect(await heard).toBe('news');
    });

    it('drops what is in flight when it is closed', async () => {
      const { send, close } = await connect(redis.port);
      redis.pause();
      onTestFinished(() => redis.resume());
      const outcome = send('GET', 'key').then(
        () => 'an answer',
        () => 'dropped',
      );
      await close();
      expect(await outcome).toBe('dropped');
    });

    it('connects again to a server that was killed', async () => {
      const { send, close } = await connect(redis.port, { reconnectMs });
      onTestFinished(close);
      await redis.kill();
      await redis.restart();
      await until('an answer', () => answers(send));
    });
  });

  it('answers nothing while it is paused, and then all', async () => {
    const { send, close } = await connectPlainly(redis.port);
    onTestFinished(close);
    redis.pause();
    const answer = send('PING');
    expect(await within(100, answer)).toBe('nothing');
    redis.resume();
    expect(await answer).toBe('PONG');
  });

  it('is another process without data after a restart, on the same port', async () => {
    const { send, close } = await connectPlainly(redis.port, { reconnectMs });
    onTestFinished(close);
    const { pid, port } = redis;
    await send('SET', 'key', 'value');
    await redis.restart();
    await until('an answer', () => answers(send));
    expect(await send('GET', 'key')).toBeNull();
    expect(redis.pid).not.toBe(pid);
    expect(redis.port).toBe(port);
    expect(String(await send('INFO', 'server'))).toContain(`process_id:${redis.pid}\r\n`);
  });

  it('takes a password and further configuration', async () => {
    const other = await startRedis({ password: 'sample@password', config: ['maxmemory 2mb'] });
    onTestFinished(other.stop);
    const client = new Redis(other.url, { lazyConnect: true });
    onTestFinished(() => client.disconnect());
    await client.connect();
    expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(2 * 1024 * 1024)]);
    for (const { connect } of serverConnectors) {
      const { send, close } = await connect(other.port, { password: 'sample@password' });
      onTestFinished(close);
      expect(await send('PING')).toBe('PONG');
    }
  });

  it('is not taken for another program at its port', async () => {
    const port = `port ${redis.port}`;
    await expect(startRedis({ config: [port] })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('tries other ports while they are taken', async () => {
    const tried: number[] = [];
    const opened = await withLoopbackPort(async (port) => {
      tried.push(port);
      if (tried.length < 3) throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
      return port;
    });
    expect(tried).toHaveLength(3);
    expect(opened).toBe(tried[2]);
  });

  it('says why it could not be started', async () => {
    await expect(startRedis({ config: ['nonsense'] })).rejects.toThrow(/nonsense/);
  });
});

describeWithRedis('a TCP proxy', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy(redis.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await redis.stop();
  });
  beforeEach(() => proxy.restore());

  it('delays both directions, in order', async () => {
    const { send, close } = await connectPlainly(proxy.port);
    onTestFinished(close);
    const startedAt = performance.now();
    proxy.delay(60);
    const first = send('INCR', 'order');
    await passed(10);
    proxy.delay(20);
    const second = send('INCR', 'order');
    expect(await Promise.race([first, second])).toBe(1);
    expect(performance.now() - startedAt).toBeGreaterThan(75);
    expect(await second).toBe(2);
  });

  it('passes everything on that is larger than a packet', async () => {
    const { send, close } = await connectPlainly(proxy.port);
    onTestFinished(close);
    const long = 'long '.repeat(1_000_000);
    proxy.delay(5);
    await send('SET', 'long', long);
    expect((await send('GET', 'long')) === long).toBe(true);
  });

  it('cuts connections and refuses new ones, until it is restored', async () => {
    const { client, send, close } = await connectPlainly(proxy.port, { reconnectMs });
    onTestFinished(close);
    const dropped = new Promise((resolve) => client.once('close', resolve));
    await proxy.cut();
    await dropped;
    const refused = new Redis(proxy.port, { lazyConnect: true, retryStrategy: () => null });
    const reason = once(refused, 'error');
    await expect(refused.connect()).rejects.toThrow();
    expect(await reason).toMatchObject([{ code: 'ECONNREFUSED' }]);
    await proxy.restore();
    await until('an answer', () => answers(send));
  });

  it('hangs with connections that are open and with new ones, until it is restored', async () => {
    const { send, close } = await connectPlainly(proxy.port, { reconnectMs });
    onTestFinished(close);
    proxy.hang();
    const answer = send('PING');
    const another = connectPlainly(proxy.port, { reconnectMs });
    expect(await within(100, answer)).toBe('nothing');
    expect(await within(0, another)).toBe('nothing');
    await proxy.restore();
    // The client connects again, and sends it again.
    expect(await answer).toBe('PONG');
    await expect(another).rejects.toThrow('Connection is closed.');
  });

  it('drops what it holds back with the connection', async () => {
    const { send, close } = await connectPlainly(proxy.port, { reconnectMs });
    onTestFinished(close);
    // Its timer would be found when the file ends.
    proxy.delay(60_000);
    const answer = send('PING');
    expect(await within(50, answer)).toBe('nothing');
    await proxy.cut();
    await proxy.restore();
    expect(await answer).toBe('PONG');
  });

  it('drops its clients when the server is gone, and those that come then', async () => {
    const { client, close } = await connectPlainly(proxy.port, { reconnectMs });
    onTestFinished(close);
    const dropped = new Promise((resolve) => client.once('close', resolve));
    await redis.kill();
    await dropped;
    const late = connect(proxy.port, '127.0.0.1');
    await once(late, 'close');
    await redis.restart();
  });
});

describeWithRedis('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it.each(clusterConnectors)('$name sends to each of its servers, and subscribes', async ({ connect }) => {
    const { send, subscriber, close } = await connect(cluster.port, { reconnectMs });
    onTestFinished(close);
    for (let number = 0; number < 30; number += 1) {
      expect(await send('SET', `key ${number}`, String(number))).toBe('OK');
      expect(await send('GET', `key ${number}`)).toBe(String(number));
    }
    for (const { port } of cluster.servers) expect(await size(port)).toBeGreaterThan(0);
    const { heard } = await listen(await subscriber());
    await send('PUBLISH', 'channel', 'news');
    expect(await heard).toBe('news');
  });
});

describeWithRedis('a master, its replica and a Sentinel', () => {
  let redis: RedisSentinel;
  beforeAll(async () => {
    redis = await startRedisSentinel();
  });
  afterAll(() => redis.stop());

  it('every client follows to the new master', async () => {
    const all = await Promise.all(
      sentinelConnectors.map(({ connect }) => connect(redis.port, { reconnectMs })),
    );
    for (const { close } of all) onTestFinished(close);
    const before = redis.master.port;
    expect(await masterPort(redis.port)).toBe(before);
    for (const { send } of all) expect(await send('SET', 'key', 'before')).toBe('OK');
    await redis.failover();
    expect(redis.master.port).not.toBe(before);
    for (const [place, { send, subscriber }] of all.entries()) {
      await until('an answer', () => answers(send));
      await send('SET', `key ${place}`, 'after');
      const { heard } = await listen(await subscriber());
      await send('PUBLISH', 'channel', 'news');
      expect(await heard).toBe('news');
    }
    const { send, close } = await connectPlainly(redis.master.port);
    onTestFinished(close);
    // What was written before may not have reached it.
    expect(await send('EXISTS', ...all.map((_, place) => `key ${place}`))).toBe(all.length);
  });
});

describeWithRedis('a worker', () => {
  let redis: RedisServer;
  let program: WorkerProgram;
  let worker: Worker<Methods>;
  beforeAll(async () => {
    redis = await startRedis();
    program = await bundleWorker(new URL('./harness/example-worker.ts', import.meta.url));
  });
  afterAll(async () => {
    await program.remove();
    await redis.stop();
  });
  beforeEach(async () => {
    worker = await startWorker<Methods>(program, { port: redis.port });
    onTestFinished(worker.stop);
  });

  it('is called, with several calls at a time', async () => {
    const never = worker.call('never');
    expect(await worker.call('set', 'key', 'value')).toBe('OK');
    expect(await worker.call('swapped', new Map([['one', 1]]))).toEqual(new Map([[1, 'one']]));
    const outcome = expect(never).rejects.toMatchObject({ code: 'worker_ended' });
    await worker.stop();
    await outcome;
  });

  it('tells what went wrong, with its code', async () => {
    await expect(worker.call('fail')).rejects.toMatchObject({
      name: 'WorkerError',
      code: 'store_error',
      message: 'As it was asked to.',
    });
    await expect(worker.call('toString' as 'never')).rejects.toThrow('no method toString');
  });

  it('does nothing while it is paused, and then goes on', async () => {
    worker.pause();
    const before = worker.call('ticks');
    expect(await within(100, before)).toBe('nothing');
    worker.resume();
    const ticks = await before;
    await until('further ticks', async () => (await worker.call('ticks')) > ticks);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('ends of %s, and says so', async (signal) => {
    const outcome = expect(worker.call('never')).rejects.toThrow(signal);
    await worker.kill(signal);
    await outcome;
    await expect(worker.call('ticks')).rejects.toMatchObject({ code: 'worker_ended' });
    expect(isAlive(worker.pid)).toBe(false);
  });

  it('ends while it is paused', async () => {
    worker.pause();
    await worker.stop();
    expect(isAlive(worker.pid)).toBe(false);
  });

  it('leaves no server behind when it is killed, not even one that is paused', async () => {
    const { port, folder } = await worker.call('startPausedRedis');
    expect(await accepts(port)).toBe(true);
    expect(existsSync(folder)).toBe(true);
    await worker.kill();
    await until('an end of the server', async () => !(await accepts(port)));
    await until('an end of its folder', () => !existsSync(folder));
  });

  it('does not start with a program that fails', async () => {
    await expect(startWorker(program, { port: 'none' })).rejects.toThrow('ERR_SOCKET_BAD_PORT');
  });
});

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Subscribes with a client of either library. */
async function listen(subscriber: unknown): Promise<{ heard: Promise<string> }> {
  let hear!: (message: string) => void;
  const heard = new Promise<string>((resolve) => (hear = resolve));
  if (isIoredis(subscriber)) {
    subscriber.on('message', (_channel, message) => hear(message));
    await subscriber.subscribe('channel');
  } else {
    await (subscriber as NodeRedisSubscriber).subscribe('channel', hear);
  }
  return { heard };
}

interface NodeRedisSubscriber {
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
}

function isIoredis(client: unknown): client is Redis {
  return typeof (client as { callBuffer?: unknown }).callBuffer === 'function';
}

async function answers(send: (command: string) => Promise<unknown>): Promise<boolean> {
  // A client of a cluster or of Sentinels may find only in its next try where the server is now.
  return send('PING').then(
    (answer) => answer === 'PONG',
    () => false,
  );
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'nothing'> {
  return Promise.race([promise, passed(ms, 'nothing' as const)]);
}

async function size(port: number): Promise<number> {
  const { send, close } = await connectPlainly(port);
  onTestFinished(close);
  return Number(await send('DBSIZE'));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
