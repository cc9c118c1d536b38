import { describe, expect, it } from 'vitest';
import type { Token } from '../src/index.js';
import { gives } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { managed, watched } from './managed.js';

const aThousand = Array.from({ length: 1_000 });

describe('a token source that is asked by many at once', () => {
  it('T1: a thousand make one login and get one token; afterwards nothing is under way', async () => {
    const { clock, acme, source } = managed({ answer: undefined });
    const calls = aThousand.map(() => source.getToken());
    await clock.advance(5_000);
    expect(acme.calls).toHaveLength(1);
    acme.pending.give();
    const tokens = await Promise.all(calls);
    expect(new Set(tokens).size).toBe(1);
    expect(source.peek()).toBe(tokens[0]);
    expect(await source.getToken()).toBe(tokens[0]);
    expect(acme.calls).toHaveLength(1);
    expect(clock.sleepers).toBe(0);
    await clock.advance(3_600_000);
    const next = source.getToken();
    await clock.advance(0);
    expect(acme.open).toHaveLength(1);
    acme.pending.give();
    expect((await next).value).not.toBe(tokens[0]!.value);
  });

  it('T1: a thousand share a failure, and the next one makes another login', async () => {
    const { clock, acme, source } = managed({ answer: undefined });
    const calls = aThousand.map(() => failureOf(source.getToken()));
    await clock.advance(0);
    acme.pending.fail('upstream_unavailable');
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['upstream_unavailable']));
    expect(acme.calls).toHaveLength(1);
    acme.settings.answer = gives;
    expect((await source.getToken()).value).toBe('acme-access-1');
    expect(acme.calls).toHaveLength(2);
  });

  it('T1: nothing is sent before the first call', async () => {
    const { clock, acme, source } = managed();
    expect(source.peek()).toBeUndefined();
    await clock.advance(100_000);
    expect(acme.calls).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });
});

/** A source with a token that was in use, and whose renewal waits for the test. */
async function withToken(settings: Parameters<typeof managed>[0] = {}) {
  const set = managed(settings);
  const token: Token = await set.source.getToken();
  set.source.accepted(token);
  // Past the floor, so that two logins may follow.
  await set.clock.advance(5_000);
  set.acme.settings.answer = undefined;
  return { ...set, token, refused: () => set.source.getToken({ rejected: token }) };
}

describe('a token that is refused', () => {
  it.each([{ renewable: false }, { renewable: true }])(
    'T2: late 401s before, during and after the renewal cost one, renewable: $renewable',
    async (settings) => {
      const { clock, acme, source, refused, token } = await withToken(settings);
      const first = aThousand.map(() => refused());
      await clock.advance(0);
      expect(acme.open).toHaveLength(1);
      expect(source.peek()).toBeUndefined();
      const during = aThousand.map(() => refused());
      const plain = source.getToken();
      await clock.advance(2_000);
      acme.pending.give();
      const got = await Promise.all([...first, ...during, plain]);
      const after = await Promise.all(aThousand.map(() => refused()));
      await clock.advance(3_000_000);
      const late = await refused();
      expect(new Set([...got, ...after, late]).size).toBe(1);
      expect(late.value).not.toBe(token.value);
      expect(acme.calls).toHaveLength(2);
    },
  );

  it('T2: a failed renewal is shared with those who wait, and with those who come late', async () => {
    const { clock, acme, refused } = await withToken();
    const waiting = [failureOf(refused()), failureOf(refused())];
    await clock.advance(500);
    acme.pending.fail('upstream_unavailable');
    await clock.advance(999);
    const late = [failureOf(refused()), failureOf(refused())];
    const codes = (await Promise.all([...waiting, ...late])).map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(['upstream_unavailable']));
    expect(acme.calls).toHaveLength(2);
  });

  it('T2: a failure is not shared for longer than the floor', async () => {
    const { clock, acme, refused, token } = await withToken();
    const failed = failureOf(refused());
    await clock.advance(0);
    acme.pending.fail('timeout');
    expect((await failed).code).toBe('timeout');
    await clock.advance(1_000);
    acme.settings.answer = gives;
    expect((await refused()).value).not.toBe(token.value);
    expect(acme.calls).toHaveLength(3);
  });

  it('T2: a failure is shared with those only whose token was to be replaced', async () => {
    const { clock, acme, source, refused } = await withToken();
    const failed = failureOf(refused());
    await clock.advance(0);
    acme.pending.fail('timeout');
    await failed;
    acme.settings.answer = gives;
    expect((await source.getToken()).value).toBe('acme-access-2');
    expect((await refused()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(3);
  });

  it('T2: the 401 of an older token costs nothing', async () => {
    const { acme, source, refused, token } = await withToken({ answer: gives });
    acme.settings.answer = gives;
    const second = await refused();
    source.accepted(second);
    const third = await source.getToken({ rejected: second });
    expect(await source.getToken({ rejected: token })).toBe(third);
    expect(await source.getToken({ rejected: second })).toBe(third);
    expect(acme.calls).toHaveLength(3);
  });

  it('T2: a 401 during the renewal ahead of time joins that', async () => {
    const { clock, acme, source, refused, token } = await withToken();
    await clock.advance(3_540_000);
    expect(await source.getToken()).toBe(token);
    await clock.advance(0);
    const late = refused();
    await clock.advance(0);
    acme.pending.give();
    expect((await late).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T2: a 401 after the others have given their renewal up makes another one', async () => {
    const { clock, acme, source, token } = await withToken();
    const controller = new AbortController();
    const left = watched(source.getToken({ rejected: token, signal: controller.signal }));
    await clock.advance(0);
    controller.abort('mine');
    await clock.advance(0);
    expect(left.error).toBe('mine');
    acme.settings.answer = gives;
    const late = watched(source.getToken({ rejected: token }));
    await clock.advance(1_000);
    expect(late.error).toBeUndefined();
    expect(late.value).toBe('acme-access-2');
  });

  it('T2: a 401 while the credentials are looked at again gives everybody another token', async () => {
    let answer: () => void = () => {};
    const asked = () =>
      new Promise<{ email: string; password: string }>((resolve) => {
        answer = () => resolve({ email: 'anna@example.com', password: 'p' });
      });
    const { clock, acme, source } = managed({ credentials: asked });
    const first = watched(source.getToken());
    await clock.advance(0);
    answer();
    await clock.advance(0);
    source.accepted(first.token!);
    source.refreshCredentials();
    const plain = watched(source.getToken());
    await clock.advance(0);
    const late = watched(source.getToken({ rejected: first.token }));
    await clock.advance(0);
    for (let turns = 0; turns < 3; turns += 1) {
      answer();
      await clock.advance(1_000);
    }
    expect([plain.value, late.value]).toEqual(['acme-access-2', 'acme-access-2']);
    expect(acme.calls).toHaveLength(2);
  });

  it('T2: where the provider gives the refused token again, late 401s cost one login all the same', async () => {
    const { clock, acme, refused } = await withToken({
      answer: (call) => call.give({ accessToken: 'same' }),
    });
    acme.settings.answer = (call) => call.give({ accessToken: 'same' });
    for (let times = 0; times < 5; times += 1) {
      expect((await failureOf(refused())).code).toBe('token_rejected');
      await clock.advance(100);
    }
    expect(acme.calls).toHaveLength(2);
  });
});
