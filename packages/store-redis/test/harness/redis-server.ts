import { startRedisProcess, type RedisProcess } from './redis-process.js';

export interface RedisServer extends RedisProcess {
  /** Its address, with the password if it has one. */
  readonly url: string;
}

export interface RedisServerOptions {
  readonly password?: string;
  /** Further lines of its configuration, such as `maxmemory 2mb`. */
  readonly config?: readonly string[];
}

/**
 * Starts a Redis server that keeps nothing on disk.
 *
 * @example
 * let redis: RedisServer;
 * beforeAll(async () => (redis = await startRedis()));
 * afterAll(() => redis.stop());
 */
export async function startRedis({ password, config = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedisProcess({
    config: [
      'save ""',
      'appendonly no',
      // A replica is given the data at once, and not when others might have asked too.
      'repl-diskless-sync-delay 0',
      ...(password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`]),
      ...config,
    ],
    ready: /Ready to accept connections/,
  });
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const url = `redis://${login}127.0.0.1:${server.port}`;
  // Not spread: its process id changes.
  return Object.defineProperty(server, 'url', { value: url, enumerable: true }) as RedisServer;
}
