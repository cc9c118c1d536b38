import assert from 'node:assert/strict';
import type { StoreCheck } from './store-contract.js';

const long = { ttlMs: 600_000 };
const short = { ttlMs: 300 };

/** What every store must do with values. */
export function storeValues(check: StoreCheck): void {
  check('a value is there until it is deleted', async ({ store, other }) => {
    assert.equal(await store.get('session:a'), undefined);
    await store.set('session:a', 'one', long);
    assert.equal(await other.get('session:a'), 'one');
    await other.set('session:a', 'two', long);
    assert.equal(await store.get('session:a'), 'two');
    await store.delete('session:a');
    assert.equal(await other.get('session:a'), undefined);
    await store.delete('session:a');
  });

  check('several values come in the order of their keys', async ({ store, other }) => {
    if (!store.getMany || !other.getMany) return;
    await store.set('session:a', 'one', long);
    await store.set('generation:b', '', long);
    assert.deepEqual(await other.getMany(['generation:b', 'session:none', 'session:a', 'generation:b']), [
      '',
      undefined,
      'one',
      '',
    ]);
    assert.deepEqual(await other.getMany([]), []);
  });

  check('a value ends after its time, however it is looked at', async ({ store, other, pass, stopwatch }) => {
    const isWithin = stopwatch();
    for (const key of ['session:a', 'session:b', 'session:c']) await store.set(key, 'one', short);
    await pass(150);
    // A look does not lengthen it.
    const before = await other.get('session:a');
    if (isWithin(300)) assert.equal(before, 'one');
    await pass(150);
    assert.equal(await other.get('session:a'), undefined);
    if (other.getMany) assert.deepEqual(await other.getMany(['session:a']), [undefined]);
    assert.equal(await other.replace('session:b', 'one', 'two', long), false);
    assert.equal(await other.replace('session:c', undefined, 'two', long), true);
    assert.equal(await store.get('session:c'), 'two');
  });

  check('the time counts anew from each set and replace', async ({ store, other, pass, stopwatch }) => {
    const isWithin = stopwatch();
    for (const name of ['set', 'replaced', 'kept']) {
      await store.set(`lengthened:${name}`, 'one', short);
      await store.set(`shortened:${name}`, 'one', long);
    }
    await other.set('lengthened:set', 'two', long);
    await other.set('shortened:set', 'two', short);
    const isReplaced = await other.replace('lengthened:replaced', 'one', 'two', long);
    const isInTime = isWithin(300);
    assert.equal(await other.replace('shortened:replaced', 'one', 'two', short), true);
    // A refusal changes no time.
    assert.equal(await other.replace('lengthened:kept', 'wrong', 'two', long), false);
    assert.equal(await other.replace('shortened:kept', 'wrong', 'two', short), false);
    await pass(300);
    assert.equal(await store.get('lengthened:set'), 'two');
    if (isInTime) assert.ok(isReplaced, 'it was there when it was replaced');
    if (isInTime) assert.equal(await store.get('lengthened:replaced'), 'two');
    assert.equal(await store.get('lengthened:kept'), undefined);
    assert.equal(await store.get('shortened:set'), undefined);
    assert.equal(await store.get('shortened:replaced'), undefined);
    assert.equal(await store.get('shortened:kept'), 'one');
  });

  check('a value is replaced only if it is the expected one', async ({ store, other }) => {
    assert.equal(await store.replace('token:a', 'one', 'two', long), false);
    assert.equal(await store.replace('token:a', '', 'two', long), false);
    assert.equal(await other.get('token:a'), undefined);
    assert.equal(await store.replace('token:a', undefined, '', long), true);
    // Empty text is a value, not the lack of one.
    assert.equal(await other.replace('token:a', undefined, 'two', long), false);
    assert.equal(await other.replace('token:a', 'one', 'two', long), false);
    assert.equal(await store.get('token:a'), '');
    assert.equal(await other.replace('token:a', '', 'three', long), true);
    assert.equal(await store.replace('token:a', 'three', 'three', long), true);
    assert.equal(await store.get('token:a'), 'three');
    await store.delete('token:a');
    assert.equal(await other.replace('token:a', 'three', 'four', long), false);
    assert.equal(await other.replace('token:a', undefined, 'four', long), true);
  });

  check('of fifty that replace one value, exactly one does', async ({ store, other }) => {
    for (const expected of [undefined, 'winner']) {
      const values = Array.from({ length: 50 }, (_, index) => `${expected}-${index}`);
      if (expected !== undefined) await store.set('token:a', expected, long);
      const outcomes = await Promise.all(
        values.map((value, index) => (index % 2 ? store : other).replace('token:a', expected, value, long)),
      );
      assert.equal(outcomes.filter((isDone) => isDone).length, 1);
      assert.equal(await store.get('token:a'), values[outcomes.indexOf(true)]);
    }
  });
}
