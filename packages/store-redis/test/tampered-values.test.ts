import { randomUUID } from 'node:crypto';
import type { Store } from '@latchkey/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '../../core/test/seeded.js';
import { redisStore } from '../src/index.js';
import { connectPlainly } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';

type Plain = Awaited<ReturnType<typeof connectPlainly>>;
const secret = 'a secret of the tests: 32 bytes or more';
const otherSecret = 'another secret of them: 32 bytes or more';
const long = { ttlMs: 600_000 };
const text = 'what is kept, and a little more than a block of the cipher';

// version 1 | id of the secret 4 | MAC 16 | nonce 12 | sealed text | tag 16
const headBytes = 21;
const textAt = 33;
const sealedBytes = textAt + Buffer.byteLength(text) + 16;
const flips = {
  version: [0],
  'id of the secret': [1, 4],
  MAC: [5, 13, 20],
  nonce: [21, 27, 32],
  text: [33, 60, sealedBytes - 17],
  tag: [sealedBytes - 16, sealedBytes - 8, sealedBytes - 1],
};

describeWithRedis('a value that was tampered with', () => {
  let redis: RedisServer;
  let plain: Plain;
  beforeAll(async () => {
    redis = await startRedis();
    plain = await connectPlainly(redis.port);
  });
  afterAll(async () => {
    await plain.close();
    await redis.stop();
  });

  /** Two processes with one value, and what Redis has of it. */
  async function kept() {
    const prefix = `${randomUUID()}:`;
    const of = (secrets: string[]) =>
      redisStore({ client: plain.client, prefix, secrets, deadlineMs: 10_000 });
    const [store, other] = [of([secret]), of([secret])];
    await store.set('session:a', text, long);
    expect(await store.get('session:a')).toBe(text);
    const [name] = await plain.client.keys(`${prefix}v:*`);
    const value = (await plain.client.getBuffer(name!))!;
    await store.set('session:b', 'of another key', long);
    return {
      prefix,
      of,
      store,
      other,
      name: name!,
      value,
      put: (bytes: Buffer) => plain.client.set(name!, bytes, 'PX', long.ttlMs),
    };
  }

  /** Both who has read the value before and who has not find none, and it stands in nobody's way. */
  async function expectNone({ store, other }: { store: Store; other: Store }) {
    for (const one of [store, other]) {
      expect(await one.get('session:a')).toBeUndefined();
      expect(await one.getMany!(['session:b', 'session:a'])).toEqual(['of another key', undefined]);
      expect(await one.getMany!(['session:a'])).toEqual([undefined]);
    }
  }

  async function expectReplaceable({ store, other }: { store: Store; other: Store }) {
    expect(await store.replace('session:a', 'what it never was', 'x', long)).toBe(false);
    expect(await store.replace('session:a', undefined, 'new', long)).toBe(true);
    expect(await other.get('session:a')).toBe('new');
    expect(await other.replace('session:a', undefined, 'x', long)).toBe(false);
    expect(await other.replace('session:a', 'new', 'newer', long)).toBe(true);
    expect(await store.get('session:a')).toBe('newer');
  }

  it('is laid out as the tests take it to be', async () => {
    const { value } = await kept();
    expect(value).toHaveLength(sealedBytes);
  });

  describe.each(Object.entries(flips))('X5: a byte of the %s', (part, places) => {
    it.each(places)('at %i is flipped: there is none', async (at) => {
      const given = await kept();
      for (const bit of [0x01, 0x80]) {
        const flipped = Buffer.from(given.value);
        flipped[at]! ^= bit;
        await given.put(flipped);
        await expectNone(given);
        // What comes right after is not taken for what came before.
        await given.put(given.value);
        expect(await given.store.get('session:a')).toBe(text);
        expect(await given.other.get('session:a')).toBe(text);
        await given.put(flipped);
      }
      // By its head a value is known to `replace`; what is broken behind that is mended.
      const isKnown = at >= headBytes;
      expect(await given.other.replace('session:a', text, 'mended', long), part).toBe(isKnown);
      if (isKnown) expect(await given.store.get('session:a')).toBe('mended');
      else await expectReplaceable(given);
    });
  });

  it.each([0, 1, 4, 5, 20, 21, 32, 33, 48, 49, 50, sealedBytes - 1])(
    'X5: cut off after %i bytes, it is none',
    async (length) => {
      const given = await kept();
      await given.put(given.value.subarray(0, length));
      await expectNone(given);
      await expectReplaceable(given);
    },
  );

  it.each([1, 16, 10_000])('X5: with %i bytes more, it is none', async (more) => {
    const given = await kept();
    for (const fill of [0, given.value.at(-1)!]) {
      await given.put(Buffer.concat([given.value, Buffer.alloc(more, fill)]));
      await expectNone(given);
      await given.put(Buffer.concat([Buffer.alloc(more, fill), given.value]));
      await expectNone(given);
    }
    await expectReplaceable(given);
  });

  it('X5: of another key, with the same text or another, it is none', async () => {
    const given = await kept();
    await given.store.set('session:c', text, long);
    const names = await plain.client.keys(`${given.prefix}v:*`);
    expect(names).toHaveLength(3);
    for (const name of names.filter((one) => one !== given.name)) {
      await given.put((await plain.client.getBuffer(name))!);
      await expectNone(given);
    }
    expect(await given.store.replace('session:a', text, 'x', long)).toBe(false);
    await expectReplaceable(given);
  });

  it('X5: parts of two values of the same key make none', async () => {
    const given = await kept();
    await given.store.set('session:a', text, long);
    const again = (await plain.client.getBuffer(given.name))!;
    expect(again.subarray(0, headBytes)).toEqual(given.value.subarray(0, headBytes));
    await given.store.set('session:a', text.replace('what', 'that'), long);
    const similar = (await plain.client.getBuffer(given.name))!;
    expect(similar).toHaveLength(sealedBytes);
    for (const [one, other] of [
      [given.value, again],
      [given.value, similar],
      [similar, given.value],
    ] as const) {
      for (const at of [1, 5, headBytes, textAt, textAt + 8, sealedBytes - 16]) {
        const mixed = Buffer.concat([one.subarray(0, at), other.subarray(at)]);
        if ([given.value, again, similar].some((whole) => whole.equals(mixed))) continue;
        await given.put(mixed);
        await expectNone(given);
      }
    }
  });

  it('X5: of another secret, or of another prefix, it is none', async () => {
    const given = await kept();
    const strangers = [
      given.of([otherSecret]),
      redisStore({ client: plain.client, prefix: `${given.prefix}other:`, secrets: [secret] }),
    ];
    for (const stranger of strangers) {
      await stranger.set('session:a', text, long);
      const names = await plain.client.keys(`${given.prefix}*`);
      // The last that is not one of ours.
      const values = await Promise.all(names.map((name) => plain.client.getBuffer(name)));
      for (const value of values.filter((one) => !one!.equals(given.value))) {
        await given.put(value!);
        await expectNone(given);
      }
      await given.put(given.value);
    }
    for (const stranger of strangers) await stranger.delete('session:a');
    expect(await given.store.get('session:a')).toBe(text);
  });

  describe.each(['list', 'hash', 'set', 'zset', 'stream'] as const)('a %s in its place', (type) => {
    async function keptAs() {
      const given = await kept();
      const { client } = plain;
      await client.del(given.name);
      if (type === 'list') await client.rpush(given.name, given.value);
      if (type === 'hash') await client.hset(given.name, 'field', given.value);
      if (type === 'set') await client.sadd(given.name, given.value);
      if (type === 'zset') await client.zadd(given.name, 1, given.value);
      if (type === 'stream') await client.xadd(given.name, '*', 'field', given.value);
      return given;
    }

    it('X5: is none, and is replaced', async () => {
      const given = await keptAs();
      await expectNone(given);
      expect(await given.store.replace('session:a', text, 'x', long)).toBe(false);
      await expectReplaceable(given);
    });

    it('is overwritten, and deleted', async () => {
      const one = await keptAs();
      await one.store.set('session:a', 'new', long);
      expect(await one.other.get('session:a')).toBe('new');
      const another = await keptAs();
      await another.store.delete('session:a');
      expect(await plain.client.exists(another.name)).toBe(0);
    });
  });

  it('X5: whatever bytes there are, only those that were written are read', async () => {
    const given = await kept();
    const { store, other, value } = given;
    const part = fc
      .tuple(fc.nat(sealedBytes), fc.nat(sealedBytes))
      .map(([from, to]) => value.subarray(from, to));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
      fc.tuple(part, fc.uint8Array({ maxLength: 60 }), part).map((parts) => Buffer.concat(parts)),
      fc.constant(value),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (some, isReadFirst) => {
        await given.put(some);
        const found = some.equals(value) ? text : undefined;
        if (isReadFirst) expect(await store.get('session:a')).toBe(found);
        expect(await other.getMany!(['session:a', 'session:b'])).toEqual([found, 'of another key']);
        expect(await other.replace('session:a', 'another text', 'x', long)).toBe(false);
        expect(await store.replace('session:a', undefined, 'new', long)).toBe(found === undefined);
        expect(await store.get('session:a')).toBe(found ?? 'new');
      }),
      seeded('tampered values', 300),
    );
  });

  it.each([
    ['count', (store: Store) => store.take('throttle:a', { limit: 3, perMs: 600_000 }), 'c'],
    ['lease', (store: Store) => store.lease('lease:a', long).then((lease) => lease?.extend(1_000)), 'l'],
  ] as const)(
    'a %s that is something else fails with store_error, and nothing else',
    async (_, use, letter) => {
      const { store, prefix } = await kept();
      await use(store);
      const [name] = await plain.client.keys(`${prefix}${letter}:*`);
      for (const put of [
        () => plain.client.set(name!, 'text'),
        () => plain.client.hset(name!, 'field', 'text'),
        () => plain.client.rpush(name!, 'text', '', 'nan nan'),
        () => plain.client.rpush(name!, '1', '2 2 2'),
      ]) {
        await plain.client.del(name!);
        await put();
        await use(store).catch((error: unknown) => expect(error).toMatchObject({ code: 'store_error' }));
      }
      await plain.client.del(name!);
      await use(store);
    },
  );

  it('a lease that was changed is lost, and what is there is left alone', async () => {
    const { store, prefix } = await kept();
    const lease = await store.lease('lease:a', long);
    const [name] = await plain.client.keys(`${prefix}l:*`);
    await plain.client.set(name!, 'somebody else', 'PX', 60_000);
    expect(await lease!.extend(1_000)).toBe(false);
    await lease!.release();
    expect(await plain.client.get(name!)).toBe('somebody else');
    await plain.client.del(name!);
    await plain.client.rpush(name!, 'a list');
    await expect(lease!.extend(1_000)).rejects.toMatchObject({ code: 'store_error' });
    expect(await store.lease('lease:a', long)).toBeUndefined();
  });
});
