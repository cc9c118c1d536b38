import { connectPlainly } from './clients.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { until } from './until.js';

/** A cluster without replicas. */
export interface RedisCluster {
  /** The port of its first server, from which clients learn of the others. */
  readonly port: number;
  /** Its masters, each with a third of the slots: the first has slot 0. */
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

/** Starts three masters; resolves when each of them says that the cluster is whole, which takes Redis two seconds. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const _ of slots) servers.push(await startRedis({ config }));
    const port = servers[0]!.port;
    await Promise.all(servers.map((server, place) => prepare(server, slots[place]!, place)));
    // Not before each of them has its epoch: one that knows another takes none.
    await Promise.all(servers.slice(1).map((server) => join(server, port)));
    await Promise.all(servers.map(untilWhole));
    return { port, servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const config = [
  'cluster-enabled yes',
  'cluster-config-file nodes.conf',
  'cluster-node-timeout 1000',
  // It would learn that from those it meets, and tell clients nothing until then.
  'cluster-announce-ip 127.0.0.1',
];

const slots = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const;

async function prepare(
  { port }: RedisServer,
  [first, last]: readonly [number, number],
  place: number,
): Promise<void> {
  const { send, close } = await connectPlainly(port);
  try {
    const own = Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
    await send('CLUSTER', 'ADDSLOTS', ...own);
    // Or they would first have to find out whose word counts.
    await send('CLUSTER', 'SET-CONFIG-EPOCH', String(place + 1));
  } finally {
    await close();
  }
}

async function join({ port }: RedisServer, metPort: number): Promise<void> {
  const { send, close } = await connectPlainly(port);
  try {
    await send('CLUSTER', 'MEET', '127.0.0.1', String(metPort));
  } finally {
    await close();
  }
}

async function untilWhole({ port }: RedisServer): Promise<void> {
  const { send, close } = await connectPlainly(port);
  try {
    await until('a whole cluster', async () => {
      const info = String(await send('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${slots.length}`);
    });
  } finally {
    await close();
  }
}
