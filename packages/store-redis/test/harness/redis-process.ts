import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { guarded } from './guarded.js';
import { withLoopbackPort } from './loopback-port.js';

/** A `redis-server` of the tests' own, on a port of 127.0.0.1 and in a temporary folder. */
export interface RedisProcess {
  readonly port: number;
  /** Another one after `restart()`. */
  readonly pid: number;
  /** Stops it where it is: connections stay open, and nothing is answered. */
  pause(): void;
  /** Lets it go on, and answer what has come in. */
  resume(): void;
  /** Ends it at once; its port refuses connections. */
  kill(): Promise<void>;
  /** Starts it again on the same port, without its data; ends it first if it runs. */
  restart(): Promise<void>;
  /** Ends it and removes what it has written. */
  stop(): Promise<void>;
}

/** How one is started: its configuration, and what it writes when it is ready. */
export interface RedisProgram {
  readonly config: readonly string[];
  readonly args?: readonly string[];
  readonly ready: RegExp;
}

/** Starts one on a free port; resolves when it takes connections. */
export async function startRedisProcess(program: RedisProgram): Promise<RedisProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'));
  try {
    return await withLoopbackPort((port) => startIn(folder, port, program));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(
  folder: string,
  port: number,
  { config, args = [], ready }: RedisProgram,
): Promise<RedisProcess> {
  const file = join(folder, 'redis.conf');
  const start = async () => {
    const fresh = guarded(
      // In a group of its own: Ctrl-C ends the tests, which end it.
      () => spawn('redis-server', [file, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
      folder,
    );
    await untilReady(fresh, ready);
    return fresh;
  };
  await writeFile(file, ['bind 127.0.0.1', `port ${port}`, `dir ${folder}`, ...config, ''].join('\n'));
  let server = await start();

  const pid = () => {
    if (server.pid === undefined) throw new Error('redis-server was not started.');
    return server.pid;
  };
  const isRunning = () => server.exitCode === null && server.signalCode === null;
  const signal = (name: NodeJS.Signals) => {
    if (!isRunning()) throw new Error(`redis-server on port ${port} has ended.`);
    process.kill(pid(), name);
  };
  const kill = async () => {
    if (!isRunning()) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    get pid() {
      return pid();
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill,
    async restart() {
      await kill();
      server = await start();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Server = ChildProcessByStdio<null, Readable, Readable>;

const startMs = 10_000;

/** Waits for its own word that it listens: at its port another program's server could answer. */
async function untilReady(server: Server, ready: RegExp): Promise<void> {
  const streams = [server.stdout, server.stderr];
  let said = '';
  let tooLong: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (how: string, cause?: unknown) => {
        const code = /address already in use/i.test(said) ? 'EADDRINUSE' : undefined;
        const error = new Error(`redis-server ${how}: ${said.slice(-2_000)}`, { cause });
        reject(Object.assign(error, { code }));
      };
      for (const stream of streams) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (ready.test(said)) resolve();
        });
      }
      server.once('error', (error) => fail('cannot be started', error));
      // After its last words.
      server.once('close', () => fail('ended'));
      tooLong = setTimeout(() => {
        server.kill('SIGKILL');
        fail(`was not ready in ${startMs} ms`);
      }, startMs);
    });
  } finally {
    clearTimeout(tooLong);
    for (const stream of streams) {
      // Read on, or the server would stop when the pipe is full.
      stream.removeAllListeners('data').resume();
    }
  }
}
