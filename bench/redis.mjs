// Sessions in Redis: `sessions.get` beside a bare GET of as many bytes with the same client, and the bytes that a session takes
// beside those of connect-redis with express-session. Needs the program redis-server.
import { Buffer } from 'node:buffer';
import { createSessions, tokenSource } from '@latchkey/core';
import { startCryptlexEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { redisStore } from '@latchkey/store-redis';
import { RedisStore } from 'connect-redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { startRedisServer } from '../scripts/redis-server.mjs';
import { compareAll } from './pairs.mjs';

const secrets = ['not a secret at all, but it has 32 bytes'];
const credentials = { email: 'demo@example.com', password: 'sample-password-1' };
// Slices of bare calls leave everything else waiting.
const deadlineMs = 10_000;
const idsAtATime = 200;

const redis = await startRedisServer();
if (!redis) process.exit();
const emulator = await startCryptlexEmulator();
emulator.set({ rateLimit: false });
const provider = cryptlex({ origin: emulator.origin, accountAlias: emulator.accountAlias, pace: false });

const nodeRedis = await createClient({ url: redis.url }).connect();
const ioredis = new Redis(redis.url);
const clients = [
  {
    name: 'node-redis',
    client: nodeRedis,
    bareGet: (key) => nodeRedis.sendCommand(['GET', key], { typeMapping: { 36: Buffer } }),
    subscriber: await nodeRedis.duplicate().connect(),
  },
  {
    name: 'ioredis',
    client: ioredis,
    bareGet: (key) => ioredis.getBuffer(key),
    subscriber: ioredis.duplicate(),
  },
];

const bytes = await bytesPerSession();
await compareAll('A session by its id, from Redis', comparisons());
console.log(
  '\n| a session of Cryptlex in Redis | bytes of the value | bytes with key and all else |\n| --- | --- | --- |',
);
for (const [name, { value, all }] of Object.entries(bytes)) console.log(`| ${name} | ${value} | ${all} |`);

console.log('\n| left by the first sign-in of an account | bytes in Redis | for |\n| --- | --- | --- |');
for (const { type, bytes, hours } of await leftByTheFirstSignIn()) {
  console.log(`| a ${type} | ${bytes} | ${hours.toFixed(1)} h |`);
}
console.log('\n| call | commands | CPU of Redis |\n| --- | --- | --- |');
for (const [name, { commands, micros }] of await costsOfCalls()) {
  console.log(`| ${name} | ${commands} | ${micros.toFixed(1)} µs |`);
}

for (const { client, subscriber } of clients) {
  for (const one of [client, subscriber]) (one.destroy ?? one.disconnect).call(one);
}
await provider.upstream.close();
await emulator.stop();
await redis.stop();

async function* comparisons() {
  for (const { name, client, bareGet, subscriber } of clients) {
    const bare = await bareKeys(client);
    for (const localCopy of [undefined, { subscriber }]) {
      const sessions = createSessions({
        providers: [provider],
        store: redisStore({ client, secrets, deadlineMs, localCopy }),
      });
      const ids = await signedIn(sessions);
      for (const width of [50, 1]) {
        const ours = localCopy ? '`sessions.get`, local copy' : '`sessions.get`';
        yield {
          ours: workload(`${ours}, ${name}, ${width} at a time`, width, (at) => sessions.get(ids[at])),
          other: workload(`bare GET, ${width} at a time`, width, (at) => bareGet(bare[at])),
          as: 'throughput',
          withGarbage: true,
          longer: 6,
          // Long ones: each begins with the copies of a store that was left alone while the other had its turn.
          slices: 2,
          // Each by itself waits for the other side most of the time, whatever it costs.
          bar: width > 1 ? { atLeast: localCopy ? 5 : 0.5 } : undefined,
        };
      }
      await sessions.close();
    }
  }
}

/** Calls `send` for one place after the other, `width` of them at a time. */
function workload(name, width, send) {
  const run = async (calls) => {
    let left = calls;
    const sendSome = async () => {
      while (left > 0) {
        left -= 1;
        if (!(await send(left % idsAtATime))) throw new Error(`${name}: there is nothing`);
      }
    };
    await Promise.all(Array.from({ length: width }, sendSome));
  };
  return { name, run };
}

/** As many sessions as are asked for in turn; each of them known to this process, as of a user who has been there before. */
async function signedIn(sessions) {
  const { id: first } = await sessions.signIn(provider.name, credentials);
  const ids = [first];
  while (ids.length < idsAtATime) ids.push((await sessions.signIn(provider.name, credentials)).id);
  return ids;
}

/** Keys with values as long as those of a session. */
async function bareKeys(client) {
  const keys = Array.from({ length: idsAtATime }, (_, at) => `bare:${at}`);
  const { value } = bytes['`redisStore`'];
  for (const [at, key] of keys.entries()) await client.set(key, Buffer.alloc(value, at));
  return keys;
}

/** What 1,000 sessions take, divided by 1,000: those of ours, and the same data kept by connect-redis. */
async function bytesPerSession() {
  const count = 1_000;
  const sessions = createSessions({
    providers: [provider],
    store: redisStore({ client: nodeRedis, secrets, deadlineMs }),
  });
  const ours = await grown(count, async () => {
    await sessions.signIn(provider.name, credentials);
  });
  await sessions.close();

  // What express-session keeps for the same user, in the clear: what an application would have to put there itself.
  const grant = await provider.signIn(credentials);
  const account = await provider.account(grant);
  const kept = {
    cookie: {
      originalMaxAge: 43_200_000,
      expires: new Date(Date.now() + 43_200_000),
      httpOnly: true,
      path: '/',
    },
    identity: provider.identify(account),
    account,
    token: { accessToken: grant.accessToken, refreshToken: grant.refreshToken, expiresAt: grant.expiresAt },
  };
  const peer = new RedisStore({ client: nodeRedis });
  let made = 0;
  const theirs = await grown(count, () =>
    peer.set(`${'x'.repeat(28)}${String((made += 1)).padStart(4, '0')}`, kept),
  );
  return { '`redisStore`': ours, 'connect-redis, express-session': theirs };
}

/** The mean length of the values that `add` adds, and the memory that each took with its key and all that Redis adds. */
async function grown(count, add) {
  await nodeRedis.flushDb();
  await add(); // what is there once
  const before = new Set(await nodeRedis.keys('*'));
  const usedBefore = await usedMemory();
  for (let at = 0; at < count; at += 1) await add();
  const all = Math.round(((await usedMemory()) - usedBefore) / count);
  const added = (await nodeRedis.keys('*')).filter((key) => !before.has(key));
  const lengths = await Promise.all(added.map((key) => nodeRedis.strLen(key)));
  return { value: Math.round(lengths.reduce((sum, length) => sum + length, 0) / added.length), all };
}

async function usedMemory() {
  const info = await nodeRedis.info('memory');
  return Number(/used_memory:(\d+)/.exec(info)[1]);
}

/** What calls cost the server: which commands they send, by its own count, and its CPU time, with 50 calls at a time. */
async function costsOfCalls() {
  const store = redisStore({ client: nodeRedis, secrets, deadlineMs });
  const sessions = createSessions({ providers: [provider], store });
  const afresh = () => createSessions({ providers: [provider], store });
  const ids = [];
  const inTurn = (at) => ids[at % ids.length];
  const subject = async () => (await sessions.get(ids[0])).identity.subject;
  const source = tokenSource(provider, credentials, { store });
  const pace = { requests: 1_000_000, perMs: 5_000, store };
  const paced = cryptlex({ origin: emulator.origin, accountAlias: emulator.accountAlias, pace });
  const grant = await provider.signIn(credentials);

  const costs = [
    [
      '`sessions.signIn`',
      await costOf(1_000, async () => ids.push((await sessions.signIn(provider.name, credentials)).id)),
    ],
    ['`sessions.get`, known to the process', await costOf(20_000, (at) => sessions.get(inTurn(at)))],
    ['`sessions.get`, not known to it', await costOf(1_000, (at) => afresh().get(inTurn(at)))],
    ['`sessions.signOut`', await costOf(500, () => sessions.signOut(ids.pop()))],
    [
      '`sessions.signOutEverywhere`',
      await costOf(1, async () =>
        sessions.signOutEverywhere({ provider: provider.name, subject: await subject() }),
      ),
    ],
    ['`getToken`, the first of a process that signs in', await costOf(1, () => source.getToken())],
    ['`getToken`, warm', await costOf(1_000, () => source.getToken())],
    ['a request in a shared pace', await costOf(1_000, () => paced.account(grant))],
  ];
  await Promise.all([source.close(), sessions.close(), paced.upstream.close()]);
  return costs;
}

async function costOf(calls, call) {
  const before = await serverCosts();
  let left = calls;
  const some = async () => {
    while (left > 0) await call((left -= 1));
  };
  await Promise.all(Array.from({ length: Math.min(50, calls) }, some));
  const after = await serverCosts();
  const sent = Object.entries(after.counts)
    .map(([name, count]) => [name, (count - (before.counts[name] ?? 0)) / calls])
    .filter(([name, count]) => count >= 0.01 && name !== 'info');
  return {
    commands: sent.map(([name, count]) => `${+count.toFixed(2)} ${name.toUpperCase()}`).join(', ') || 'none',
    micros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / calls,
  };
}

/** Commands in scripts count, too. */
async function serverCosts() {
  const info = await nodeRedis.sendCommand(['INFO', 'everything']);
  const counts = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [
    name,
    Number(calls),
  ]);
  const seconds = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].map(([, value]) => Number(value));
  return { counts: Object.fromEntries(counts), cpuSeconds: seconds[0] + seconds[1] };
}

/** Each key that a first sign-in leaves, from a client that is named: the session last, since it is the largest. */
async function leftByTheFirstSignIn() {
  await nodeRedis.flushDb();
  const sessions = createSessions({
    providers: [provider],
    store: redisStore({ client: nodeRedis, secrets, deadlineMs }),
  });
  // A wrong password before it, so that its counters are there.
  await sessions
    .signIn(provider.name, { ...credentials, password: 'wrong-password' }, { client: '192.0.2.1' })
    .catch(() => {});
  await sessions.signIn(provider.name, credentials, { client: '192.0.2.1' });
  await sessions.close();
  const keys = await nodeRedis.keys('*');
  const left = await Promise.all(
    keys.map(async (key) => ({
      type: await nodeRedis.type(key),
      bytes: await nodeRedis.memoryUsage(key),
      hours: (await nodeRedis.pTTL(key)) / 3_600_000,
    })),
  );
  return left.sort((one, other) => one.bytes - other.bytes);
}
