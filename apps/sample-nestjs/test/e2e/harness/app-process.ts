import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder with the application's `dist`: that of this workspace, or one built from packed packages. */
    appDir: string;
  }
}

/** What the application is told by its environment. It is given nothing of the test's own but `PATH`. */
export type AppEnv = Readonly<Record<string, string>>;

/** The application, listening, as a process of its own. */
export interface AppProcess extends AsyncDisposable {
  readonly origin: string;
  /** All it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Sends SIGTERM and says how the process ended. Calling it again gives the same. */
  stop(): Promise<AppExit>;
}

/** How a process ended. */
export interface AppExit {
  /** It ended itself: with code 0, or by sending itself the signal again once it was done, as Nest does. */
  readonly isClean: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the signal, or from the start where none was sent. */
  readonly tookMs: number;
}

/** Starts the application and waits until it says where it is. Throws with all it wrote where it does not. */
export async function startApp(env: AppEnv): Promise<AppProcess> {
  const running = run({ PORT: '0', ...env });
  const origin = await Promise.race([
    running.said(/^\s*Open (http:\/\/127\.0\.0\.1:\d+)\r?\n/m),
    running.exit,
  ]);
  if (typeof origin !== 'string') throw new Error(`The application ended:\n${origin.stdout}${origin.stderr}`);
  let stopped: Promise<AppExit> | undefined;
  const stop = () => (stopped ??= running.stop());
  return {
    origin,
    stdout: running.stdout,
    stderr: running.stderr,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** Runs the application where it is to end by itself. One that listens instead is ended, and that is an error. */
export async function runApp(env: AppEnv): Promise<AppExit> {
  const running = run(env);
  const outcome = await Promise.race([running.exit, running.said(/^\s*Open (http:\S+)/m)]);
  if (typeof outcome !== 'string') return outcome;
  await running.stop();
  throw new Error(`The application listens at ${outcome}, and should have ended.`);
}

/** Beyond this it hangs: starting takes less than a second, and stopping five at most. */
const startDeadlineMs = 15_000;
const stopDeadlineMs = 12_000;

function run(env: AppEnv) {
  const cwd = inject('appDir');
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(cwd, 'dist/main.js')], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = collected(child, 'stdout');
  const stderr = collected(child, 'stderr');
  let since = startedAt;
  const exit = new Promise<AppExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const isClean = code === 0 || signal === 'SIGTERM';
      resolve({
        isClean,
        code,
        signal,
        stdout: stdout(),
        stderr: stderr(),
        tookMs: performance.now() - since,
      });
    });
  });

  /** The first group of what it writes to stdout. */
  function said(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(stdout())?.[1];
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      const late = setTimeout(() => {
        settle();
        child.kill('SIGKILL');
        reject(new Error(`The application said nothing of ${pattern.source}:\n${stdout()}${stderr()}`));
      }, startDeadlineMs);
      const settle = () => {
        clearTimeout(late);
        child.stdout.off('data', look);
        child.off('close', settle);
      };
      child.stdout.on('data', look);
      child.once('close', settle);
    });
  }

  async function stop(): Promise<AppExit> {
    since = performance.now();
    child.kill('SIGTERM');
    // The exit then says SIGKILL, which no test takes for clean.
    const hung = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
    try {
      return await exit;
    } finally {
      clearTimeout(hung);
    }
  }

  return { stdout, stderr, exit, said, stop };
}

function collected(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}
