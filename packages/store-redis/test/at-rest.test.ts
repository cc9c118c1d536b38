import { randomUUID } from 'node:crypto';
import { createSessions, tokenSource, type Provider, type Store } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { startCryptlexEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisStore, type RedisClient, type RedisSubscriber } from '../src/index.js';
import { connectPlainly, serverConnectors, type Connected } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { startRedis, type RedisServer } from './harness/redis-server.js';
import { until } from './harness/until.js';
import { monitored, type Monitored } from './monitored.js';
import { spellingsOf } from './spellings.js';

const secrets = ['canary-store-secret-1: 32 bytes or more', 'canary-store-secret-2: 32 bytes or more'];
// With what JSON, URLs and UTF-8 each write in another way.
const password = 'canary "pässword" \\ 100% & more/+?';
const email = 'canary.user+mail@example.com';
const stranger = 'canary.stranger@example.com';
const wrongPassword = 'canary-wrong-password';
const servicePassword = 'canary-service-password';
const service = 'canary.service@example.com';
const refusedService = 'canary.refused.service@example.com';
const note = 'canary-user-data: «très privé»';
const clients = ['198.51.100.177', '2001:db8:77:88:99:aa:bb:cc'];

/** Something that was seen in Redis, or on its way there. */
interface Seen {
  readonly where: string;
  readonly bytes: Buffer;
}

