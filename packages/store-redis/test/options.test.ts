import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { isLatchkeyError } from '@latchkey/core';
import * as ioredis6 from 'ioredis';
import * as ioredis5 from 'ioredis-5';
import * as nodeRedis6 from 'redis';
import * as nodeRedis5 from 'redis-5';
import { describe, expect, it } from 'vitest';
import { redisStore, type RedisStoreOptions } from '../src/index.js';

const secret = 'canary-secret-5b1: of 32 bytes or more';
const another = 'canary-another-9d4: of 32 bytes or more';

// None of them is ever connected.
const lazy = { lazyConnect: true } as const;
const nodes = [{ host: '127.0.0.1', port: 9 }];
const client = nodeRedis6.createClient();
const subscriber = nodeRedis6.createClient();
// Of all the stores that listen to it here.
subscriber.setMaxListeners(100);
const good = { client, secrets: [secret] };

/** What is said of options that are refused, which must not tell a secret. */
function refusalOf(options: unknown): string {
  let refused: unknown;
  try {
    redisStore(options as RedisStoreOptions);
  } catch (error) {
    refused = error;
  }
  if (!isLatchkeyError(refused, 'invalid_config')) throw new Error('It was not refused.', { cause: refused });
  const shown = `${inspect(refused, { showHidden: true, depth: Infinity })}${refused.stack}${JSON.stringify(refused)}`;
  expect(shown).not.toContain('canary');
  return refused.message;
}

describe('the clients that redisStore takes', () => {
  it.each([
    ['node-redis 6', nodeRedis6.createClient()],
    ['node-redis 5', nodeRedis5.createClient()],
    ['a pool of node-redis 6', nodeRedis6.createClientPool()],
    ['a pool of node-redis 5', nodeRedis5.createClientPool()],
    ['a cluster of node-redis 6', nodeRedis6.createCluster({ rootNodes: [{}] })],
    ['a cluster of node-redis 5', nodeRedis5.createCluster({ rootNodes: [{}] })],
    ['a Sentinel of node-redis 6', nodeRedis6.createSentinel({ name: 'a', sentinelRootNodes: nodes })],
    ['a Sentinel of node-redis 5', nodeRedis5.createSentinel({ name: 'a', sentinelRootNodes: nodes })],
    ['ioredis 6', new ioredis6.Redis(lazy)],
    ['ioredis 5', new ioredis5.Redis(lazy)],
    ['a cluster of ioredis 6', new ioredis6.Cluster(nodes, lazy)],
    ['a cluster of ioredis 5', new ioredis5.Cluster(nodes, lazy)],
  ])('%s', (_, one) => {
    expect(() => redisStore({ client: one, secrets: [secret] })).not.toThrow();
    expect(() => redisStore({ client: one, secrets: [secret], localCopy: { subscriber } })).not.toThrow();
  });

  // Version 4 of node-redis gives values back as text, which bytes do not survive.
  const version4 = Object.assign(new EventEmitter(), {
    sendCommand: async () => 'OK',
    connect: async () => {},
    subscribe: async () => {},
    v4: {},
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a URL', 'redis://canary:canary@127.0.0.1'],
    ['an object', {}],
    ['a function', () => {}],
    ['version 4 of node-redis', version4],
    ['the module of node-redis', nodeRedis6],
    ['the class of ioredis', ioredis6.Redis],
  ])('not %s', (_, one) => {
    expect(refusalOf({ ...good, client: one })).toBe(
      'The options of redisStore() cannot be used: client must be a client of node-redis or ioredis, version 5 or later.',
    );
  });

  it.each(['slave', 'all', () => null])(
    'not a cluster of ioredis that reads from replicas: %s',
    (scaleReads) => {
      for (const { Cluster } of [ioredis6, ioredis5]) {
        const one = new Cluster(nodes, { ...lazy, scaleReads: scaleReads as 'slave' });
        expect(refusalOf({ ...good, client: one })).toContain('client must read from masters');
      }
      const one = new ioredis6.Cluster(nodes, { ...lazy, scaleReads: 'master' });
      expect(() => redisStore({ ...good, client: one })).not.toThrow();
    },
  );
});

