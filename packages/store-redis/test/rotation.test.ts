import { randomUUID } from 'node:crypto';
import { createSessions, type Lease, type Sessions, type Store } from '@latchkey/core';
import { fakeProvider, virtualClock } from '@latchkey/core/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '../../core/test/seeded.js';
import { redisStore, type RedisClient } from '../src/index.js';
import { clusterConnectors, connectPlainly, serverConnectors, type Connected } from './harness/clients.js';
import { startRedisCluster } from './harness/redis-cluster.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis } from './harness/redis-server.js';
import { until } from './harness/until.js';

const old = 'the old secret of the tests: 32 bytes or more';
const fresh = 'the new secret of the tests: 32 bytes or more';
const long = { ttlMs: 600_000 };

/** The steps of a rotation: the secrets of a process at each. */
const steps = [[old], [old, fresh], [fresh, old], [fresh]] as const;
/** What runs side by side while a step is taken, each way round. */
const mixtures = [
  ['[old] and [old, new]', steps[0], steps[1]],
  ['[old, new] and [old]', steps[1], steps[0]],
  ['[old, new] and [new, old]', steps[1], steps[2]],
  ['[new, old] and [old, new]', steps[2], steps[1]],
  ['[new, old] and [new]', steps[2], steps[3]],
  ['[new] and [new, old]', steps[3], steps[2]],
] as const;

const user = { email: 'user@example.com', password: 'correct horse' };
const hour = 3_600_000;

const places = [
  {
    where: 'one server',
    start: async () => {
      const redis = await startRedis();
      return { port: redis.port, ports: [redis.port], stop: () => redis.stop() };
    },
    connect: serverConnectors[2].connect,
  },
  {
    where: 'a cluster',
    start: async () => {
      const { port, servers, stop } = await startRedisCluster();
      return { port, ports: servers.map((server) => server.port), stop };
    },
    connect: clusterConnectors[0].connect,
  },
];