describeWithRedis('what Redis has, and is told', () => {
  let redis: RedisServer;
  let plain: Awaited<ReturnType<typeof connectPlainly>>;
  let monitor: Monitored;
  let seen: Seen[];
  let looks: number;
  beforeAll(async () => {
    // What DUMP gives is not to be packed: nothing would be found in that.
    redis = await startRedis({ config: ['rdbcompression no'] });
    plain = await connectPlainly(redis.port);
    monitor = await monitored(redis.port);
    seen = [];
    looks = 0;
    const subscriber = await plain.subscriber();
    subscriber.on('pmessageBuffer', (_pattern: unknown, channel: Buffer, message: Buffer) => {
      seen.push({ where: 'a channel', bytes: channel }, { where: `a message`, bytes: message });
    });
    await subscriber.psubscribe('*');
  });
  afterAll(async () => {
    await monitor.close();
    await plain.close();
    await redis.stop();
  });

  /** Reads everything that there is. Nothing may be there that has no end. */
  async function look() {
    looks += 1;
    const { client } = plain;
    expect(await client.eval(endlessScript, 0), 'keys without an end').toEqual([]);
    for (const name of await client.keysBuffer('*')) {
      seen.push({ where: 'a key', bytes: name });
      const dumped = (await client.dumpBuffer(name)) as Buffer | null;
      if (dumped) seen.push({ where: 'a dump', bytes: dumped });
      const type = await client.type(name);
      if (type === 'string') {
        const value = await client.getBuffer(name);
        if (value) seen.push({ where: 'a value', bytes: value });
      } else if (type === 'list') {
        for (const entry of await client.lrangeBuffer(name, 0, -1)) {
          seen.push({ where: 'an entry of a list', bytes: entry });
        }
      } else {
        expect(type).toBe('none');
      }
    }
  }

  /** The store, of which everything is looked at after each call, and all that it was given. */
  function watched(store: Store) {
    const given = new Set<string>();
    const after = async <T>(call: Promise<T>, ...texts: unknown[]): Promise<T> => {
      // Short ones, such as `1`, are anywhere.
      for (const text of texts) if (typeof text === 'string' && text.length >= 8) given.add(text);
      const outcome = await call;
      await look();
      return outcome;
    };
    const watching: Store = {
      get: (key) => after(store.get(key), key),
      getMany: (keys) => after(store.getMany!(keys), ...keys),
      set: (key, value, options) => after(store.set(key, value, options), key, value),
      delete: (key) => after(store.delete(key), key),
      replace: (key, expected, value, options) =>
        after(store.replace(key, expected, value, options), key, expected, value),
      take: (key, options) => after(store.take(key, options), key),
      async lease(key, options) {
        const lease = await after(store.lease(key, options), key);
        return (
          lease && {
            extend: (ttlMs) => after(lease.extend(ttlMs)),
            release: () => after(lease.release()),
          }
        );
      },
    };
    return { store: watching, given };
  }

  /** Where each of them was seen, in whatever form. */
  async function sightings(canaries: Iterable<string>): Promise<string[]> {
    const commands = await monitor.commands();
    const told = commands
      .filter(({ name }) => !ofTests.has(name))
      .flatMap(({ name, args }) => args.map((bytes) => ({ where: `an argument of ${name}`, bytes })));
    const all = [
      ...new Map(
        [...seen, ...told].map((one) => [`${one.where} ${one.bytes.toString('latin1')}`, one]),
      ).values(),
    ];
    const haystack = all.map(({ bytes }) => bytes);
    // One search through all is quicker than one through each.
    const whole = Buffer.concat(haystack.flatMap((bytes) => [bytes, Buffer.of(0, 0, 0)]));
    const found: string[] = [];
    for (const canary of canaries) {
      for (const { form, bytes } of spellingsOf(canary)) {
        if (!whole.includes(bytes)) continue;
        for (const one of all)
          if (one.bytes.includes(bytes)) found.push(`${canary} (${form}) in ${one.where}`);
      }
    }
    return found;
  }

  it('is searched in a way that finds what is there, in each form', async () => {
    const { client } = plain;
    const canaries = ['canary/planted "ÿ" ?>~ %\n', 'canary-id-'.padEnd(43, 'x')];
    for (const planted of canaries) {
      for (const { form, bytes } of spellingsOf(planted)) {
        const around = (id: string) => Buffer.concat([Buffer.from(id), bytes, Buffer.from('behind it')]);
        const finds = async (where: string) => {
          expect(await sightings([planted]), form).toContain(`${planted} (${form}) in ${where}`);
          seen.length = 0;
        };
        await client.set('planted', around('a'), 'PX', 60_000);
        await look();
        await finds('a value');
        await client.set(around('b'), 'x', 'PX', 60_000);
        await look();
        await finds('a key');
        await client
          .multi()
          .del('planted')
          .rpush('planted', 'x', around('c'))
          .pexpire('planted', 60_000)
          .exec();
        await look();
        await finds('an entry of a list');
        await client.publish('a channel', around('d'));
        await until('the message', () => seen.some(({ where }) => where === 'a message'));
        await finds('a message');
        await client.eval('return 1', 1, 'x', around('e'));
        await finds('an argument of EVAL');
        await client.flushall();
      }
    }
    await client.set('endless', 'x');
    await expect(look()).rejects.toThrow('keys without an end');
    await client.flushall();
  });

  it('spells base64 as it stands within something longer, wherever that is', () => {
    const planted = 'canary?>ÿ~~';
    for (const before of ['', 'a', 'ab', 'abc', 'abcd']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const whole = Buffer.from(`${before}${planted}and after`).toString(encoding);
        const found = spellingsOf(planted).filter(({ bytes }) => whole.includes(bytes.toString()));
        expect(found.map(({ form }) => form)).toContain(`${encoding} at ${before.length % 3}`);
      }
    }
  });

  describe.each([serverConnectors[0], serverConnectors[2]])('$name', ({ connect }) => {
    let connected: Connected<RedisClient, RedisSubscriber>;
    beforeAll(async () => (connected = await connect(redis.port)));
    afterAll(() => connected.close());

    const fakeUsers = [
      { email, password, name: 'Canary Name Of Somebody' },
      { email: service, password: servicePassword },
    ];
    const fake = async () => ({
      provider: fakeProvider({ name: 'acme', users: fakeUsers, renewable: true }) as Provider,
      stop: async () => {},
    });
    const emulated = async () => {
      const users = fakeUsers.map(({ name = 'Canary Name', ...user }) => ({
        ...user,
        firstName: name,
        licenses: 2,
      }));
      const emulator = await startCryptlexEmulator({ users });
      const provider = cryptlex({ accountAlias: emulator.accountAlias, origin: emulator.origin });
      return {
        provider: provider as unknown as Provider,
        stop: async () => {
          await provider.upstream.close();
          await emulator.stop();
        },
      };
    };

    it.each([
      ['fakeProvider', fake],
      ['Cryptlex', emulated],
    ])('X5, F3: tells no password, token, address or id, of %s', async (_, start) => {
      seen.length = 0;
      looks = 0;
      const { provider, stop } = await start();
      const tokens = new Set<string>();
      const noted = listening(provider, tokens);
      const options = {
        client: connected.client,
        prefix: `${randomUUID()}:`,
        secrets,
        deadlineMs: 10_000,
        localCopy: { subscriber: await connected.subscriber() },
      };
      const opened = redisStore(options);
      const { store, given } = watched(opened);
      const sessions = createSessions({
        providers: [noted],
        store,
        idleMs: 3_600_000,
        user: ({ identity }) => ({ note, subject: identity.subject }),
      });
      const ids: string[] = [];
      const signIn = async (client: string, replaces?: string) => {
        const { id } = await sessions.signIn(
          noted.name,
          { email, password },
          {
            client,
            ...(replaces !== undefined && { replaces }),
          },
        );
        ids.push(id);
        return id;
      };
      const failed = (name: string, word: string, client: string) =>
        sessions.signIn(noted.name, { email: name, password: word }, { client }).then(
          () => 'done',
          (error: unknown) => (error as { code: string }).code,
        );

      const first = await signIn(clients[0]!);
      const second = await signIn(clients[1]!, first);
      const third = await signIn(clients[0]!);
      expect(await failed(email, wrongPassword, clients[0]!)).toBe('invalid_credentials');
      const outcomes: string[] = [];
      for (let tries = 0; tries < 6; tries += 1)
        outcomes.push(await failed(stranger, wrongPassword, clients[1]!));
      expect(new Set(outcomes)).toEqual(new Set(['invalid_credentials', 'rate_limited']));
      for (const id of [first, second, third]) await sessions.get(id);
      const session = (await sessions.get(second))!;
      const before = await session.source.getToken();
      // The session renews with its refresh token.
      const renewed = await session.source.getToken({ rejected: before });
      expect(renewed.value).not.toBe(before.value);
      const other = createSessions({ providers: [noted], store, idleMs: 3_600_000 });
      expect((await other.get(second))?.user).toEqual({ note, subject: session.identity.subject });

      const credentials = { email: service, password: servicePassword } as never;
      await using source = tokenSource(noted, credentials, { store });
      await using sameSource = tokenSource(noted, credentials, { store });
      const token = await source.getToken();
      expect((await sameSource.getToken()).value).toBe(token.value);
      await source.getToken({ rejected: token });
      await using refused = tokenSource(
        noted,
        { email: refusedService, password: wrongPassword },
        {
          store,
        },
      );
      await expect(refused.getToken()).rejects.toMatchObject({ code: 'invalid_credentials' });

      const lease = await store.lease('lease:canary-lease-of-a-key', { ttlMs: 60_000 });
      await lease!.extend(60_000);
      await lease!.release();
      await sessions.signOut(third);
      await sessions.signOutEverywhere(session.identity);
      await sessions.close();
      await other.close();
      await opened.close!();
      await stop();

      expect(tokens.size).toBeGreaterThanOrEqual(10);
      expect(ids).toHaveLength(3);
      expect(given.size).toBeGreaterThan(20);
      expect(looks).toBeGreaterThan(50);
      for (const where of ['a key', 'a value', 'an entry of a list', 'a message', 'a channel']) {
        expect(
          seen.some((one) => one.where === where),
          where,
        ).toBe(true);
      }
      const people = [email, stranger, service, refusedService, 'Canary Name Of Somebody'];
      const words = [password, wrongPassword, servicePassword, note, ...secrets, ...clients];
      const found = await sightings([...people, ...words, ...ids, ...tokens, ...given]);
      expect(found.slice(0, 10)).toEqual([]);
      const commands = await monitor.commands();
      expect(commands.some(({ name }) => name === 'EVALSHA')).toBe(true);
    });
  });
});

/** The same provider; adds the tokens that it gives to a set. */
function listening(provider: Provider, tokens: Set<string>): Provider {
  const noted = (grant: { accessToken: string; refreshToken?: string | undefined }) => {
    tokens.add(grant.accessToken);
    if (grant.refreshToken !== undefined) tokens.add(grant.refreshToken);
  };
  return {
    ...provider,
    async signIn(...args) {
      const grant = await provider.signIn(...args);
      noted(grant);
      return grant;
    },
    ...(provider.renew && {
      async renew(...args: Parameters<NonNullable<Provider['renew']>>) {
        const grant = await provider.renew!(...args);
        noted(grant);
        return grant;
      },
    }),
  };
}

/** What the tests themselves send; of that, only what they have read before. */
const ofTests = new Set([
  'KEYS',
  'DUMP',
  'TYPE',
  'GET',
  'LRANGE',
  'PTTL',
  'INFO',
  'CLIENT',
  'HELLO',
  'PSUBSCRIBE',
]);

/** Names of keys that live for ever. */
const endlessScript = `
local endless = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('PTTL', key) == -1 then endless[#endless + 1] = key end
end
return endless
`;