describe('the subscribers that a local copy takes', () => {
  const copied = (one: unknown) => ({ ...good, localCopy: { subscriber: one } });

  it.each([
    ['node-redis 6', nodeRedis6.createClient()],
    ['node-redis 5', nodeRedis5.createClient()],
    ['ioredis 6', new ioredis6.Redis(lazy)],
    ['ioredis 5', new ioredis5.Redis(lazy)],
  ])('%s', (_, one) => {
    expect(() => redisStore(copied(one) as RedisStoreOptions)).not.toThrow();
  });

  it.each([
    ['undefined', undefined],
    ['an object', {}],
    ['a pool of node-redis 6', nodeRedis6.createClientPool()],
    ['a pool of node-redis 5', nodeRedis5.createClientPool()],
    ['a cluster of node-redis 6', nodeRedis6.createCluster({ rootNodes: [{}] })],
    ['a cluster of node-redis 5', nodeRedis5.createCluster({ rootNodes: [{}] })],
    ['a Sentinel of node-redis 6', nodeRedis6.createSentinel({ name: 'a', sentinelRootNodes: nodes })],
    ['a Sentinel of node-redis 5', nodeRedis5.createSentinel({ name: 'a', sentinelRootNodes: nodes })],
    ['a cluster of ioredis 6', new ioredis6.Cluster(nodes, lazy)],
    ['a cluster of ioredis 5', new ioredis5.Cluster(nodes, lazy)],
  ])('not %s', (_, one) => {
    expect(refusalOf(copied(one))).toBe(
      'The options of redisStore() cannot be used: localCopy.subscriber must be a connection of createClient() of ' +
        'node-redis, or of new Redis() of ioredis.',
    );
  });

  it('not the client itself', () => {
    expect(refusalOf(copied(client))).toBe(
      'The options of redisStore() cannot be used: localCopy.subscriber must be a connection of its own: one that ' +
        'subscribes does nothing else.',
    );
  });
});

