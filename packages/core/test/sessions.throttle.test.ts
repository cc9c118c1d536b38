import { describe, expect, it } from 'vitest';
import { memoryStore, type ErrorCode } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, gives, type ProviderCall } from './controlled-provider.js';
import { failureOf } from './failures.js';
import {
  hour,
  recordingStore,
  sessionWorld,
  settle,
  watched,
  type SessionWorld,
} from './session-fixtures.js';

const wrong = { ...anna, password: 'wrong' };
const perMs = 300_000;

/** Gives a session for the right password of anybody, as soon as it is asked. */
function checks(call: ProviderCall) {
  if (call.kind === 'renewal' || call.password === anna.password) call.give();
  else call.fail('invalid_credentials');
}

function guarded(given: Parameters<typeof sessionWorld>[0] = {}): SessionWorld {
  return sessionWorld({ answer: checks, ...given });
}

async function refusal(world: SessionWorld, client?: string, who = wrong) {
  const { code, message, retryable, retryAfterMs } = await failureOf(
    world.sessions.signIn('acme', who, { client }),
  );
  return { code, message, retryable, retryAfterMs };
}

describe('the throttle of sign-ins', () => {
  it('S5: 4 refused tries of one account reach the provider in 300 s, from all clients together', async () => {
    const world = guarded();
    for (let at = 0; at < 4; at += 1)
      expect(await refusal(world, `192.0.2.${at}`)).toMatchObject({ code: 'invalid_credentials' });
    for (let at = 4; at < 50; at += 1) {
      expect(await refusal(world, `192.0.2.${at}`)).toMatchObject({
        code: 'rate_limited',
        retryable: true,
        retryAfterMs: perMs,
      });
    }
    expect(world.acme.calls).toHaveLength(4);
    await world.clock.advance(perMs - 1);
    expect(await refusal(world, '192.0.2.60')).toMatchObject({ code: 'rate_limited', retryAfterMs: 1 });
    await world.clock.advance(1);
    expect(await refusal(world, '192.0.2.61')).toMatchObject({ code: 'invalid_credentials' });
    expect(world.acme.calls).toHaveLength(5);
  });

  it('S5: the account limit holds without a client, too', async () => {
    const world = guarded();
    const codes = [];
    for (let at = 0; at < 10; at += 1) codes.push((await refusal(world)).code);
    expect(codes).toEqual([
      ...Array<string>(4).fill('invalid_credentials'),
      ...Array<string>(6).fill('rate_limited'),
    ]);
    expect(await refusal(world, '')).toMatchObject({ code: 'rate_limited' });
  });

  it('S5: 3 refused tries of one account and client', async () => {
    const world = guarded();
    for (let at = 0; at < 10; at += 1) await refusal(world, '192.0.2.1');
    expect(world.acme.calls).toHaveLength(3);
    await world.sessions.signIn('acme', anna, { client: '192.0.2.2' });
  });

  it('S5: 20 refused tries of one client, over however many accounts', async () => {
    const world = guarded();
    for (let at = 0; at < 100; at += 1)
      await refusal(world, '192.0.2.1', { ...wrong, email: `user-${at}@example.com` });
    expect(world.acme.calls).toHaveLength(20);
    // That costs the accounts nothing.
    await world.sessions.signIn('acme', { ...anna, email: 'user-99@example.com' }, { client: '192.0.2.2' });
  });

  it('S5: 1,000 wrong tries at the same moment from 50 clients reach the provider 4 times', async () => {
    const world = guarded({ answer: undefined });
    const all = Array.from({ length: 1_000 }, (_, at) => refusal(world, `192.0.2.${at % 50}`));
    for (let turn = 0; turn < 20; turn += 1) {
      await world.clock.advance(300);
      world.acme.open.forEach(checks);
    }
    const codes = (await Promise.all(all)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(4);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(996);
    expect(world.acme.calls).toHaveLength(4);
  });

  it('S5: 1,000 wrong tries at once in two processes over one store reach the provider 4 times', async () => {
    const world = guarded();
    const other = world.another();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, at) =>
        failureOf((at % 2 ? other : world.sessions).signIn('acme', wrong, { client: `192.0.2.${at % 50}` })),
      ),
    );
    expect(world.acme.calls).toHaveLength(4);
  });

  it('S5: a client that has signed in to the account within 30 days is not locked out by strangers', async () => {
    const world = guarded();
    const client = '198.51.100.7';
    const day = 24 * hour;
    await world.sessions.signIn('acme', anna, { client });
    await world.clock.advance(30 * day - 1);
    for (let at = 0; at < 10; at += 1) await refusal(world, `192.0.2.${at}`);
    await world.sessions.signIn('acme', anna, { client });
    expect(await refusal(world, '198.51.100.8', anna)).toMatchObject({ code: 'rate_limited' });
    // Its own allowance is one, too.
    for (let at = 0; at < 10; at += 1) await refusal(world, client);
    expect(world.acme.calls).toHaveLength(1 + 4 + 1 + 3);
    expect(await refusal(world, client, anna)).toMatchObject({ code: 'rate_limited' });
  });

  it('S5: a client that has not signed in to the account for 30 days is a stranger', async () => {
    const world = guarded();
    const client = '198.51.100.7';
    await world.sessions.signIn('acme', anna, { client });
    await world.clock.advance(30 * 24 * hour);
    for (let at = 0; at < 10; at += 1) await refusal(world, `192.0.2.${at}`);
    expect(await refusal(world, client, anna)).toMatchObject({ code: 'rate_limited' });
  });

  it('S5: who knows one account is a stranger to another', async () => {
    const world = guarded();
    const client = '198.51.100.7';
    await world.sessions.signIn('acme', { ...anna, email: 'mine@example.com' }, { client });
    for (let at = 0; at < 10; at += 1) await refusal(world, `192.0.2.${at}`);
    expect(await refusal(world, client)).toMatchObject({ code: 'rate_limited' });
  });

  it.each<[string, string, boolean]>([
    ['2001:db8:1:2:3:4:5:6', '2001:DB8:1:2::1', true],
    ['2001:db8:1:2::', '2001:0db8:0001:0002:ffff:ffff:ffff:ffff', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.1', '::FFFF:192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['192.0.2.1', ' 192.0.2.1 ', true],
    ['192.0.2.1', '192.0.2.10', false],
    ['fe80::1%eth0', 'fe80::1%eth1', true],
    ['session-abc', 'session-abd', false],
  ])('S5: of %s and %s it holds that they are one client: %s', async (one, other, isSame) => {
    const world = guarded();
    for (let at = 0; at < 3; at += 1) await refusal(world, one);
    expect((await refusal(world, other)).code).toBe(isSame ? 'rate_limited' : 'invalid_credentials');
  });

  it.each([
    'ANNA@EXAMPLE.COM',
    '\uff41nna@example.com',
    ' anna@example.com ',
    'anna@example.com\u00a0',
    'Anna@example.com',
  ])('S5: %j is the account of anna@example.com', async (email) => {
    const world = guarded();
    for (let at = 0; at < 4; at += 1) await refusal(world, `192.0.2.${at}`, { ...wrong, email });
    expect(await refusal(world, '192.0.2.9', anna)).toMatchObject({ code: 'rate_limited' });
  });

  it.each<ErrorCode>([
    'upstream_unavailable',
    'timeout',
    'rate_limited',
    'second_factor_required',
    'invalid_response',
  ])('S5: a try that comes to %s does not count', async (code) => {
    const world = guarded({ answer: (call) => call.fail(code) });
    for (let at = 0; at < 30; at += 1) expect((await refusal(world, '192.0.2.1')).code).toBe(code);
    expect(world.acme.calls).toHaveLength(30);
  });

  it.each<ErrorCode>(['invalid_credentials', 'second_factor_invalid', 'account_locked', 'account_disabled'])(
    'S5: a try that comes to %s counts',
    async (code) => {
      const world = guarded({ answer: (call) => call.fail(code) });
      for (let at = 0; at < 10; at += 1) await refusal(world, `192.0.2.${at}`);
      expect(world.acme.calls).toHaveLength(4);
    },
  );

  it('S5: a try that the caller gives up counts, and the waiting of one does not', async () => {
    const world = guarded({ answer: undefined });
    for (let at = 0; at < 10; at += 1) {
      const leaving = new AbortController();
      const options = { client: `192.0.2.${at}`, signal: leaving.signal };
      const signIn = watched(world.sessions.signIn('acme', wrong, options));
      await settle();
      leaving.abort();
      await settle();
      expect(signIn.state).toBe('rejected');
    }
    expect(world.acme.calls).toHaveLength(4);
  });

  it('S5: the right password does not count, however often', async () => {
    const world = guarded();
    for (let at = 0; at < 50; at += 1) await world.sessions.signIn('acme', anna, { client: '192.0.2.1' });
    expect(world.acme.calls).toHaveLength(50);
  });

  it('S5: 200 right sign-ins of one account at the same moment wait their turn', async () => {
    const { clock, acme, sessions } = guarded({ answer: undefined });
    acme.settings.answer = (call) => {
      clock.sleep(50).then(
        () => call.give(),
        () => undefined,
      );
    };
    const all = watched(
      Promise.all(Array.from({ length: 200 }, () => sessions.signIn('acme', anna, { client: '192.0.2.1' }))),
    );
    await clock.advance(5_000);
    expect(new Set(all.value?.map(({ id }) => id)).size).toBe(200);
    expect(clock.sleepers).toBe(0);
  });

  it('S5: nobody waits for a turn longer than 5 s', async () => {
    const { clock, acme, sessions } = guarded({ answer: undefined });
    const all = Array.from({ length: 30 }, (_, at) => {
      const signIn = sessions.signIn('acme', anna, { client: `192.0.2.${at % 5}` });
      return watched(signIn);
    });
    await clock.advance(4_999);
    expect(all.filter(({ state }) => state === 'pending')).toHaveLength(30);
    await clock.advance(1);
    expect(all.filter(({ state }) => state === 'rejected')).toHaveLength(26);
    acme.open.forEach(gives);
    await clock.advance(0);
    expect(all.filter(({ state }) => state === 'resolved')).toHaveLength(4);
    expect(clock.sleepers).toBe(0);
  });

  it('S5: nobody waits longer than 5 s for all limits together', async () => {
    const one = { tries: 1, perMs };
    const options = { throttle: { account: one, client: one } };
    const { clock, acme, sessions } = guarded({ answer: undefined, options });
    const signIn = (client: string, email: string) =>
      watched(sessions.signIn('acme', { ...anna, email }, { client }));
    const first = signIn('192.0.2.1', 'bert@example.com');
    const other = signIn('192.0.2.2', anna.email);
    await clock.advance(1_000);
    const late = signIn('192.0.2.1', anna.email); // waits for the first, and then for the other
    await clock.advance(4_500);
    acme.open.find(({ email }) => email !== anna.email)!.give();
    await clock.advance(500);
    expect([first.state, other.state, late.state]).toEqual(['resolved', 'pending', 'rejected']);
  });

  it('S4: an unknown address and a wrong password are answered alike, for the same work', async () => {
    const answers = await Promise.all(
      [wrong, { ...wrong, email: 'nobody@example.com' }].map(async (who) => {
        const store = recordingStore(memoryStore());
        const world = guarded({ store });
        const all = [];
        for (let at = 0; at < 10; at += 1) all.push(await refusal(world, '192.0.2.1', who));
        return { all, calls: world.acme.calls.length, asked: store.seen.length };
      }),
    );
    const [known, unknown] = answers;
    expect(stripped(unknown)).toEqual(stripped(known));
    expect(known!.calls).toBe(3);

    function stripped(answer: (typeof answers)[number] | undefined) {
      const all = answer!.all.map(({ code, message, retryable }) => ({ code, message, retryable }));
      return { ...answer, all };
    }
  });

  it('S5: 100,000 junk addresses sign nobody out, and lock nobody out', async () => {
    const clock = virtualClock();
    const world = guarded({
      clock,
      store: memoryStore({ clock, maxEntries: 100 }),
      options: { throttle: {} },
    });
    const ids = await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        const who = { ...anna, email: `user-${at}@example.com` };
        return (await world.sessions.signIn('acme', who, { client: `198.51.100.${at}` })).id;
      }),
    );
    for (let at = 0; at < 10_000; at += 1) {
      await Promise.all(
        Array.from({ length: 10 }, (__, more) => {
          const email = `junk-${at}-${more}@example.com`;
          const client = `2001:db8:${at.toString(16)}:${more}::1`;
          return failureOf(world.sessions.signIn('acme', { email, password: 'x' }, { client }));
        }),
      );
    }
    const found = await Promise.all(ids.map((id) => world.sessions.get(id)));
    expect(found.every((session) => session !== undefined)).toBe(true);
  }, 60_000);

  it('S5: nothing is asked of the provider while the store of the throttle is down', async () => {
    const clock = virtualClock();
    const base = memoryStore({ clock });
    const store = { ...base, take: () => Promise.reject(new Error('connection lost')) };
    const world = guarded({ clock, store });
    expect(await refusal(world, '192.0.2.1', anna)).toMatchObject({ code: 'store_error', retryable: true });
    expect(world.acme.calls).toEqual([]);
  });

  it('S5: without a throttle every try is sent', async () => {
    const world = guarded({ options: { throttle: false } });
    for (let at = 0; at < 30; at += 1)
      expect((await refusal(world, '192.0.2.1')).code).toBe('invalid_credentials');
  });

  it('S5: limits are options', async () => {
    const limits = { account: { tries: 2, perMs: 1_000 }, client: { tries: 3, perMs: 10_000 } };
    const world = guarded({ options: { throttle: limits } });
    const codes: string[] = [];
    for (let at = 0; at < 3; at += 1) codes.push((await refusal(world, `192.0.2.${at}`)).code);
    await world.clock.advance(1_000);
    for (let at = 0; at < 3; at += 1)
      codes.push((await refusal(world, '192.0.2.7', { ...wrong, email: `user-${at}@example.com` })).code);
    expect(await refusal(world, '192.0.2.7')).toMatchObject({ code: 'rate_limited', retryAfterMs: 10_000 });
    expect(codes).toEqual([
      'invalid_credentials',
      'invalid_credentials',
      'rate_limited',
      ...Array<string>(3).fill('invalid_credentials'),
    ]);
  });

  it('a refusal is told of, without a word of whom', async () => {
    const world = guarded();
    for (let at = 0; at < 5; at += 1) await refusal(world, `192.0.2.${at}`);
    expect(world.told()).toEqual([...Array<string>(4).fill('sign-in-refused'), 'throttled']);
    expect(world.events.at(-1)).toEqual({
      type: 'throttled',
      at: world.clock.now(),
      provider: 'acme',
      code: 'rate_limited',
    });
  });

  it('odd clients are invalid_input, and nothing is sent', async () => {
    const world = guarded();
    for (const client of [7, null, ['192.0.2.1'], {}]) {
      expect(await refusal(world, client as unknown as string)).toMatchObject({ code: 'invalid_input' });
    }
    expect(world.acme.calls).toEqual([]);
  });
});