describeWithRedis('secrets are rotated', () => {
  describe.each(places)('$where', ({ where, start, connect }) => {
    let client: RedisClient;
    let servers: { send(command: string, ...args: string[]): Promise<unknown> }[];
    let stop: (() => Promise<void>) | undefined;
    beforeAll(async () => {
      const { port, ports, stop: stopServers } = await start();
      const connected: Connected<RedisClient, unknown> = await connect(port);
      const plain = await Promise.all(ports.map((one) => connectPlainly(one)));
      client = connected.client;
      servers = plain;
      stop = async () => {
        await Promise.all([connected, ...plain].map((one) => one.close()));
        await stopServers();
      };
    });
    afterAll(() => stop?.());

    /** Makes processes of one application. */
    function processes() {
      const prefix = `${randomUUID()}:`;
      return (secrets: readonly string[], by = client): Store =>
        redisStore({ client: by, prefix, secrets, deadlineMs: 10_000 });
    }

    describe.concurrent.each(mixtures)('%s', (_, ones, others) => {
      it('what the one has written, the other reads, replaces and deletes', async () => {
        const processOf = processes();
        const [one, other] = [processOf(ones), processOf(others)];
        const texts = ['', 'a text', 'x'.repeat(5_000)];
        for (const [index, text] of texts.entries()) {
          const key = `session:${index}`;
          await one.set(key, text, long);
          expect(await other.get(key)).toBe(text);
          expect(await other.getMany!([key, 'session:none', key])).toEqual([text, undefined, text]);
          expect(await other.replace(key, `${text}?`, 'x', long)).toBe(false);
          expect(await other.replace(key, undefined, 'x', long)).toBe(false);
          expect(await other.replace(key, text, 'second', long)).toBe(true);
          expect(await one.get(key)).toBe('second');
          expect(await one.replace(key, text, 'x', long)).toBe(false);
          expect(await one.replace(key, 'second', 'third', long)).toBe(true);
          expect(await other.get(key)).toBe('third');
          await other.set(key, 'fourth', long);
          expect(await one.get(key)).toBe('fourth');
          await one.delete(key);
          expect(await other.get(key)).toBeUndefined();
          expect(await one.get(key)).toBeUndefined();
          expect(await other.replace(key, 'fourth', 'x', long)).toBe(false);
          expect(await one.replace(key, undefined, 'fifth', long)).toBe(true);
          expect(await other.replace(key, undefined, 'x', long)).toBe(false);
          await other.delete(key);
          expect(await one.get(key)).toBeUndefined();
        }
      });

      it('of many who replace the same at once not two do, and it is not lost', async () => {
        const processOf = processes();
        const both = [processOf(ones), processOf(others)];
        for (let round = 0; round < 20; round += 1) {
          await both[round % 2]!.set('token:a', 'first', long);
          const texts = [1, 2, 3, 4].map((n) => `by ${n}`);
          const outcomes = await Promise.all(
            texts.map((text, n) => both[n % 2]!.replace('token:a', 'first', text, long)),
          );
          const written = texts.filter((_, n) => outcomes[n]);
          expect(written).toHaveLength(1);
          for (const store of both) expect(await store.get('token:a')).toBe(written[0]);
        }
      });

      it('of many who write the same at once one or the other is kept, until it is deleted', async () => {
        const processOf = processes();
        const both = [processOf(ones), processOf(others)];
        for (let round = 0; round < 20; round += 1) {
          await Promise.all([1, 2, 3, 4].map((n) => both[n % 2]!.set('session:a', `by ${n}`, long)));
          for (const store of both) expect(await store.get('session:a')).toMatch(/^by [1-4]$/);
          await both[round % 2]!.delete('session:a');
          for (const store of both) expect(await store.get('session:a')).toBeUndefined();
        }
      });

      it('of many who make what is not there yet not two do', async () => {
        const processOf = processes();
        const both = [processOf(ones), processOf(others)];
        for (let round = 0; round < 20; round += 1) {
          const outcomes = await Promise.all(
            [1, 2, 3, 4].map((n) => both[n % 2]!.replace(`token:${round}`, undefined, `by ${n}`, long)),
          );
          expect(outcomes.filter(Boolean).length).toBeLessThanOrEqual(1);
          const by = `by ${outcomes.indexOf(true) + 1}`;
          for (const store of both)
            expect(await store.get(`token:${round}`)).toBe(by === 'by 0' ? undefined : by);
        }
      });

      it('X4: who is signed out stays so, whoever writes at that moment', async () => {
        const processOf = processes();
        const both = [processOf(ones), processOf(others)];
        for (let round = 0; round < 40; round += 1) {
          const [one, other] = round % 2 ? both : [...both].reverse();
          await both[(round >> 1) % 2]!.set('session:a', 'first', long);
          await Promise.all([one!.replace('session:a', 'first', 'second', long), other!.delete('session:a')]);
          for (const store of both) expect(await store.get('session:a')).toBeUndefined();
        }
      });

      it('X1: leases exclude each other, and are the other’s once they are released', async () => {
        const processOf = processes();
        const [one, other] = [processOf(ones), processOf(others)];
        const lease = await one.lease('lease:a', long);
        expect(lease).toBeDefined();
        for (const store of [one, other, processOf(ones), processOf(others)]) {
          expect(await store.lease('lease:a', long)).toBeUndefined();
        }
        expect(await lease!.extend(long.ttlMs)).toBe(true);
        await lease!.release();
        const next = await other.lease('lease:a', long);
        expect(next).toBeDefined();
        expect(await one.lease('lease:a', long)).toBeUndefined();
        expect(await lease!.extend(long.ttlMs)).toBe(false);
        await lease!.release();
        expect(await one.lease('lease:a', long)).toBeUndefined();
        await next!.release();
        expect(await one.lease('lease:a', long)).toBeDefined();
      });

      it('X1: of many who want a lease at once not two have it, and it is had again', async () => {
        const processOf = processes();
        const stores = [ones, others, ones, others].map((one) => processOf(one));
        for (let round = 0; round < 10; round += 1) {
          const wanted = await Promise.all(stores.map((store) => store.lease('lease:a', long)));
          const held = wanted.filter((lease): lease is Lease => lease !== undefined);
          expect(held.length).toBeLessThanOrEqual(1);
          for (const lease of held) await lease.release();
          const after = await stores[round % 4]!.lease('lease:a', long);
          expect(after, 'who did not get it holds no part of it').toBeDefined();
          await after!.release();
        }
      });

      it('X7, S5: there is one limit', async () => {
        const processOf = processes();
        const stores = [ones, others].map((one) => processOf(one));
        const limit = { limit: 20, perMs: 600_000 };
        const take = (n: number, cost = 1) => stores[n % 2]!.take('throttle:a', { ...limit, cost });
        const outcomes = await Promise.all(Array.from({ length: 60 }, (_, n) => take(n)));
        // Who counts under two secrets may be refused by the second and give back at the first, too late for another.
        const taken = outcomes.filter((outcome) => outcome.taken).length;
        expect(taken).toBeLessThanOrEqual(20);
        let more = 0;
        for (let n = 0; n < 40; n += 1) if ((await take(n)).taken) more += 1;
        expect(taken + more).toBe(20);
        expect((await take(0)).retryAfterMs).toBeGreaterThan(590_000);
        expect((await take(0, -3)).taken).toBe(true);
        expect((await take(0, -2)).taken).toBe(true);
        let again = 0;
        for (let n = 0; n < 20; n += 1) if ((await take(n)).taken) again += 1;
        // What the one has counted under one secret only, the other cannot give back twice.
        expect(again).toBe(5);
      });

      it('S5: what was refused counts nowhere', async () => {
        const processOf = processes();
        const [one, other] = [processOf(ones), processOf(others)];
        const limit = { limit: 3, perMs: 600_000 };
        // Of several keys, some are counted under the one secret first, and some under the other.
        for (let n = 0; n < 8; n += 1) {
          const take = (store: Store, cost: number) => store.take(`throttle:${n}`, { ...limit, cost });
          await take(one, 3);
          for (let times = 0; times < 5; times += 1) expect((await take(other, 1)).taken).toBe(false);
          await take(one, -3);
          expect((await take(other, 3)).taken).toBe(true);
          expect((await take(one, 1)).taken).toBe(false);
        }
      });

      it('is as one store to whatever they do one after the other', async () => {
        const operation = fc.record({
          by: fc.constantFrom(0, 1),
          key: fc.constantFrom('session:a', 'session:b'),
          what: fc.constantFrom(
            'get',
            'getMany',
            'set',
            'delete',
            'replace',
            'replace none',
            'replace other',
          ),
          text: fc.constantFrom('', 'one', 'two'),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
            const processOf = processes();
            const both = [processOf(ones), processOf(others)];
            const model = new Map<string, string>();
            for (const { by, key, what, text } of operations) {
              const store = both[by]!;
              const there = model.get(key);
              if (what === 'get') {
                expect(await store.get(key)).toBe(there);
              } else if (what === 'getMany') {
                const keys = ['session:b', 'session:a'];
                expect(await store.getMany!(keys)).toEqual(keys.map((one) => model.get(one)));
              } else if (what === 'set') {
                await store.set(key, text, long);
                model.set(key, text);
              } else if (what === 'delete') {
                await store.delete(key);
                model.delete(key);
              } else {
                const expected = {
                  replace: there,
                  'replace none': undefined,
                  'replace other': `${text}, too`,
                }[what];
                const isDone = expected === there;
                expect(await store.replace(key, expected, text, long)).toBe(isDone);
                if (isDone) model.set(key, text);
              }
            }
          }),
          seeded('rotation', 20),
        );
      });
    });

    it('X5: nobody is signed out at any step of it, and who signs out is out everywhere', async () => {
      const processOf = processes();
      const clock = virtualClock();
      const users = [user, { ...user, email: 'seldom@example.com' }] as const;
      const providers = [fakeProvider({ users, lifetimeMs: undefined, clock })] as const;
      const sessionsOf = (secrets: readonly string[]) =>
        createSessions({ providers, store: processOf(secrets), maxAgeMs: 8 * hour, throttle: false });
      const pass = async (ms: number) => {
        await clock.advance(ms);
        for (const one of servers) await one.send('EVAL', passScript, '0', String(ms));
      };
      /** Those who may still be signed in, and until when. */
      const signedIn = new Map<string, number>();
      const expectAllSignedIn = async (running: readonly Sessions[]) => {
        for (const [id, endsAt] of signedIn) {
          for (const one of running) expect((await one.get(id)) !== undefined).toBe(clock.now() < endsAt);
        }
      };
      const comeSeldom = async (secrets: readonly string[]) => {
        const { id } = await sessionsOf(secrets).signIn('fake', users[1]);
        signedIn.set(id, clock.now() + 8 * hour);
      };
      const step = async (...secrets: (readonly string[])[]) => {
        const running = secrets.map(sessionsOf);
        await expectAllSignedIn(running);
        for (const one of running) {
          signedIn.set((await one.signIn('fake', user)).id, clock.now() + 8 * hour);
          await expectAllSignedIn(running);
          const { id } = await one.signIn('fake', user);
          for (const other of running) expect(await other.get(id)).toBeDefined();
          await one.signOut(id);
          for (const other of [...running, ...secrets.map(sessionsOf)]) {
            expect(await other.get(id)).toBeUndefined();
          }
        }
        for (const one of running) await one.close();
      };

      await comeSeldom(steps[0]);
      await step(steps[0], steps[0]);
      await step(steps[0], steps[1]);
      await step(steps[1], steps[1]);
      await pass(hour);
      await step(steps[1], steps[2]);
      await step(steps[2], steps[2]);
      // What is kept of an account lives a quarter longer than its sessions.
      for (let hours = 0; hours < 10; hours += 1) {
        await pass(hour);
        await step(steps[2], steps[2]);
        // Somebody of whose account all was kept before, and is not written again.
        if (hours === 0) await comeSeldom(steps[2]);
      }
      await step(steps[2], steps[3]);
      await step(steps[3], steps[3]);
      expect([...signedIn.values()].filter((endsAt) => clock.now() < endsAt).length).toBeGreaterThan(16);
    });

    if (where === 'a cluster')
      describe('names that are gone through one by one', () => {
        /** A client that holds one script back, counted from now, until it is let go. */
        function holding(nth: number) {
          let scripts = 0;
          let isHeld = false;
          let isLetGo = false;
          const real = client as { sendCommand(...args: unknown[]): Promise<unknown> };
          const slow = Object.create(client, {
            sendCommand: {
              value: async (...args: unknown[]) => {
                if ((args[2] as unknown[])[0] === 'EVALSHA' && ++scripts === nth) {
                  isHeld = true;
                  await until('let go', () => isLetGo);
                }
                return await real.sendCommand(...args);
              },
            },
          }) as RedisClient;
          const held = () => until('a script to hold', () => isHeld);
          return { client: slow, held, letGo: () => (isLetGo = true) };
        }

        it.each([
          ['[old, new]', steps[1], steps[2]],
          ['[new, old]', steps[2], steps[1]],
        ])('X4: what %s deletes is gone, though another moves it meanwhile', async (_, secrets, others) => {
          for (const nth of [1, 2]) {
            const { client: slow, held, letGo } = holding(nth);
            const processOf = processes();
            for (const text of ['known', 'to', 'all', 'servers'])
              await processOf(secrets).set('session:a', text, long);
            const deleting = processOf(secrets, slow).delete('session:a');
            await held();
            await processOf(others).replace('session:a', 'servers', 'moved', long);
            letGo();
            await deleting;
            for (const one of [secrets, others])
              expect(await processOf(one).get('session:a')).toBeUndefined();
          }
        });

        it.each([
          ['deleted', (store: Store) => store.delete('session:a'), undefined],
          ['replaced', (store: Store) => store.replace('session:a', 'first', 'third', long), 'third'],
        ])('X2: what is %s while another moves it is not brought back', async (_, change, left) => {
          const processOf = processes();
          await processOf(steps[1]).set('session:a', 'first', long);
          // The first writes it under the other name, the second takes it from the one it had.
          const { client: slow, held, letGo } = holding(2);
          const moving = processOf(steps[2], slow).replace('session:a', 'first', 'second', long);
          await held();
          await change(processOf(steps[1]));
          letGo();
          expect(await moving).toBe(false);
          for (const one of [steps[1], steps[2]]) expect(await processOf(one).get('session:a')).toBe(left);
        });
      });

    it('X4: signing out everywhere holds at every step', async () => {
      const providers = [fakeProvider({ users: [user] })] as const;
      for (const [, ones, others] of mixtures) {
        const processOf = processes();
        const [one, other] = [ones, others].map((secrets) =>
          createSessions({ providers, store: processOf(secrets), throttle: false }),
        );
        const ids = [(await one!.signIn('fake', user)).id, (await other!.signIn('fake', user)).id];
        for (const id of ids) expect(await one!.get(id)).toBeDefined();
        await other!.signOutEverywhere({ provider: 'fake', subject: user.email });
        for (const sessions of [one!, other!]) {
          for (const id of ids) expect(await sessions.get(id)).toBeUndefined();
          await sessions.close();
        }
      }
    });

    it('what is written moves to the first secret, and nothing is left under the others', async () => {
      const processOf = processes();
      const [before, both, after] = [processOf([old]), processOf([fresh, old]), processOf([fresh])];
      for (const key of ['session:set', 'session:replaced', 'session:deleted', 'session:kept']) {
        await before.set(key, 'text', long);
      }
      await both.set('session:set', 'text', long);
      expect(await both.replace('session:replaced', 'text', 'text', long)).toBe(true);
      await both.delete('session:deleted');
      const keys = ['session:set', 'session:replaced', 'session:deleted', 'session:kept'];
      expect(await after.getMany!(keys)).toEqual(['text', 'text', undefined, undefined]);
      expect(await before.getMany!(keys)).toEqual([undefined, undefined, undefined, 'text']);
    });

    it('of eight secrets, each is found', async () => {
      const processOf = processes();
      const secrets = Array.from({ length: 8 }, (_, n) => `secret ${n} of the tests: 32 bytes or more`);
      const store = processOf(secrets);
      for (const [n, secret] of secrets.entries()) {
        await processOf([secret]).set(`session:${n}`, secret, long);
        expect(await store.get(`session:${n}`)).toBe(secret);
        expect(await store.replace(`session:${n}`, secret, 'moved', long)).toBe(true);
        expect(await processOf([secrets[0]!]).get(`session:${n}`)).toBe('moved');
      }
    });
  });
});

/** Brings the end of everything nearer by so many milliseconds: time goes by for Redis. */
const passScript = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  redis.call('PEXPIRE', key, redis.call('PTTL', key) - ARGV[1])
end
`;
