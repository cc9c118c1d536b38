import { randomUUID } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import type { StoreSetup } from '@latchkey/core/testing';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';

/**
 * Two stores over the same data for `storeContract`, under a prefix of their own, as if Redis were empty. With `subscribers`
 * they have local copies, each told by one of those.
 *
 * @param options.tolerateMs Redis looks at whole milliseconds, which 5 allow for.
 */
export function storeSetup({
  client,
  secrets,
  subscribers = [],
  tolerateMs = 5,
}: {
  readonly client: RedisClient;
  readonly secrets: readonly string[];
  readonly subscribers?: readonly RedisSubscriber[];
  readonly tolerateMs?: number;
}): StoreSetup {
  const options = { client, prefix: `${randomUUID()}:`, secrets, deadlineMs: 10_000 };
  const [one, other] = subscribers.map((subscriber) => ({ localCopy: { subscriber } }));
  return {
    store: redisStore({ ...options, ...one }),
    another: async () => redisStore({ ...options, ...other }),
    advance: async (ms) => passed(ms),
    tolerateMs,
  };
}

/** Two connections for stores with local copies, and for any number of those one after the other or at once. */
export async function twoSubscribers(connected: {
  subscriber(): Promise<RedisSubscriber>;
}): Promise<RedisSubscriber[]> {
  const subscribers = [await connected.subscriber(), await connected.subscriber()];
  for (const subscriber of subscribers) {
    // Of all the stores that listen to it here.
    (subscriber as unknown as { setMaxListeners(most: number): void }).setMaxListeners(1_000);
  }
  return subscribers;
}
