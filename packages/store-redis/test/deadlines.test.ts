import { execFile } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createDeadlines } from '../src/deadlines.js';
import { redisStore } from '../src/index.js';
import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { bundleWorker } from './harness/worker-program.js';

const ms = 250;
const now = () => performance.now();

describe('deadlines', () => {
  beforeEach(() => {
    const toFake = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] as const;
    vi.useFakeTimers({ toFake: [...toFake] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('end in the order in which they were started, each in its time', () => {
    const deadlines = createDeadlines(ms, now);
    const startedAt = now();
    const ended: { readonly which: number; readonly afterMs: number }[] = [];
    for (let which = 0; which < 10; which += 1) {
      deadlines.start(() => ended.push({ which, afterMs: now() - startedAt }));
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(ms);
    expect(ended.map(({ which }) => which)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const { which, afterMs } of ended) {
      expect(afterMs).toBeGreaterThanOrEqual(which * 10 + ms);
      expect(afterMs).toBeLessThanOrEqual(which * 10 + ms + 1);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not end when they were called off, once or twice', () => {
    const deadlines = createDeadlines(ms, now);
    const ended: number[] = [];
    const stops = Array.from({ length: 9 }, (_, which) => deadlines.start(() => ended.push(which)));
    for (const which of [0, 3, 4, 8]) {
      stops[which]!();
      stops[which]!();
    }
    vi.advanceTimersByTime(2 * ms);
    expect(ended).toEqual([1, 2, 5, 6, 7]);
    for (const stop of stops) stop();
    deadlines.start(() => ended.push(9));
    vi.advanceTimersByTime(2 * ms);
    expect(ended.at(-1)).toBe(9);
  });

  it('have one timer, and none that nobody waits for', () => {
    const deadlines = createDeadlines(ms, now);
    let ended = 0;
    const stops: (() => void)[] = [];
    for (let which = 0; which < 5_000; which += 1) {
      stops.push(deadlines.start(() => (ended += 1)));
      if (which % 100 === 0) vi.advanceTimersByTime(1);
      expect(vi.getTimerCount()).toBe(1);
    }
    for (const stop of stops.slice(1_000)) stop();
    vi.advanceTimersByTime(ms + 50);
    expect(ended).toBe(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that are started and called off while others end are heeded', () => {
    const deadlines = createDeadlines(ms, now);
    const ended: string[] = [];
    let stopSecond = () => {};
    deadlines.start(() => {
      ended.push('first');
      stopSecond();
      deadlines.start(() => ended.push('third'));
    });
    stopSecond = deadlines.start(() => ended.push('second'));
    vi.advanceTimersByTime(ms + 1);
    expect(ended).toEqual(['first']);
    vi.advanceTimersByTime(ms + 1);
    expect(ended).toEqual(['first', 'third']);
  });
});

describe('deadlines of a process', () => {
  it('keep it alive while one is waited for, and not a moment longer', async () => {
    const program = await bundleWorker(new URL('./workers/waits.ts', import.meta.url));
    onTestFinished(() => program.remove());
    const { stdout } = await promisify(execFile)(process.execPath, [program.path]);
    const { endedAfterMs, exitAfterMs } = JSON.parse(stdout) as Record<
      'endedAfterMs' | 'exitAfterMs',
      number
    >;
    expect(endedAfterMs).toBeGreaterThanOrEqual(200);
    // The last was called off at once, and its time was a minute.
    expect(exitAfterMs).toBeLessThan(endedAfterMs + 1_000);
  });

  it('hold on to nothing but what is waited for', () => {
    const deadlines = createDeadlines(60_000, now);
    const stopFirst = deadlines.start(() => {});
    const round = () => {
      for (let which = 0; which < 500_000; which += 1) deadlines.start(() => {})();
    };
    round();
    const before = heapBytes();
    for (let rounds = 0; rounds < 4; rounds += 1) round();
    const grownBytes = heapBytes() - before;
    stopFirst();
    // Were each kept for its time, it would be 100 MB.
    expect(grownBytes).toBeLessThan(5e6);
  });
});

describeWithRedis('a process that was busy', () => {
  const deadlineMs = 100;
  let redis: RedisServer;
  beforeAll(async () => (redis = await startRedis()));
  afterAll(() => redis.stop());

  describe.each(serverConnectors)('$name', ({ connect }) => {
    async function opened() {
      const { client, close } = await connect(redis.port);
      onTestFinished(close);
      const store = redisStore({ client, secrets: ['a secret of the tests: 32 bytes or more'], deadlineMs });
      await store.set('key', 'value', { ttlMs: 60_000 });
      return store;
    }

    it('X3: counts the answers that came meanwhile, and the breaker stays closed', async () => {
      const store = await opened();
      for (let round = 0; round < 8; round += 1) {
        const calls = Array.from({ length: 10 }, () => store.get('key'));
        // They are sent, and answered while nobody looks.
        await turn();
        busyFor(round % 2 === 0 ? 2 * deadlineMs : deadlineMs + 10);
        expect(await Promise.all(calls)).toEqual(Array(10).fill('value'));
      }
    });

    it('X3: gives those their time that it was too busy to send', async () => {
      const store = await opened();
      for (let round = 0; round < 6; round += 1) {
        const calls = Array.from({ length: 10 }, () => store.get('key'));
        busyFor(2 * deadlineMs);
        expect(await Promise.all(calls)).toEqual(Array(10).fill('value'));
      }
    });

    it('X3: ends those that are not answered nevertheless', async () => {
      const store = await opened();
      redis.pause();
      onTestFinished(() => redis.resume());
      const startedAt = now();
      const call = store.get('key');
      busyFor(2 * deadlineMs);
      await expect(call).rejects.toMatchObject({ code: 'store_error' });
      expect(now() - startedAt).toBeLessThan(5 * deadlineMs);
    });
  });
});

function busyFor(spanMs: number): void {
  const endsAt = now() + spanMs;
  while (now() < endsAt);
}

/** What is in use, and not what is only waiting to be collected. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
