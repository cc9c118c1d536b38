import { describe, expect, it, vi } from 'vitest';
import { gives } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { managed, watched, type Managed } from './managed.js';

const fails = (call: Managed['acme']['calls'][number]) => call.fail('upstream_unavailable');

/** Asks for a token each `stepMs`, for `spanMs`; none of these calls may wait. Gives when logins began meanwhile. */
async function polled({ clock, acme, source }: Managed, spanMs: number, stepMs: number): Promise<number[]> {
  const before = acme.calls.length;
  for (const until = clock.monotonic() + spanMs; clock.monotonic() < until;) {
    const call = watched(source.getToken());
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(call.state, `at ${clock.monotonic()} ms`).toBe('gave');
    await clock.advance(stepMs);
  }
  return acme.calls.slice(before).map(({ at }) => at);
}

describe('a token ahead of its end', () => {
  it.each<[what: string, lifetimeMs: number | undefined, renewAheadMs: number | undefined, staleAt: number]>([
    ['an hour', 3_600_000, undefined, 3_540_000],
    ['ten minutes', 600_000, undefined, 540_000],
    ['a hundred seconds', 100_000, undefined, 90_000],
    ['not told', undefined, undefined, 270_000],
    ['an hour, with a margin of its own', 3_600_000, 300_000, 3_300_000],
    ['an hour, with a margin that is too wide', 3_600_000, 3_000_000, 3_240_000],
    ['an hour, without a margin', 3_600_000, 0, 3_600_000],
  ])(
    'T4: is renewed in the background when the margin has come: %s',
    async (_what, lifetimeMs, renewAheadMs, at) => {
      const set = managed({ lifetimeMs, options: { renewAheadMs } });
      const first = await set.source.getToken();
      await set.clock.advance(at - 1);
      expect(await set.source.getToken()).toBe(first);
      await set.clock.advance(0);
      expect(set.acme.calls).toHaveLength(1);
      await set.clock.advance(1);
      const given = await set.source.getToken();
      await set.clock.advance(0);
      expect(set.acme.calls).toHaveLength(2);
      // Without a margin its end is reached just then.
      expect(given === first).toBe(renewAheadMs !== 0);
      expect(set.source.peek()?.value).toBe('acme-access-2');
    },
  );

  it('T4: nobody waits for the renewal, and it is made once', async () => {
    const { clock, acme, source } = managed();
    const first = await source.getToken();
    acme.settings.answer = undefined;
    await clock.advance(3_540_000);
    for (let times = 0; times < 100; times += 1) {
      expect(await source.getToken()).toBe(first);
      expect(source.peek()).toBe(first);
      await clock.advance(100);
    }
    acme.pending.give();
    await clock.advance(0);
    expect((await source.getToken()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T4: being told that it was taken is enough to have it renewed', async () => {
    const { clock, acme, source } = managed();
    const first = await source.getToken();
    await clock.advance(3_540_000);
    expect(source.peek()).toBe(first);
    await clock.advance(0);
    expect(acme.calls).toHaveLength(1);
    source.accepted(first);
    await clock.advance(0);
    expect(source.peek()?.value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T4: that some other token was taken has nothing renewed', async () => {
    const { clock, acme, source } = managed();
    const first = await source.getToken();
    await clock.advance(3_540_000);
    source.accepted(first);
    await clock.advance(0);
    await clock.advance(3_540_000);
    source.accepted(first);
    await clock.advance(0);
    expect(acme.calls).toHaveLength(2);
  });

  it('T4: a renewal that hangs holds nobody up before the end', async () => {
    const { clock, acme, source } = managed({ ignoresSignal: true });
    const first = await source.getToken();
    acme.settings.answer = undefined;
    await clock.advance(3_540_000);
    expect(await source.getToken()).toBe(first);
    await clock.advance(59_999);
    expect(await source.getToken()).toBe(first);
    await clock.advance(1);
    expect(source.peek()).toBeUndefined();
    const waits = watched(source.getToken());
    await clock.advance(0);
    expect(waits.state).toBe('waiting');
    acme.pending.give();
    await clock.advance(0);
    expect(waits.value).toBe('acme-access-2');
  });

  it('T4: a failure in the background is no error of a caller before the end, and never unhandled', async () => {
    const set = managed({ answer: gives });
    const unhandled = await unhandledDuring(async () => {
      await set.source.getToken();
      set.acme.settings.answer = fails;
      await set.clock.advance(3_540_000);
      const tries = await polled(set, 60_000, 250);
      expect(tries.length).toBeGreaterThan(2);
      expect((await failureOf(set.source.getToken())).code).toBe('upstream_unavailable');
      set.acme.settings.answer = gives;
      await set.clock.advance(1_000);
      expect((await set.source.getToken()).value).toBe('acme-access-2');
    });
    expect(unhandled).toEqual([]);
    expect(set.clock.sleepers).toBe(0);
  });

  it('T6: credentials that are refused in the background cost one login, and no error before the end', async () => {
    const set = managed({ lifetimeMs: 600_000 });
    await set.source.getToken();
    set.acme.settings.answer = (call) => call.fail('invalid_credentials');
    await set.clock.advance(540_000);
    expect(await polled(set, 59_000, 500)).toHaveLength(1);
    await set.clock.advance(1_000);
    expect((await failureOf(set.source.getToken())).code).toBe('invalid_credentials');
    expect(set.acme.calls.length).toBeLessThanOrEqual(3);
  });
});

describe('the back-off of renewals in the background', () => {
  it.each<[random: number, spansMs: number[]]>([
    [0.999_999, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
    [0.5, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
    [0, [1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]],
  ])('T4: has full jitter: at %d of it', async (random, spansMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const set = managed({ lifetimeMs: 36_000_000, options: { renewAheadMs: 3_600_000 } });
    await set.source.getToken();
    set.acme.settings.answer = fails;
    await set.clock.advance(32_400_000);
    const moments = await polled(set, 200_000, 100);
    const spans = moments.slice(1, 8).map((at, which) => at - moments[which]!);
    expect(spans).toEqual(spansMs);
  });

  it('T4: is spread over its whole span, not the same for all', async () => {
    const spans: number[] = [];
    for (let times = 0; times < 40; times += 1) {
      const set = managed({ lifetimeMs: 36_000_000, options: { renewAheadMs: 3_600_000, renewFloorMs: 1 } });
      await set.source.getToken();
      set.acme.settings.answer = fails;
      await set.clock.advance(32_400_000);
      const failures = await polled(set, 100, 1);
      const [sixth, seventh] = [failures[5], failures[6]];
      if (sixth !== undefined && seventh !== undefined) spans.push(seventh - sixth);
    }
    expect(Math.min(...spans)).toBeLessThan(24);
    expect(Math.max(...spans)).toBeGreaterThan(32);
    expect(Math.max(...spans)).toBeLessThanOrEqual(64);
  });

  it.each([
    ['in the background', 5_000],
    ['by a caller who waits', 60_000],
  ])('T4: begins anew after a renewal that was made %s', async (_how, failingMs) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999_999);
    const set = managed({ lifetimeMs: 600_000 });
    const { clock, acme, source } = set;
    await source.getToken();
    for (let times = 0; times < 2; times += 1) {
      acme.settings.answer = fails;
      await clock.advance(540_000);
      // At once, and after 2, 4, 8 and 16 s; the next would be after the end.
      const tries = await polled(set, failingMs, 100);
      expect(tries).toHaveLength(failingMs === 5_000 ? 2 : 5);
      acme.settings.answer = gives;
      await clock.advance(failingMs === 5_000 ? 1_000 : 0);
      await source.getToken();
      await clock.advance(0);
      expect(source.peek()?.value).toBe(`acme-access-${times + 2}`);
    }
  });
});
