/**
 * A client of node-redis 5 or 6 (`createClient`, `createClientPool`, `createSentinel`, `createCluster`) or of ioredis 5 or 6
 * (`Redis`, with Sentinels too, and `Cluster`). It belongs to the application, which connects it and closes it.
 */
export type RedisClient = NodeRedisClient | IoredisClient;

/** A connection of its own to subscribe with: a client of `createClient` of node-redis, or a `Redis` of ioredis. */
export type RedisSubscriber = RedisClient & {
  subscribe(...args: never[]): Promise<unknown>;
  unsubscribe(...args: never[]): Promise<unknown>;
  ping(...args: never[]): Promise<unknown>;
  on(...args: never[]): unknown;
  off(...args: never[]): unknown;
};

/** What of node-redis is used. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>;
  withTypeMapping(...args: never[]): unknown;
}

/** What of ioredis is used. */
export interface IoredisClient {
  callBuffer(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
}

/** Which library a client is of, and how it reaches its servers; `undefined` for what is none of them. */
export function kindOf(client: unknown): ClientKind | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  const has = (method: string) => typeof (client as Record<string, unknown>)[method] === 'function';
  if (has('callBuffer')) {
    return (client as { isCluster?: unknown }).isCluster === true ? 'ioredis-cluster' : 'ioredis';
  }
  // Version 4 has the one and not the other, and gives values back in another way.
  if (!has('sendCommand') || !has('withTypeMapping')) return undefined;
  if (has('getSlotRandomNode')) return 'node-redis-cluster';
  return has('getMasterNode') ? 'node-redis-sentinel' : 'node-redis';
}

export type ClientKind =
  'ioredis' | 'ioredis-cluster' | 'node-redis' | 'node-redis-cluster' | 'node-redis-sentinel';
