import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { createTries, type Tries } from '../src/tries.js';
import { unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';
import { meddledStore } from './session-fixtures.js';

const limit = { tries: 3, perMs: 60_000 };
const longestMs = 2_000;

const one = fc.record({
  at: fc.nat(8_000),
  ms: fc.nat(longestMs),
  isKept: fc.boolean(),
  leavesAfterMs: fc.option(fc.nat(3_000), { nil: undefined }),
  key: fc.constantFrom('throttle-account:a', 'throttle-account:a', 'throttle-account:b'),
  process: fc.nat(1),
});
const plan = fc.record({
  all: fc.array(one, { minLength: 1, maxLength: 40 }),
  storeMs: fc.constantFrom(0, 1, 20),
  processes: fc.constantFrom(1, 2),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

describe('tries', () => {
  it('S5: never more are kept or under way than the limit, nobody waits longer than 5 s, and nothing is left behind', async () => {
    const unhandled = await unhandledDuring(() =>
      fc.assert(fc.asyncProperty(plan, run), seeded('tries', 500)),
    );
    expect(unhandled).toEqual([]);
  });

  it('S5: all who come at the same moment and give back get their turn, first come first', async () => {
    const { clock, tries } = setUp();
    const order: number[] = [];
    const all = Array.from({ length: 100 }, async (_, at) => {
      const taking = await tries.take('throttle-account:a', limit);
      order.push(at);
      await clock.sleep(100);
      await taking.try!.giveBack();
    });
    await clock.advance(5_000);
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 100 }, (_, at) => at));
  });

  it('S5: those who wait are told at once when none that is under way can be given back any more', async () => {
    const { clock, tries } = setUp();
    const three = await Promise.all([1, 2, 3].map(() => tries.take('throttle-account:a', limit)));
    const waiting = Promise.all([1, 2, 3, 4].map(() => tries.take('throttle-account:a', limit)));
    await clock.advance(1_000);
    for (const taking of three) taking.try!.keep();
    expect(await waiting).toEqual(Array(4).fill({ retryAfterMs: 59_000 }));
    expect(clock.sleepers).toBe(0);
  });

  it('S5: who leaves rejects with the reason, and holds nobody up', async () => {
    const { clock, tries } = setUp();
    const three = await Promise.all([1, 2, 3].map(() => tries.take('throttle-account:a', limit)));
    const leaving = new AbortController();
    const gone = tries.take('throttle-account:a', limit, leaving.signal);
    const next = tries.take('throttle-account:a', limit);
    await clock.advance(10);
    const giving = three[0]!.try!.giveBack();
    leaving.abort('left');
    await giving;
    await expect(gone).rejects.toBe('left');
    expect((await next).try).toBeDefined();
  });

  it('S5: who leaves just as the turn comes passes it on', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const { clock, tries } = setUp();
      const [first] = await Promise.all([1, 2, 3].map(() => tries.take('throttle-account:a', limit)));
      const leaving = new AbortController();
      const gone = tries.take('throttle-account:a', limit, leaving.signal).catch(() => undefined);
      const next = tries.take('throttle-account:a', limit);
      await clock.advance(10);
      const giving = first!.try!.giveBack();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      leaving.abort();
      await giving;
      await (await gone)?.try?.giveBack();
      await clock.advance(0);
      expect(clock.sleepers).toBe(0);
      expect((await next).try).toBeDefined();
    }
  });

  it('S5: a store that fails counts as a refusal, and leaves nothing behind', async () => {
    const { store, tries, places } = setUp();
    store.before = () => {
      throw new TypeError('connection lost');
    };
    await expect(tries.take('throttle-account:a', limit)).rejects.toThrow('connection lost');
    store.before = () => {};
    const taking = await tries.take('throttle-account:a', limit);
    store.before = () => {
      throw new TypeError('connection lost');
    };
    await taking.try!.giveBack();
    expect(places.size).toBe(0);
  });
});

async function run({ all, storeMs, processes }: Plan): Promise<void> {
  const { clock, store, tries, places, another } = setUp();
  if (storeMs > 0) store.before = () => clock.sleep(storeMs);
  const everywhere = [tries, processes === 2 ? another() : tries];
  const counted: { readonly key: string; readonly from: number; until: number }[] = [];
  const faults: string[] = [];
  let settled = 0;

  for (const plan of all) {
    clock.sleep(plan.at).then(
      () => act(plan),
      () => undefined,
    );
  }
  await clock.advance(40_000);
  expect(faults).toEqual([]);
  expect(settled).toBe(all.length);
  expect([places.size, clock.sleepers]).toEqual([0, 0]);

  async function act({ ms, isKept, leavesAfterMs, key, process }: Plan['all'][number]) {
    const leaving = new AbortController();
    const startedAt = clock.monotonic();
    if (leavesAfterMs !== undefined) {
      clock.sleep(leavesAfterMs).then(
        () => leaving.abort(leaving),
        () => undefined,
      );
    }
    try {
      const taking = await everywhere[process]!.take(key, limit, leaving.signal);
      const waitedMs = clock.monotonic() - startedAt;
      if (waitedMs > 5_000 + 4 * storeMs) faults.push(`somebody waited for ${waitedMs} ms`);
      if (!taking.try) {
        if (!(taking.retryAfterMs > 0)) faults.push('there was no time to wait');
        return;
      }
      const count = { key, from: clock.monotonic(), until: Infinity };
      counted.push(count);
      const here = counted.filter((other) => other.key === key && other.until > clock.monotonic());
      if (here.length > limit.tries) faults.push(`${here.length} were kept or under way`);
      await clock.sleep(ms);
      if (isKept) {
        taking.try.keep();
      } else {
        // From here on it may have been given back.
        count.until = clock.monotonic();
        await taking.try.giveBack();
      }
    } catch (error) {
      if (error !== leaving) faults.push(String(error));
    } finally {
      settled += 1;
    }
  }
}

function setUp() {
  const clock = virtualClock();
  const store = meddledStore(memoryStore({ clock }));
  const made: Map<unknown, unknown>[] = [];
  const tries = withMaps(made, () => createTries(store, clock));
  const [places] = made;
  return { clock, store, tries, places: places!, another: (): Tries => createTries(store, clock) };
}

/** Notes the maps that `work` makes, so that a test can look whether anything is left in them. */
function withMaps<T>(made: Map<unknown, unknown>[], work: () => T): T {
  const { Map: Original } = globalThis;
  globalThis.Map = class<K, V> extends Original<K, V> {
    constructor(entries?: Iterable<readonly [K, V]> | null) {
      super(entries);
      made.push(this);
    }
  };
  try {
    return work();
  } finally {
    globalThis.Map = Original;
  }
}
