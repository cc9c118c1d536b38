import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startWorker } from './harness/start-worker.js';
import { bundleWorker, type WorkerProgram } from './harness/worker-program.js';
import type { ApplicationMethods, ApplicationSettings } from './workers/application.js';
import type { TokenSourceMethods, TokenSourceSettings } from './workers/token-source.js';

describeWithRedis('limits that processes keep together', () => {
  let redis: RedisServer;
  let programs: readonly [WorkerProgram, WorkerProgram];
  beforeAll(async () => {
    [redis, ...programs] = await Promise.all([
      startRedis(),
      bundleWorker(new URL('./workers/token-source.ts', import.meta.url)),
      bundleWorker(new URL('./workers/application.ts', import.meta.url)),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([redis.stop(), ...programs.map((program) => program.remove())]);
  });

  it('X6: a wrong password costs 8 processes one login, and one more where it is asked for', async () => {
    await using emulator = await startLclxEmulator();
    await using processes = await started(8, (at) => {
      const client = serverConnectors[at % 2 ? 2 : 0].name;
      const settings: TokenSourceSettings = { port: redis.port, origin: emulator.origin, client };
      return startWorker<TokenSourceMethods>(programs[0], settings);
    });
    const ask = async () => {
      const got = await Promise.all(
        processes.all.map((one) => one.call('getTokens', 'refused', 50, 'wrong')),
      );
      expect(new Set(got.flatMap(({ codes }) => codes))).toEqual(new Set(['invalid_credentials']));
      expect(got.flatMap(({ tokens }) => tokens)).toEqual([]);
    };
    await ask();
    await ask();
    expect(emulator.requests).toHaveLength(1);
    await processes.all[0]!.call('refreshCredentials', 'refused');
    await ask();
    await ask();
    expect(emulator.requests).toHaveLength(2);
  }, 60_000);

  it('X6, S5: of wrong passwords for one account four reach the provider, from all processes together', async () => {
    await using emulator = await startCryptlexEmulator();
    await using processes = await applications(emulator, 4, 'throttle:');
    // Each from a place of its own, as a botnet tries.
    const codes = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        processes.all[at % 4]!.call('signIn', 'demo@example.com', `wrong-password-${at}`, `198.51.100.${at}`),
      ),
    );
    expect(emulator.requests).toHaveLength(4);
    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(4);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(36);
  }, 60_000);

  it.each([
    { kind: 'call', most: 45 },
    { kind: 'sign-in', most: 22 },
  ] as const)(
    'X7: 4 processes together keep to the pace of the provider: $kind',
    async ({ kind, most }) => {
      await using emulator = await startCryptlexEmulator();
      // It is to count, and not to refuse.
      emulator.set({ rateLimit: false });
      await using processes = await applications(emulator, 4, `pace-${kind}:`);
      const outcomes = await Promise.all(
        processes.all.map((one) =>
          one.call('flood', kind, 20, 12_000, 'demo@example.com', 'sample-password-1'),
        ),
      );
      const moments = emulator.requests.map(({ at }) => at).sort((one, other) => one - other);
      // From being counted to being received a request of a busy machine takes half a second at most.
      const counted = moments.map((from) => moments.filter((at) => at >= from && at < from + 4_500).length);
      const mostOfAll = kind === 'call' ? most : most + 4; // the first sign-in of each is for calls
      expect(Math.max(...counted)).toBeLessThanOrEqual(mostOfAll);
      // And it is no slower than it need be: three spans began in that time.
      expect(moments.length).toBeGreaterThanOrEqual(3 * most);
      expect(outcomes.map(({ ok = 0 }) => ok).every((count) => count > 0)).toBe(true);
    },
    60_000,
  );

  function applications(
    { origin, accountAlias }: { readonly origin: string; readonly accountAlias: string },
    count: number,
    prefix: string,
  ) {
    const settings: ApplicationSettings = { port: redis.port, origin, accountAlias, prefix };
    return started(count, () => startWorker<ApplicationMethods>(programs[1], settings));
  }
});

async function started<One extends { stop(): Promise<void> }>(
  count: number,
  start: (at: number) => Promise<One>,
) {
  const all = await Promise.all(Array.from({ length: count }, (_, at) => start(at)));
  return {
    all,
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}
