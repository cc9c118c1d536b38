import { describe, expect, it } from 'vitest';
import { memoryStore, type Lease } from '../src/index.js';
import { leaseOrWait, type LeasedWork } from '../src/lease-or-wait.js';
import { virtualClock } from '../src/testing/index.js';
import { unhandledDuring } from './failures.js';

/** Work that is shared: what has been made, and who makes it. */
function world() {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const state = { made: undefined as string | undefined, works: 0, looks: 0 };
  const start = (differing: Partial<LeasedWork<string, string>> = {}) =>
    following(
      leaseOrWait<string, string>({
        look: async () => ((state.looks += 1), state.made ?? 'nothing'),
        found: (seen) => (seen === 'nothing' ? undefined : seen),
        lease: (options) => store.lease('lease:a', options),
        async work() {
          state.works += 1;
          await clock.sleep(2_000);
          return (state.made = 'made');
        },
        clock,
        signal: undefined,
        provider: 'acme',
        doing: 'making it',
        ...differing,
      }),
    );
  return { clock, store, state, start };
}

/** What a call has come to so far. */
function following(call: Promise<string>) {
  const seen = { state: 'waiting', value: undefined as string | undefined, error: undefined as unknown };
  call.then(
    (value) => Object.assign(seen, { state: 'gave', value }),
    (error: unknown) => Object.assign(seen, { state: 'failed', error }),
  );
  return seen;
}

const never = () => new Promise<never>(() => {});

describe('leaseOrWait', () => {
  it('X1: has one do the work, and the others wait for it', async () => {
    const { clock, state, start } = world();
    const all = Array.from({ length: 10 }, () => start());
    await clock.advance(2_150);
    expect(all.map(({ value }) => value)).toEqual(Array(10).fill('made'));
    expect(state.works).toBe(1);
    expect(clock.sleepers).toBe(0);
  });

  it('gives what is there without a lease', async () => {
    const { clock, state, start } = world();
    state.made = 'before';
    const call = start({ lease: () => expect.fail('it was taken') });
    await clock.advance(0);
    expect(call.value).toBe('before');
  });

  it('X1: looks again under the lease, before the work', async () => {
    const { clock, store, state, start } = world();
    const call = start({
      lease: async (options) => {
        state.made = 'meanwhile';
        return store.lease('lease:a', options);
      },
    });
    await clock.advance(0);
    expect(call.value).toBe('meanwhile');
    expect(state.works).toBe(0);
    expect(await store.lease('lease:a', { ttlMs: 1 })).toBeDefined();
  });

  it('X1: replaces a holder that died when its lease has run out', async () => {
    const { clock, store, state, start } = world();
    await store.lease('lease:a', { ttlMs: 5_000 });
    const call = start();
    await clock.advance(4_999);
    expect(state.works).toBe(0);
    await clock.advance(2_200);
    expect(call.value).toBe('made');
  });

  it('X1: gives up after 15 s, or what is left of them', async () => {
    const { clock, store, start } = world();
    await store.lease('lease:a', { ttlMs: 60_000 });
    const [call, late] = [start(), start({ since: clock.monotonic() - 14_000 })];
    await clock.advance(999);
    expect(late.state).toBe('waiting');
    await clock.advance(1);
    expect(late.error).toMatchObject({ code: 'timeout', provider: 'acme', retryable: true });
    await clock.advance(13_999);
    expect(call.state).toBe('waiting');
    await clock.advance(1);
    expect(call.error).toMatchObject({
      code: 'timeout',
      message: 'Somebody else has been making it for 15000 ms.',
    });
    expect(clock.sleepers).toBe(0);
  });

  it('X1: gives work that it does itself the time that it takes', async () => {
    const { clock, store, start } = world();
    await store.lease('lease:a', { ttlMs: 14_800 });
    const call = start({ work: () => clock.sleep(60_000).then(() => 'slowly') });
    await clock.advance(75_100);
    expect(call.value).toBe('slowly');
  });

  it.each(['look', 'lease'] as const)(
    'X1: gives up in time, though the store takes its time to answer: %s',
    async (which) => {
      const { clock, store, start } = world();
      await store.lease('lease:a', { ttlMs: 60_000 });
      const slow = {
        look: () => clock.sleep(4_900).then(() => 'nothing'),
        lease: (options: { ttlMs: number }) => clock.sleep(4_900).then(() => store.lease('lease:a', options)),
      };
      const call = start({ [which]: slow[which] });
      await clock.advance(14_999);
      expect(call.state).toBe('waiting');
      await clock.advance(1);
      expect(call.error).toMatchObject({ code: 'timeout' });
      await clock.advance(5_000);
      expect(clock.sleepers).toBe(0);
    },
  );

  it('X1: keeps no lease that comes after it has given up', async () => {
    const { clock, store, start } = world();
    await store.lease('lease:a', { ttlMs: 12_000 });
    let give: (lease: Promise<Lease | undefined>) => void = () => {};
    const call = start({
      lease: (options) =>
        clock.monotonic() < 12_000
          ? store.lease('lease:a', options)
          : new Promise((resolve) => (give = resolve)),
    });
    await clock.advance(15_000);
    expect(call.error).toMatchObject({ code: 'timeout' });
    give(store.lease('lease:a', { ttlMs: 5_000 }));
    await clock.advance(0);
    expect(await store.lease('lease:a', { ttlMs: 1 })).toBeDefined();
  });

  it.each(['look', 'lease'] as const)(
    'ends with what a store that begins to fail says: %s',
    async (which) => {
      const { clock, store, start } = world();
      await store.lease('lease:a', { ttlMs: 60_000 });
      let isDown = false;
      const down = new Error('it is down');
      const call = start({
        look: async () => {
          if (isDown && which === 'look') throw down;
          return 'nothing';
        },
        lease: async (options) => {
          if (isDown && which === 'lease') throw down;
          return store.lease('lease:a', options);
        },
      });
      await clock.advance(3_000);
      isDown = true;
      await clock.advance(150);
      expect(call.error).toBe(down);
      expect(clock.sleepers).toBe(0);
    },
  );

  it('T3: ends at once with the reason of its signal while it waits, and before the work', async () => {
    const { clock, store, state, start } = world();
    const theirs = await store.lease('lease:a', { ttlMs: 60_000 });
    const leaving = new AbortController();
    const call = start({ signal: leaving.signal });
    await clock.advance(3_000);
    leaving.abort('mine');
    await clock.advance(0);
    expect(call.error).toBe('mine');
    expect(clock.sleepers).toBe(0);
    await theirs!.release();
    const late = start({ signal: leaving.signal });
    await clock.advance(0);
    expect(late.error).toBe('mine');
    expect(state.works).toBe(0);
    expect(await store.lease('lease:a', { ttlMs: 1 })).toBeDefined();
  });

  it('T13: releases the lease of work that fails, and a release that fails changes nothing', async () => {
    const { clock, store, start } = world();
    const failure = new Error('it did not work');
    const unhandled = await unhandledDuring(async () => {
      const call = start({ work: () => Promise.reject(failure) });
      await clock.advance(0);
      expect(call.error).toBe(failure);
      expect(await store.lease('lease:a', { ttlMs: 1 })).toBeDefined();
      const release = () => Promise.reject(new Error('the store is down'));
      const other = start({ lease: async () => ({ extend: never, release }) });
      await clock.advance(2_000);
      expect(other.value).toBe('made');
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });
});
