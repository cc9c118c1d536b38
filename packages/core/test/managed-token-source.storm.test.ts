import { describe, expect, it } from 'vitest';
import { anna, gives, type ProviderCall } from './controlled-provider.js';
import { expectFloor, managed, type Managed } from './managed.js';

const year = 365 * 86_400_000;

/** Asks for a token each `stepMs`, for `spanMs`, waiting for none. Gives when logins began meanwhile. */
async function polled({ clock, acme, source }: Managed, spanMs: number, stepMs: number): Promise<number[]> {
  const before = acme.calls.length;
  for (const until = clock.monotonic() + spanMs; clock.monotonic() < until;) {
    source.getToken().catch(() => {});
    await clock.advance(stepMs);
  }
  return acme.calls.slice(before).map(({ at }) => at);
}

describe('logins for tokens with a short life', () => {
  it.each([-3_600_000, 0, 1, 500, 1_000])(
    'T5: of %i ms cost one in each span of the floor',
    async (lifetimeMs) => {
      const set = managed({ lifetimeMs });
      const moments = await polled(set, 10_000, 20);
      expect(moments.length).toBeGreaterThanOrEqual(9);
      expect(moments.length).toBeLessThanOrEqual(10);
      expectFloor(moments, 1_000);
      expect(moments.slice(1).every((at, which) => at - moments[which]! >= 1_000)).toBe(true);
    },
  );

  it('T5: are used for the floor, at once for all callers', async () => {
    const { clock, acme, source } = managed({ lifetimeMs: 0 });
    const token = await source.getToken();
    expect(await Promise.all(Array.from({ length: 100 }, () => source.getToken()))).toEqual(
      Array(100).fill(token),
    );
    await clock.advance(999);
    expect(source.peek()).toBe(token);
    expect(acme.calls).toHaveLength(1);
    await clock.advance(1);
    expect(source.peek()).toBeUndefined();
  });

  it('T5: the floor is as configured', async () => {
    const set = managed({ lifetimeMs: 0, options: { renewFloorMs: 5_000 } });
    const moments = await polled(set, 60_000, 100);
    expect(moments).toHaveLength(12);
  });

  it('T5: of 60 s cost one in 54 s, a tenth of the lifetime being the margin', async () => {
    const set = managed({ lifetimeMs: 60_000 });
    const moments = await polled(set, 600_000, 500);
    expect(moments.length).toBe(12);
    expect(moments[1]).toBe(54_000);
  });

  it('T5: that tell of no end are taken for as long as configured', async () => {
    const set = managed({ lifetimeMs: undefined, options: { unknownLifetimeMs: 20_000 } });
    expect(await polled(set, 60_000, 500)).toEqual([0, 18_000, 36_000, 54_000]);
  });
});

describe('a provider that gives the same token again', () => {
  const same = (call: ProviderCall, lifetimeMs?: number) => call.give({ accessToken: 'same', lifetimeMs });

  it('T5: with the same end, costs at most one login in each span of the floor', async () => {
    const endsAt = 600_000;
    const set = managed({ answer: (call) => same(call, endsAt - call.at) });
    const moments = await polled(set, 600_000, 500);
    // Ahead of the end by a tenth of what is left, again and again.
    expect(moments.length).toBeLessThan(12);
    expectFloor(moments, 1_000);
  });

  it('T5: without an end, costs one login for what is taken for its life', async () => {
    const set = managed({ answer: (call) => same(call, undefined) });
    expect(await polled(set, 600_000, 500)).toEqual([0, 270_000, 540_000]);
  });
});

describe('tokens with a long life', () => {
  it.each([
    ['40 days', 40 * 86_400_000],
    ['1,000 years', 1_000 * year],
  ])('T5: of %s are kept for that, without a timer', async (_what, lifetimeMs) => {
    const { clock, acme, source } = managed({ lifetimeMs });
    const token = await source.getToken();
    expect(clock.sleepers).toBe(0);
    await clock.advance(lifetimeMs - 60_001);
    expect(await source.getToken()).toBe(token);
    await clock.advance(0);
    expect(acme.calls).toHaveLength(1);
    await clock.advance(60_001);
    expect(source.peek()).toBeUndefined();
    expect((await source.getToken()).value).toBe('acme-access-2');
    expect(clock.sleepers).toBe(0);
  });
});

