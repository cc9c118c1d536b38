/** What a worker can be asked to do. Arguments and results travel as `structuredClone` copies them. */
export type WorkerMethods = Readonly<Record<string, (...args: never[]) => unknown>>;

/** What a worker is sent. */
export interface WorkerCall {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a worker sends: that it is ready, and the outcome of each call. */
export type WorkerReply =
  | { readonly isReady: true }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string | undefined; readonly message: string } };

/**
 * In the program of a worker: answers the calls of the process that started it, several at a time, and ends with it.
 *
 * @example
 * const methods = { add: async (one: number, other: number) => one + other };
 * export type Methods = typeof methods;
 * serveMethods(methods);
 */
export function serveMethods(methods: WorkerMethods): void {
  process.on('disconnect', () => process.exit());
  process.on('message', (call: WorkerCall) => {
    answer(methods, call).then(send, (error: unknown) => send({ id: call.id, error: described(error) }));
  });
  send({ isReady: true });
}

/** In the program of a worker: the settings that `startWorker` was given for it. */
export function workerSettings(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

async function answer(methods: WorkerMethods, { id, method, args }: WorkerCall): Promise<WorkerReply> {
  const named = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (named === undefined) throw new Error(`The worker has no method ${method}.`);
  return { id, result: await named(...(args as never[])) };
}

function described(error: unknown): { code: string | undefined; message: string } {
  const { code, message = String(error) } = error as { code?: unknown; message?: string };
  return { code: typeof code === 'string' ? code : undefined, message };
}

function send(reply: WorkerReply): void {
  if (process.send === undefined) throw new Error('A worker is started by startWorker.');
  process.send(reply);
}
