import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { createSessions, isLatchkeyError, tokenSource, type LatchkeyEvent } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { redisStore } from '../src/index.js';
import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.js';
import { until } from './harness/until.js';

const secrets = ['a secret of the tests: 32 bytes or more'];
const user = { email: 'user@example.com', password: 'correct horse' };
const deadlineMs = 150;
const slackMs = 100;
const recoveryMs = 1_000 + deadlineMs + slackMs;
const now = () => performance.now();

describeWithRedis('with a Redis that fails', () => {
  let redis: RedisServer;
  let proxy: TcpProxy;
  let prefix: string;
  beforeEach(async () => {
    prefix = `${randomUUID()}:`;
    redis = await startRedis();
    proxy = await startTcpProxy(redis.port);
  });
  afterEach(async () => {
    await proxy.stop();
    await redis.stop();
  });

  describe.each([serverConnectors[0], serverConnectors[2]])('$name', ({ connect }) => {
    async function opened() {
      const { client, close } = await connect(proxy.port, { reconnectMs: 20 });
      onTestFinished(close);
      return redisStore({ client, prefix, secrets, deadlineMs });
    }

    it('S10, X3: sessions fail closed, and nobody is signed out', async () => {
      const sessions = createSessions({ providers: [fakeProvider()], store: await opened() });
      onTestFinished(() => sessions.close());
      const { id } = await sessions.signIn('fake', user);
      const { id: another } = await sessions.signIn('fake', user);
      for (const [begin, end] of [
        [() => redis.pause(), () => redis.resume()],
        [() => proxy.cut(), () => proxy.restore()],
      ] as const) {
        await begin();
        for (let calls = 0; calls < 10; calls += 1) {
          const startedAt = now();
          await expect(sessions.get(id)).rejects.toMatchObject({ code: 'store_error' });
          expect(now() - startedAt).toBeLessThan(deadlineMs + slackMs);
          expect(sessions.peek(id)).toBeUndefined();
        }
        await expect(sessions.signIn('fake', user)).rejects.toMatchObject({ code: 'store_error' });
        await end();
        await until('the session', async () => isThere(sessions.get(id)), { withinMs: recoveryMs });
      }
      redis.pause();
      await expect(sessions.signOut(another)).rejects.toMatchObject({ code: 'store_error' });
      redis.resume();
      await until('an answer', () => isThere(sessions.get(id)), {
        withinMs: recoveryMs,
      });
      expect(await sessions.get(another)).toBeUndefined();
      await sessions.signOut(id);
      expect(await sessions.get(id)).toBeUndefined();
    });

    it('X3: services carry on with a login of each process, and share again afterwards', async () => {
      const provider = fakeProvider({ lifetimeMs: 3_600_000 });
      const events: LatchkeyEvent[] = [];
      const source = async () =>
        tokenSource(provider, user, { store: await opened(), onEvent: (event) => events.push(event) });
      const [one, other, third] = [await source(), await source(), await source()];
      for (const each of [one, other, third]) onTestFinished(() => each.close());
      proxy.hang();
      const startedAt = now();
      const tokens = await Promise.all([one, one, one, other, other].map((each) => each.getToken()));
      expect(now() - startedAt).toBeLessThan(8 * (deadlineMs + slackMs));
      if (process.env['MEASURED']) console.log('getToken while Redis hangs', now() - startedAt);
      expect(new Set(tokens.map(({ value }) => value)).size).toBe(2);
      expect(provider.calls.signIn).toBe(2);
      expect(events.some(({ type }) => type === 'store-fallback')).toBe(true);
      await proxy.restore();
      // Whoever renews shares what that gives.
      const isShared = async () => {
        const renewed = await one.getToken({ rejected: await one.getToken() });
        return (await third.getToken()).value === renewed.value;
      };
      await passed(recoveryMs);
      expect(await isShared()).toBe(true);
    });

    it('T1, T2, X3: 1,000 callers make one login while Redis comes and goes', async () => {
      const provider = fakeProvider();
      const source = tokenSource(provider, user, { store: await opened() });
      onTestFinished(() => source.close());
      const flap = new AbortController();
      const flapping = (async () => {
        while (!flap.signal.aborted) {
          redis.pause();
          await passed(100);
          redis.resume();
          await proxy.cut();
          await passed(60);
          await proxy.restore();
          await passed(40);
        }
      })();
      const get = () => Promise.all(Array.from({ length: 1_000 }, () => source.getToken()));
      const first = await get();
      expect(new Set(first.map(({ value }) => value)).size).toBe(1);
      expect(provider.calls.signIn).toBe(1);
      await passed(1_100); // no more than one login in a second
      const rejected = first[0]!;
      const renewed = await Promise.all(
        Array.from({ length: 1_000 }, async (_, which) => {
          await passed(which % 200);
          return source.getToken({ rejected });
        }),
      );
      expect(new Set(renewed.map(({ value }) => value)).size).toBe(1);
      expect(renewed[0]!.value).not.toBe(rejected.value);
      expect(provider.calls.signIn).toBe(2);
      flap.abort();
      await flapping;
    });
  });
});

async function isThere(session: Promise<unknown>): Promise<boolean> {
  try {
    const found = await session;
    if (found === undefined) throw new Error('It was signed out.');
    return true;
  } catch (error) {
    if (isLatchkeyError(error, 'store_error')) return false;
    throw error;
  }
}
