import { fork } from 'node:child_process';
import { once } from 'node:events';
import { guarded } from './guarded.js';
import type { WorkerProgram } from './worker-program.js';
import type { WorkerCall, WorkerMethods, WorkerReply } from './worker.js';

/** A process of its own, which does what it is asked to. */
export interface Worker<Methods extends WorkerMethods> {
  readonly pid: number;
  /** Rejects with what the method threw, as a `WorkerError`, or with the code `worker_ended` when there will be no answer. */
  call<Name extends keyof Methods & string>(
    name: Name,
    ...args: Parameters<Methods[Name]>
  ): Promise<Awaited<ReturnType<Methods[Name]>>>;
  /** Stops it where it is, with its timers, between any two instructions. */
  pause(): void;
  resume(): void;
  /** Resolves when it has ended; a paused one too ends of SIGKILL, the default. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends it at once. */
  stop(): Promise<void>;
}

/** What a method of a worker threw. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';

  constructor(
    readonly code: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Starts a worker; resolves when it has called `serveMethods`. `settings` are for `workerSettings`, and go there as JSON. What it
 * says on stderr is told by the error when it ends.
 *
 * @example
 * import type { Methods } from './workers/counter.js';
 *
 * const worker = await startWorker<Methods>(program, { port: redis.port });
 * expect(await worker.call('add', 1, 2)).toBe(3);
 */
export async function startWorker<Methods extends WorkerMethods>(
  program: WorkerProgram,
  settings?: unknown,
): Promise<Worker<Methods>> {
  const child = guarded(() =>
    fork(program.path, settings === undefined ? [] : [JSON.stringify(settings)], {
      // Not those of the test runner.
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      // As it copies Map, Date, undefined and bytes.
      serialization: 'advanced',
      // In a group of its own: Ctrl-C ends the tests, which end it.
      detached: true,
    }),
  );
  const calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (reply: WorkerReply) => {
    if (!('id' in reply)) return;
    const call = calls.get(reply.id);
    calls.delete(reply.id);
    if ('error' in reply) call?.reject(new WorkerError(reply.error.code, reply.error.message));
    else call?.resolve(reply.result);
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)));
  const hasEnded = () => {
    const how = child.signalCode ?? `exit code ${child.exitCode}`;
    return new WorkerError('worker_ended', `The worker has ended (${how}). ${said}`.trimEnd());
  };
  // Its last messages come before it disconnects, and may come after it has ended.
  const ended = Promise.all([once(child, 'close'), once(child, 'disconnect')]).then(() => {
    for (const { reject } of calls.values()) reject(hasEnded());
    calls.clear();
  });
  const call = async (method: string, ...args: unknown[]): Promise<unknown> => {
    if (!isRunning()) throw hasEnded();
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      child.send({ id, method, args } satisfies WorkerCall, (error) => {
        // It has ended in the meantime.
        if (error !== null) reject(hasEnded());
      });
    });
  };
  const signal = (name: NodeJS.Signals) => {
    if (!isRunning()) throw hasEnded();
    child.kill(name);
  };
  const kill = async (name: NodeJS.Signals = 'SIGKILL') => {
    if (isRunning()) child.kill(name);
    await ended;
  };

  await Promise.race([
    once(child, 'message'),
    ended.then(() => {
      throw hasEnded();
    }),
  ]);
  return {
    pid: child.pid!,
    call: call as Worker<Methods>['call'],
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill,
    stop: () => kill(),
  };
}
