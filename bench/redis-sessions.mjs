// Compares `sessions.get` through Redis with a bare GET of as many bytes with the same client. One client in each process: V8 would
// make code for both of them out of what each has been through.
import { Buffer } from 'node:buffer';
import { createSessions } from '@latchkey/core';
import { redisStore } from '@latchkey/store-redis';
import { compareAll } from './pairs.mjs';
import { credentials, deadlineMs, secrets, startRedisAndProvider } from './redis-provider.mjs';

const idsAtATime = 200;

/**
 * @param {string} name
 * @param {(url: string) => Promise<{ client: object, subscriber: object, bareGet: (key: string) => Promise<Buffer>, end(): void }>}
 *   connect
 */
export async function compareSessions(name, connect) {
  const { url, provider, stop } = await startRedisAndProvider();
  const { client, subscriber, bareGet, end } = await connect(url);
  await compareAll(`A session by its id, from Redis, with ${name}`, comparisons());
  end();
  await stop();

  async function* comparisons() {
    for (const localCopy of [undefined, { subscriber }]) {
      const store = redisStore({ client, secrets, deadlineMs, localCopy });
      const sessions = createSessions({ providers: [provider], store });
      const ids = await signedIn(sessions);
      const bare = await bareKeys(bareGet);
      for (const width of [50, 1]) {
        const ours = localCopy ? '`sessions.get`, local copy' : '`sessions.get`';
        yield {
          ours: workload(`${ours}, ${width} at a time`, width, (at) => sessions.get(ids[at])),
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

  /** As many sessions as are asked for in turn; each of them known to this process, as of a user who has been there before. */
  async function signedIn(sessions) {
    const ids = [];
    while (ids.length < idsAtATime) ids.push((await sessions.signIn(provider.name, credentials)).id);
    return ids;
  }

  /** Keys with values as long as those of the sessions. */
  async function bareKeys(get) {
    const names = (await client.keys('latchkey:v:*')).slice(0, 10);
    const lengths = await Promise.all(names.map(async (key) => (await get(key)).length));
    const value = Buffer.alloc(Math.max(...lengths), 1);
    const keys = Array.from({ length: idsAtATime }, (_, at) => `bare:${at}`);
    for (const key of keys) await client.set(key, value);
    return keys;
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
