import assert from 'node:assert/strict';
import type { StoreCheck } from './store-contract.js';

const taken = { taken: true, retryAfterMs: 0 };

/** What every store must do when it counts against a limit. */
export function storeCounters(check: StoreCheck): void {
  check('S5: so many are taken as the limit says, and the next when told', async (given) => {
    const { store, other, tolerateMs, pass, stopwatch } = given;
    const limit = { limit: 3, perMs: 300 };
    const isWithin = stopwatch();
    for (const one of [store, other, store]) assert.deepEqual(await one.take('throttle:a', limit), taken);
    await pass(100);
    const refusal = await other.take('throttle:a', limit);
    if (isWithin(300)) assert.equal(refusal.taken, false);
    if (refusal.taken) return;
    if (isWithin(200)) assert.ok(refusal.retryAfterMs >= 100, 'the oldest has to leave first');
    assert.ok(refusal.retryAfterMs <= 200 + tolerateMs, 'a part of the span is over');
    // What was refused does not count, else asking would lengthen the wait.
    for (let times = 0; times < 5; times += 1) {
      if ((await store.take('throttle:a', limit)).taken) return;
    }
    await pass(refusal.retryAfterMs);
    assert.deepEqual(await store.take('throttle:a', limit), taken);
  });

  check('S5: no span holds more than the limit, wherever it begins', async (given) => {
    const { store, other, pass, stopwatch } = given;
    const limit = { limit: 4, perMs: 200 };
    /** One for each that was taken, begun before it. */
    const stopwatches: ((ms: number) => boolean)[] = [];
    const takeAll = async (tries: number) => {
      for (let times = 0; times < tries; times += 1) {
        const isWithin = stopwatch();
        if (!(await (times % 2 ? store : other).take('throttle:a', limit)).taken) return;
        stopwatches.push(isWithin);
        const isOneTooMany = stopwatches.at(-1 - limit.limit)?.(limit.perMs) ?? false;
        assert.ok(!isOneTooMany, 'one more than the limit within a span');
      }
    };
    // One opens the span, the others come at its end: a span that then begins anew would take all of them again.
    await takeAll(1);
    await pass(150);
    for (let step = 0; step < 9; step += 1) {
      await takeAll(10);
      await pass(25);
    }
    assert.ok(stopwatches.length > limit.limit, 'what has left the span makes room');
  });

  check('S5: of fifty at once as many are taken as the limit says', async ({ store, other }) => {
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? store : other).take('throttle:a', { limit: 20, perMs: 600_000 }),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome.taken).length, 20);
    for (const { taken: isTaken, retryAfterMs } of outcomes) assert.equal(retryAfterMs === 0, isTaken);
  });

  check('each key has a count of its own', async ({ store, other }) => {
    const limit = { limit: 1, perMs: 600_000 };
    assert.deepEqual(await store.take('throttle:a', limit), taken);
    assert.deepEqual(await other.take('throttle:b', limit), taken);
    assert.deepEqual(await other.take('__proto__:a', limit), taken);
    for (const key of ['throttle:a', 'throttle:b', '__proto__:a']) {
      assert.equal((await other.take(key, limit)).taken, false);
    }
  });

  check('a cost counts as many times, or not at all', async ({ store, other }) => {
    const take = (cost: number) => store.take('throttle:a', { limit: 10, perMs: 600_000, cost });
    assert.deepEqual(await take(7), taken);
    assert.equal((await take(4)).taken, false);
    assert.deepEqual(await other.take('throttle:a', { limit: 10, perMs: 600_000, cost: 2 }), taken);
    assert.equal((await take(2)).taken, false);
    assert.deepEqual(await take(1), taken);
    assert.equal((await other.take('throttle:a', { limit: 10, perMs: 600_000 })).taken, false);
  });

  check(
    'a greater cost waits until enough has left',
    async ({ store, other, tolerateMs, pass, stopwatch }) => {
      const take = (cost: number) => store.take('throttle:a', { limit: 3, perMs: 400, cost });
      const isWithin = stopwatch();
      assert.deepEqual(await take(1), taken);
      await pass(100);
      assert.deepEqual(await other.take('throttle:a', { limit: 3, perMs: 400, cost: 2 }), taken);
      const two = await take(2);
      const one = await take(1);
      if (!isWithin(400)) return;
      assert.ok(!one.taken && !two.taken, 'the limit is reached');
      // The first to leave makes room for one; the second leaves 100 later.
      assert.ok(two.retryAfterMs - one.retryAfterMs >= 100 - tolerateMs, 'more has to leave first');
      assert.ok(one.retryAfterMs <= 300 + tolerateMs, 'a part of its span is over');
      assert.ok(two.retryAfterMs <= 400 + tolerateMs, 'it waits for a span at most');
      await pass(one.retryAfterMs);
      const again = await take(2);
      if (isWithin(500)) assert.equal(again.taken, false);
      assert.deepEqual(await other.take('throttle:a', { limit: 3, perMs: 400 }), taken);
    },
  );

  check('a negative cost gives back, and never more than was taken', async ({ store, other }) => {
    const take = (cost: number) => store.take('throttle:a', { limit: 3, perMs: 600_000, cost });
    assert.deepEqual(await take(-1), taken);
    assert.deepEqual(await take(3), taken);
    assert.deepEqual(await other.take('throttle:a', { limit: 3, perMs: 600_000, cost: -2 }), taken);
    assert.equal((await take(3)).taken, false);
    assert.deepEqual(await take(2), taken);
    assert.deepEqual(await take(-100), taken);
    assert.deepEqual(await take(3), taken);
    assert.equal((await take(1)).taken, false);
  });

  check('what was taken last is given back first', async ({ store, other, pass }) => {
    const take = (cost: number) => store.take('throttle:a', { limit: 3, perMs: 400, cost });
    await take(1);
    await pass(200);
    await take(2);
    assert.deepEqual(await other.take('throttle:a', { limit: 3, perMs: 400, cost: -2 }), taken);
    await pass(200);
    assert.deepEqual(await take(3), taken, 'all that was left was the first, which has left the span');
  });
}
