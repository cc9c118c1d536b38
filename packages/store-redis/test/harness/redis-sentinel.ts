import { connectPlainly, masterName, masterPort } from './clients.js';
import { startRedisProcess, type RedisProcess } from './redis-process.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { until } from './until.js';

/** A master and its replica, watched by one Sentinel. */
export interface RedisSentinel {
  /** The Sentinel's port; it calls the master `masterName`. */
  readonly port: number;
  readonly sentinel: RedisProcess;
  /** Who is the master now. */
  readonly master: RedisServer;
  /** Who is not: a replica, or a master that was killed. */
  readonly replica: RedisServer;
  /** Kills the master, and waits until its replica has taken its place. Once. */
  failover(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them; resolves when the Sentinel could do without the master. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const processes: RedisProcess[] = [];
  const started = <One extends RedisProcess>(one: One) => {
    processes.push(one);
    return one;
  };
  const stop = async () => {
    await Promise.all(processes.map((one) => one.stop()));
  };
  try {
    let master = started(await startRedis());
    let replica = started(await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] }));
    // Before the Sentinel is there: it asks a master for its replicas when it starts, and then every ten seconds.
    await untilSaid('a replica that is up to date', master, ['INFO', 'replication'], /state=online/);
    const sentinel = started(await startRedisProcess(watching(master)));
    const { port } = sentinel;
    await untilSaid(
      'a replica that can be promoted',
      sentinel,
      ['SENTINEL', 'REPLICAS', masterName],
      /,flags,slave,/,
    );
    return {
      port,
      sentinel,
      get master() {
        return master;
      },
      get replica() {
        return replica;
      },
      async failover() {
        await master.kill();
        await until('a new master', async () => (await masterPort(port)) === replica.port);
        [master, replica] = [replica, master];
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function watching({ port }: RedisServer): Parameters<typeof startRedisProcess>[0] {
  return {
    config: [
      `sentinel monitor ${masterName} 127.0.0.1 ${port} 1`,
      `sentinel down-after-milliseconds ${masterName} 300`,
      `sentinel failover-timeout ${masterName} 2000`,
    ],
    args: ['--sentinel'],
    ready: /\+monitor master/,
  };
}

async function untilSaid(
  what: string,
  { port }: RedisProcess,
  asked: [string, ...string[]],
  answer: RegExp,
): Promise<void> {
  const { send, close } = await connectPlainly(port);
  try {
    await until(what, async () => answer.test(String(await send(...asked))));
  } finally {
    await close();
  }
}