describe('tokens that are taken first and refused then, again and again', () => {
  it.each([{ renewable: false }, { renewable: true }])(
    'T5: cost one login in each span of the floor, past two that follow each other, renewable: $renewable',
    async (settings) => {
      const { clock, acme, source } = managed(settings);
      const loop = async () => {
        let token = await source.getToken();
        for (let times = 0; times < 30; times += 1) {
          source.accepted(token);
          token = await source.getToken({ rejected: token });
        }
      };
      const looping = loop();
      await clock.advance(60_000);
      await looping;
      expect(acme.calls).toHaveLength(31);
      const kind = settings.renewable ? acme.renewals : acme.signIns;
      expectFloor(
        kind.map(({ at }) => at),
        1_000,
      );
    },
  );

  it('T5: a provider that is down costs one login in each span of the floor, past two', async () => {
    const set = managed({ answer: (call) => call.fail('upstream_unavailable') });
    const moments = await polled(set, 20_000, 20);
    expect(moments.length).toBeGreaterThan(15);
    expectFloor(moments, 1_000);
  });

  it.each<[string, (call: ProviderCall) => void]>([
    ['gives tokens', gives],
    ['is down', (call) => call.fail('upstream_unavailable')],
    ['refuses the credentials', (call) => call.fail('invalid_credentials')],
  ])(
    'T5: credentials that are asked for again and again cost no storm, where the provider %s',
    async (_what, answer) => {
      const { clock, acme, source } = managed({ answer });
      for (let times = 0; times < 300; times += 1) {
        source.refreshCredentials();
        source.getToken().catch(() => {});
        await clock.advance(10);
      }
      expectFloor(
        acme.calls.map(({ at }) => at),
        1_000,
      );
    },
  );
});

describe('a clock that is set', () => {
  it.each([
    ['an hour back', -3_600_000],
    ['a year back', -year],
    ['half an hour forward', 1_800_000],
    ['a year forward', year],
  ])('T11: %s, moves no token: its age is that of the monotonic clock', async (_what, byMs) => {
    const { clock, acme, source } = managed();
    const token = await source.getToken();
    clock.setNow(clock.now() + byMs);
    await clock.advance(3_539_999);
    expect(await source.getToken()).toBe(token);
    await clock.advance(0);
    expect(acme.calls).toHaveLength(1);
    await clock.advance(60_001);
    expect(source.peek()).toBeUndefined();
  });

  it.each([
    ['an hour back', -3_600_000],
    ['a year forward', year],
  ])('T11: %s during a login, moves nothing either', async (_what, byMs) => {
    const { clock, acme, source } = managed({ answer: undefined });
    const call = source.getToken();
    await clock.advance(1_000);
    clock.setNow(clock.now() + byMs);
    await clock.advance(1_000);
    acme.pending.give();
    const token = await call;
    acme.settings.answer = gives;
    // The lifetime counts from before the login request was sent.
    await clock.advance(3_598_000 - 60_001);
    expect(await source.getToken()).toBe(token);
    await clock.advance(0);
    expect(acme.calls).toHaveLength(1);
    await clock.advance(60_001);
    expect(source.peek()).toBeUndefined();
  });

  it.each([-3_600_000, 3_600_000, -year, year])(
    'T5: by %i ms just before the login request costs at most one login in each span of the floor',
    async (byMs) => {
      let jumpMs = byMs;
      const set = managed({
        credentials: async () => {
          set.clock.setNow(set.clock.now() + jumpMs);
          jumpMs = 0;
          return anna;
        },
      });
      const moments = await polled(set, 20_000, 20);
      expect(moments.length).toBeLessThanOrEqual(2);
      expectFloor(moments, 1_000);
    },
  );
});
