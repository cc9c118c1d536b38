import { LatchkeyError } from '@latchkey/core';
import { connectPlainly } from './clients.js';
import { startRedis } from './redis-server.js';
import { serveMethods, workerSettings } from './worker.js';

// What the harness is tried with.
const { port } = workerSettings() as { port: number };
const { send } = await connectPlainly(port);

const methods = {
  set: (key: string, value: string) => send('SET', key, value),
  swapped: (map: Map<string, number>) => new Map([...map].map(([key, value]) => [value, key])),
  never: () => new Promise<never>(() => {}),
  fail: () => {
    throw new LatchkeyError('store_error', { message: 'As it was asked to.' });
  },
  ticks: () => ticks,
  startPausedRedis: async () => {
    const redis = await startRedis();
    const connected = await connectPlainly(redis.port);
    const folder = String(((await connected.send('CONFIG', 'GET', 'dir')) as string[])[1]);
    await connected.close();
    redis.pause();
    return { port: redis.port, folder };
  },
};
export type Methods = typeof methods;

let ticks = 0;
setInterval(() => (ticks += 1), 5);
serveMethods(methods);
