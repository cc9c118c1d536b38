// What sessions and calls cost Redis: bytes, beside connect-redis with express-session, commands, and its CPU time.
import { createSessions, tokenSource } from '@latchkey/core';
import { redisStore } from '@latchkey/store-redis';
import { RedisStore } from 'connect-redis';
import { createClient } from 'redis';
import { credentials, deadlineMs, secrets, startRedisAndProvider } from './redis-provider.mjs';

const { url, provider, providerWith, stop } = await startRedisAndProvider();
const nodeRedis = await createClient({ url }).connect();

console.log('\n### What sessions and calls cost Redis\n');
console.log(
  '| a session of Cryptlex | bytes of the value | bytes with key and all else |\n| --- | --- | --- |',
);
for (const [name, { value, all }] of Object.entries(await bytesPerSession()))
  console.log(`| ${name} | ${value} | ${all} |`);
console.log('\n| left by the first sign-in of an account | bytes in Redis | for |\n| --- | --- | --- |');
for (const { type, bytes, hours } of await leftByTheFirstSignIn()) {
  console.log(`| a ${type} | ${bytes} | ${hours.toFixed(1)} h |`);
}
console.log('\n| call | commands | CPU of Redis |\n| --- | --- | --- |');
for (const [name, { commands, micros }] of await costsOfCalls()) {
  console.log(`| ${name} | ${commands} | ${micros.toFixed(1)} µs |`);
}

nodeRedis.destroy();
await stop();

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
  const paced = providerWith({ requests: 1_000_000, perMs: 5_000, store });
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