describe('the options of redisStore', () => {
  it.each([
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'with a space' }],
    ['prefix', { prefix: 'with\nline' }],
    ['prefix', { prefix: 'ünicode:' }],
    ['prefix', { prefix: 'x'.repeat(65) }],
    ['prefix', { prefix: 7 }],
    ['secrets', { secrets: undefined }],
    ['secrets.0', { secrets: [] }],
    ['secrets', { secrets: secret }],
    ['secrets', { secrets: [secret, another, secret] }],
    ['secrets', { secrets: Array.from({ length: 9 }, (_, n) => `${secret} ${n}`) }],
    ['secrets.0', { secrets: ['canary-short'] }],
    ['secrets.1', { secrets: [secret, 'canary-short'] }],
    ['secrets.1', { secrets: [secret, undefined] }],
    ['secrets.0', { secrets: [Buffer.from(secret)] }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['deadlineMs', { deadlineMs: -1 }],
    ['deadlineMs', { deadlineMs: Number.NaN }],
    ['deadlineMs', { deadlineMs: Infinity }],
    ['deadlineMs', { deadlineMs: 60_001 }],
    ['deadlineMs', { deadlineMs: '250' }],
    ['localCopy', { localCopy: true }],
    ['localCopy.subscriber', { localCopy: {} }],
    ['localCopy.maxEntries', { localCopy: { subscriber, maxEntries: 0 } }],
    ['localCopy.maxEntries', { localCopy: { subscriber, maxEntries: 1.5 } }],
    ['localCopy.maxEntries', { localCopy: { subscriber, maxEntries: 1_000_001 } }],
    ['localCopy.maxAgeMs', { localCopy: { subscriber, maxAgeMs: 0 } }],
    ['localCopy.maxAgeMs', { localCopy: { subscriber, maxAgeMs: 3_600_001 } }],
    ['localCopy has no "maxSize"', { localCopy: { subscriber, maxSize: 1 } }],
    ['has no "secret"', { secret }],
  ])('%s is refused: %j', (name, options) => {
    const said = refusalOf({ ...good, ...options });
    expect(said).toMatch(/^The options of redisStore\(\) cannot be used: [^;]+\.$/);
    expect(said).toContain(`: ${name} `.replace(/ $/, name.includes('"') ? '' : ' '));
  });

  it('are all named in one message', () => {
    const problems = [
      ['client', { client: {} }],
      ['prefix', { prefix: 'a b' }],
      ['secrets.1', { secrets: [secret, 'canary'] }],
      ['deadlineMs', { deadlineMs: 0 }],
      ['has no', { timeout: 1 }],
    ] as const;
    const all = Object.assign({}, ...problems.map(([, options]) => options)) as object;
    const said = refusalOf({ ...all, localCopy: { subscriber: {}, maxEntries: 0, maxAgeMs: 0, more: 1 } });
    for (const [name] of problems) expect(said).toMatch(new RegExp(`(: |; )${name} `));
    for (const name of ['subscriber', 'maxEntries', 'maxAgeMs'])
      expect(said).toContain(`; localCopy.${name} `);
    expect(said).toContain('localCopy has no "more"');
  });

  it('also what is wrong with two of them together, and with the list of secrets', () => {
    const said = refusalOf({
      client,
      secrets: ['canary', 'canary'],
      prefix: '',
      localCopy: { subscriber: client },
    });
    expect(said).toContain('localCopy.subscriber must be a connection of its own');
    expect(said).toContain('prefix must');
    expect(said).toContain('secrets.0 must');
    expect(said).toContain('secrets must differ');
    // Also where an option is not even of the right type.
    const types = refusalOf({ client, secrets: [7], deadlineMs: '250', localCopy: { subscriber: client } });
    expect(types).toContain('localCopy.subscriber must be a connection of its own');
    expect(types).toContain('secrets.0 must');
    expect(types).toContain('deadlineMs must');
  });

  it.each([undefined, null, 'canary', 7, []])('are an object: %j is refused', (options) => {
    expect(refusalOf(options)).toMatch(/^The options of redisStore\(\) cannot be used: must be object/);
  });

  it('that may be left out may be undefined', () => {
    const options = { ...good, prefix: undefined, deadlineMs: undefined, localCopy: undefined };
    expect(() => redisStore(options)).not.toThrow();
    const localCopy = { subscriber, maxEntries: undefined, maxAgeMs: undefined };
    expect(() => redisStore({ ...good, localCopy })).not.toThrow();
  });

  it('take secrets by their bytes, and eight of them', () => {
    expect(() => redisStore({ client, secrets: ['é'.repeat(16)] })).not.toThrow();
    expect(refusalOf({ client, secrets: ['é'.repeat(15)] })).toContain(
      'secrets.0 must have 32 bytes at least',
    );
    const eight = Array.from({ length: 8 }, (_, n) => `${secret} ${n}`);
    expect(() => redisStore({ client, secrets: eight })).not.toThrow();
  });
});

describe('F3: a store shows no secret', () => {
  it.each([
    ['plain', redisStore({ ...good, secrets: [secret, another] })],
    ['with a local copy', redisStore({ ...good, secrets: [secret, another], localCopy: { subscriber } })],
  ])('%s', async (_, store) => {
    const failed: unknown = await store.get('session:canary-key').catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'store_error' });
    for (const value of [store, failed]) {
      const shown = `${inspect(value, { showHidden: true, depth: 10, getters: true })}${JSON.stringify(value)}`;
      expect(shown).not.toContain('canary');
      expect(shown).not.toContain(Buffer.from(secret).toString('hex').slice(0, 16));
      expect(shown).not.toContain(Buffer.from(secret).toString('base64').slice(0, 16));
    }
  });
});
