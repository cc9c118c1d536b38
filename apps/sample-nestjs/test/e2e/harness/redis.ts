import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createClient, RESP_TYPES } from 'redis';
import { describe, it } from 'vitest';

/** A `redis-server` with a password, on a port of this machine. It keeps nothing on disk. */
export interface RedisServer {
  /** Its address, with the password. */
  readonly url: string;
  readonly password: string;
  /** Stops it where it is: connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it at once. Calling it again does nothing. */
  kill(): Promise<void>;
  /** Starts it again, where it was and with nothing in it. */
  start(): Promise<void>;
  /** All that it holds, by name: each value with all its parts, as bytes that stand for themselves. */
  contents(): Promise<Map<string, string>>;
}

export async function startRedis(): Promise<RedisServer> {
  const password = 'redis-p4ssword';
  // Below the ports that connections are given, so that it is still free when the server is started again.
  const port = randomInt(12_000, 22_000);
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const settings = {
    bind: '127.0.0.1',
    port,
    requirepass: password,
    save: '',
    rdbcompression: 'no',
    dir: '/tmp',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let server = await run(args);
  return {
    url,
    password,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill: () => end(server),
    async start() {
      server = await run(args);
    },
    async contents() {
      await using client = await connected(url);
      const names = await client.keys('*');
      const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      const values = await Promise.all(names.map((name) => raw.dump(name)));
      return new Map(names.map((name, at) => [name, values[at]?.toString('latin1') ?? '']));
    },
  };
}

/** `describe` for tests that need the program `redis-server`. Where it is missing they are skipped; with `CI` set they fail. */
export function describeWithRedis(name: string, body: () => void): void {
  const isInstalled = spawnSync('redis-server', ['--version']).status === 0;
  if (isInstalled) {
    describe(name, body);
  } else if (process.env.CI) {
    it(name, () => {
      throw new Error(missing);
    });
  } else {
    process.stderr.write(`SKIPPED: ${missing}\n`);
    describe.skip(name, body);
  }
}

const missing =
  'the tests with Redis need the program redis-server: `apt-get install redis-server`, or `brew install redis`.';

async function run(args: readonly string[]) {
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // No test runs on without it, nor it without them.
  const killed = () => void server.kill('SIGKILL');
  process.once('exit', killed);
  server.once('exit', () => process.off('exit', killed));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('close', () => {
      reject(new Error(`redis-server ended: ${said}`));
    });
  });
  return server;
}

async function end(server: Awaited<ReturnType<typeof run>>): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'close');
  server.kill('SIGKILL');
  await ended;
}

async function connected(url: string) {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  return Object.assign(client, {
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  });
}
