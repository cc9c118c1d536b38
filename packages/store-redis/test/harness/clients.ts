import { once, type EventEmitter } from 'node:events';
import * as ioredis6 from 'ioredis';
import * as ioredis5 from 'ioredis-5';
import * as nodeRedis6 from 'redis';
import * as nodeRedis5 from 'redis-5';

/** A library in one of its versions, used in one way: a row for `describe.each`. */
export interface Connector<Client = unknown, Subscriber = unknown> {
  /** Such as `node-redis 6`. */
  readonly name: string;
  /** Resolves when it can send. `port` is that of the server, of one server of the cluster, or of the Sentinel. */
  connect(port: number, options?: ConnectOptions): Promise<Connected<Client, Subscriber>>;
}

export interface ConnectOptions {
  readonly password?: string;
  /** How long it waits before it connects again. Default: as its library does, which can be seconds. */
  readonly reconnectMs?: number;
}

/** A client that is connected. Its errors are heard and forgotten: they are told to those whose commands fail. */
export interface Connected<Client, Subscriber> {
  readonly client: Client;
  /** Sends a command as it stands; where it has a key, that is the first argument. */
  send(command: string, ...args: string[]): Promise<unknown>;
  /** Another connection, of a kind that subscribes: it is closed with this one. */
  subscriber(): Promise<Subscriber>;
  /** Drops all connections at once; what is in flight is abandoned. */
  close(): Promise<void>;
}

/** What Sentinels call the master that they watch. */
export const masterName = 'latchkey';

/** For one server. */
export const serverConnectors = [
  connector('node-redis 6', nodeRedisServer6),
  connector('node-redis 5', nodeRedisServer5),
  connector('ioredis 6', ioredisServer6),
  connector('ioredis 5', ioredisServer5),
] as const;

/** For one server: the pools of node-redis, which have several connections. */
export const poolConnectors = [
  connector(
    'node-redis 6 pool',
    (port, options) =>
      nodeRedis(nodeRedis6.createClientPool(nodeRedisOptions(port, options)), (client, args) =>
        client.sendCommand(args),
      ),
    nodeRedisServer6,
  ),
  connector(
    'node-redis 5 pool',
    (port, options) =>
      nodeRedis(nodeRedis5.createClientPool(nodeRedisOptions(port, options)), (client, args) =>
        client.sendCommand(args),
      ),
    nodeRedisServer5,
  ),
] as const;

/** For a cluster; they subscribe at one of its servers, which hears what is published at the others. */
export const clusterConnectors = [
  connector(
    'node-redis 6 cluster',
    (port, options) =>
      nodeRedis(nodeRedis6.createCluster(nodeRedisCluster(port, options)), (client, args) =>
        client.sendCommand(args[1], false, args),
      ),
    nodeRedisServer6,
  ),
  connector(
    'node-redis 5 cluster',
    (port, options) =>
      nodeRedis(nodeRedis5.createCluster(nodeRedisCluster(port, options)), (client, args) =>
        client.sendCommand(args[1], false, args),
      ),
    nodeRedisServer5,
  ),
  connector(
    'ioredis 6 cluster',
    (port, options) =>
      ioredis(new ioredis6.Cluster([{ host, port }], ioredisCluster(options)), (client, command, args) =>
        client.call(command, ...args),
      ),
    ioredisServer6,
  ),
  connector(
    'ioredis 5 cluster',
    (port, options) =>
      ioredis(new ioredis5.Cluster([{ host, port }], ioredisCluster(options)), (client, command, args) =>
        client.call(command, ...args),
      ),
    ioredisServer5,
  ),
] as const;

/** For a master that Sentinels watch; those of node-redis subscribe at who is the master when they are asked to. */
export const sentinelConnectors = [
  connector(
    'node-redis 6 sentinel',
    (port, options) =>
      nodeRedis(nodeRedis6.createSentinel(nodeRedisSentinel(port, options)), (client, args) =>
        client.sendCommand(false, args),
      ),
    async (port, options) => nodeRedisServer6(await masterPort(port), options),
  ),
  connector(
    'node-redis 5 sentinel',
    (port, options) =>
      nodeRedis(nodeRedis5.createSentinel(nodeRedisSentinel(port, options)), (client, args) =>
        client.sendCommand(false, args),
      ),
    async (port, options) => nodeRedisServer5(await masterPort(port), options),
  ),
  connector('ioredis 6 sentinel', (port, options) =>
    ioredis(new ioredis6.Redis(ioredisSentinel(port, options)), (client, command, args) =>
      client.call(command, ...args),
    ),
  ),
  connector('ioredis 5 sentinel', (port, options) =>
    ioredis(new ioredis5.Redis(ioredisSentinel(port, options)), (client, command, args) =>
      client.call(command, ...args),
    ),
  ),
] as const;

/** A client of any of these kinds. */
export type AnyClient = Awaited<
  ReturnType<
    (
      typeof serverConnectors | typeof poolConnectors | typeof clusterConnectors | typeof sentinelConnectors
    )[number]['connect']
  >
>['client'];

/** Connects to a server of whatever kind, to tell it something or to ask how it is. */
export const { connect: connectPlainly } = connector('plain', ioredisServer6);

