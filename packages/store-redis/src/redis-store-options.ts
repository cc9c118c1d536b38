import { z } from 'zod';
import { kindOf, type RedisClient, type RedisSubscriber } from './redis-client.js';

/** What `redisStore` takes. Times are in milliseconds. */
export interface RedisStoreOptions {
  /** The application's client, for data. Nothing is switched on or off on it, and it stays open. */
  readonly client: RedisClient;
  /**
   * What the names of all keys and channels begin with: up to 64 characters of printable ASCII. Stores with different
   * prefixes share nothing. Default: `latchkey:`.
   */
  readonly prefix?: string | undefined;
  /**
   * What values are sealed and keys are hashed with: 32 bytes each at least, of random text. The first is used for what is
   * written; what was written with the others is found. To rotate, add the new one last everywhere, then move it to the
   * front everywhere, then take the old one away: a quarter more than the `maxAgeMs` of sessions later, or some are signed out.
   */
  readonly secrets: readonly string[];
  /** How long Redis has for each call. Default: 250. */
  readonly deadlineMs?: number | undefined;
  /** A copy in the memory of this process, in front of Redis. Default: none, so that each `get` asks Redis. */
  readonly localCopy?: LocalCopyOptions | undefined;
}

/** A copy of what was read, which other processes tell of what they have changed. */
export interface LocalCopyOptions {
  /** A connection of its own; it is subscribed to one channel. While it is down, the copy is not used. */
  readonly subscriber: RedisSubscriber;
  /** How many values it holds at most. Default: 10,000. */
  readonly maxEntries?: number | undefined;
  /** How long a value is used before it is read again. Default: 60,000. */
  readonly maxAgeMs?: number | undefined;
}

const secretBytes = 32;
const mostSecrets = 8;
const secret = z
  .string('must be text')
  .refine((text) => Buffer.byteLength(text) >= secretBytes, `must have ${secretBytes} bytes at least`);

const localCopyOptions = z.strictObject({
  subscriber: z.custom<RedisSubscriber>(
    isSubscriber,
    'must be a connection of createClient() of node-redis, or of new Redis() of ioredis',
  ),
  maxEntries: z
    .int('must be a whole number')
    .positive('must be above 0')
    .max(1_000_000, 'must be at most 1000000')
    .default(10_000),
  maxAgeMs: milliseconds(3_600_000).default(60_000),
});

/** What `redisStore` takes, with its defaults. */
export const redisStoreOptions = z
  .strictObject({
    client: z
      .custom<RedisClient>(
        (value) => kindOf(value) !== undefined,
        'must be a client of node-redis or ioredis, version 5 or later',
      )
      .refine(readsFromMasters, 'must read from masters: replicas are behind, and have who has signed out'),
    prefix: z
      .string('must be text')
      .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 characters of printable ASCII, without spaces')
      .default('latchkey:'),
    secrets: z
      .tuple([secret], secret, 'must be a list of secrets, the newest first')
      .refine((secrets) => secrets.length <= mostSecrets, `must be ${mostSecrets} at most`)
      .refine((secrets) => new Set(secrets).size === secrets.length, 'must differ from each other'),
    deadlineMs: milliseconds(60_000).default(250),
    localCopy: localCopyOptions.optional(),
  })
  .refine(({ client, localCopy }) => (localCopy?.subscriber as unknown) !== client, {
    path: ['localCopy', 'subscriber'],
    message: 'must be a connection of its own: one that subscribes does nothing else',
    // Also where something else is wrong, so that all is said at once.
    when: ({ value }) => kindOf((value as { client?: unknown } | undefined)?.client) !== undefined,
  });

function isSubscriber(value: unknown): boolean {
  const isOne = ['ioredis', 'node-redis'].includes(kindOf(value) ?? '');
  const methods = ['subscribe', 'unsubscribe', 'ping', 'on', 'off'];
  return isOne && methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

/** A Cluster of ioredis can be told to read from replicas. */
function readsFromMasters(client: unknown): boolean {
  if (kindOf(client) !== 'ioredis-cluster') return true;
  const { scaleReads = 'master' } = (client as { options?: { scaleReads?: unknown } }).options ?? {};
  return scaleReads === 'master';
}

function milliseconds(most: number) {
  const rule = `must be above 0 and at most ${most} milliseconds`;
  return z.number(rule).positive(rule).max(most, rule);
}