/** The port of the master, as the Sentinel at `sentinelPort` knows it. */
export async function masterPort(sentinelPort: number): Promise<number> {
  const { send, close } = await connectPlainly(sentinelPort);
  try {
    const address = await send('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName);
    return Number((address as string[])[1]);
  } finally {
    await close();
  }
}

function nodeRedisServer6(port: number, options: ConnectOptions) {
  return nodeRedis(nodeRedis6.createClient(nodeRedisOptions(port, options)), (client, args) =>
    client.sendCommand(args),
  );
}

function nodeRedisServer5(port: number, options: ConnectOptions) {
  return nodeRedis(nodeRedis5.createClient(nodeRedisOptions(port, options)), (client, args) =>
    client.sendCommand(args),
  );
}

function ioredisServer6(port: number, options: ConnectOptions) {
  return ioredis(new ioredis6.Redis(ioredisOptions(port, options)), (client, command, args) =>
    client.call(command, ...args),
  );
}

function ioredisServer5(port: number, options: ConnectOptions) {
  return ioredis(new ioredis5.Redis(ioredisOptions(port, options)), (client, command, args) =>
    client.call(command, ...args),
  );
}

const host = '127.0.0.1';

function nodeRedisOptions(port: number, { password, reconnectMs }: ConnectOptions) {
  return {
    socket: { host, port, ...(reconnectMs !== undefined && { reconnectStrategy: () => reconnectMs }) },
    ...(password !== undefined && { password }),
  };
}

function nodeRedisCluster(port: number, { password, reconnectMs }: ConnectOptions) {
  return {
    rootNodes: [{ socket: { host, port } }],
    defaults: {
      ...(password !== undefined && { password }),
      ...(reconnectMs !== undefined && { socket: { reconnectStrategy: () => reconnectMs } }),
    },
  };
}

function nodeRedisSentinel(port: number, { password, reconnectMs }: ConnectOptions) {
  return {
    name: masterName,
    sentinelRootNodes: [{ host, port }],
    nodeClientOptions: {
      ...(password !== undefined && { password }),
      ...(reconnectMs !== undefined && { socket: { reconnectStrategy: () => reconnectMs } }),
    },
  };
}

// How long it waits, when it is closed, for a server that may be paused to close the connection too.
const disconnectTimeout = 50;

function ioredisOptions(port: number, { password, reconnectMs }: ConnectOptions) {
  return {
    host,
    port,
    lazyConnect: true,
    disconnectTimeout,
    ...(password !== undefined && { password }),
    ...(reconnectMs !== undefined && { retryStrategy: () => reconnectMs }),
  };
}

function ioredisCluster({ password, reconnectMs }: ConnectOptions) {
  return {
    lazyConnect: true,
    redisOptions: { disconnectTimeout, ...(password !== undefined && { password }) },
    ...(reconnectMs !== undefined && { clusterRetryStrategy: () => reconnectMs }),
  };
}

function ioredisSentinel(port: number, { password, reconnectMs }: ConnectOptions) {
  return {
    name: masterName,
    sentinels: [{ host, port }],
    lazyConnect: true,
    disconnectTimeout,
    ...(password !== undefined && { password }),
    ...(reconnectMs !== undefined && {
      retryStrategy: () => reconnectMs,
      sentinelRetryStrategy: () => reconnectMs,
    }),
  };
}

/** A client that is not yet connected, and what is done to it. */
interface Opened<Client> {
  readonly client: Client;
  connect(): Promise<unknown>;
  send(command: string, args: string[]): Promise<unknown>;
  end(): Promise<unknown>;
}

function connector<Client, Subscriber = Client>(
  name: string,
  open: (port: number, options: ConnectOptions) => Opened<Client>,
  openSubscriber?: (
    port: number,
    options: ConnectOptions,
  ) => Opened<Subscriber> | Promise<Opened<Subscriber>>,
): Connector<Client, Subscriber> {
  return {
    name,
    async connect(port, options = {}) {
      const opened: Opened<unknown>[] = [];
      const close = async () => {
        await Promise.all(opened.splice(0).map(({ end }) => end()));
      };
      const connected = async <One>(one: Opened<One>) => {
        opened.push(one);
        try {
          await one.connect();
        } catch (error) {
          await close();
          throw error;
        }
        return one;
      };
      const { client, send } = await connected(open(port, options));
      return {
        client,
        send: (command, ...args) => send(command, args),
        async subscriber() {
          const another = await (openSubscriber ?? open)(port, options);
          return (await connected(another as Opened<Subscriber>)).client;
        },
        close,
      };
    },
  };
}

interface NodeRedisClient extends EventEmitter {
  readonly isOpen: boolean;
  /** Of a pool. */
  readonly cleanupTimeout?: NodeJS.Timeout | undefined;
  connect(): Promise<unknown>;
  destroy(): void | Promise<void>;
}

function nodeRedis<Client extends NodeRedisClient>(
  client: Client,
  send: (client: Client, args: string[]) => Promise<unknown>,
): Opened<Client> {
  // Without it, an error ends the process.
  client.on('error', () => {});
  return {
    client,
    connect: () => client.connect(),
    send: (command, args) => send(client, [command, ...args]),
    // `close` would wait for answers, which a paused server does not give.
    async end() {
      if (client.isOpen) await client.destroy();
      // A pool that is destroyed leaves it running.
      clearTimeout(client.cleanupTimeout);
    },
  };
}

interface IoredisClient extends EventEmitter {
  readonly status: string;
  connect(): Promise<void>;
  disconnect(): void;
}

function ioredis<Client extends IoredisClient>(
  client: Client,
  send: (client: Client, command: string, args: string[]) => Promise<unknown>,
): Opened<Client> {
  // Without it, an error is written to the console.
  client.on('error', () => {});
  return {
    client,
    connect: () => client.connect(),
    send: (command, args) => send(client, command, args),
    async end() {
      // A client that waits to connect again ends without a word.
      const isConnected = !['end', 'reconnecting'].includes(client.status);
      const ended = isConnected ? once(client, 'end') : undefined;
      client.disconnect();
      await ended;
    },
  };
}
