import assert from 'node:assert/strict';
import type { StoreCheck } from './store-contract.js';

const long = { ttlMs: 600_000 };

/** What every store must do with the text of values and keys: nothing. */
export function storeTexts(check: StoreCheck): void {
  check('any text comes back as it was', async ({ store, other }) => {
    const texts = [
      '',
      ' ',
      '0',
      '007',
      'null',
      'undefined',
      '{"a":[1]}',
      '__proto__',
      'line\r\nline\0\t',
      'e\u0301 \u00e9 \ufeff\u200b\u202e\uffff',
      '👩‍👩‍👧‍👦 𝒳',
      'x'.repeat(1_000_000),
      'ü€👍'.repeat(100_000),
    ];
    for (const [index, text] of texts.entries()) {
      await store.set(`text:${index}`, text, long);
      assert.ok((await other.get(`text:${index}`)) === text, `text ${index} after set`);
      assert.equal(await other.replace(`text:${index}`, text, `${text}.`, long), true, `text ${index}`);
      assert.ok((await store.get(`text:${index}`)) === `${text}.`, `text ${index} after replace`);
    }
  });

  check('keys that differ in anything are different keys', async ({ store, other }) => {
    const keys = [
      '__proto__:x',
      'x:__proto__',
      'constructor:x',
      'hasOwnProperty:toString',
      'x:y',
      'x:y:z',
      'X:y',
      'x:y ',
      ' x:y',
      'x:y\0',
      'x:y\n',
      'x:*',
      'x:{y}',
      'x:\u00e9',
      'x:e\u0301',
      `x:${'y'.repeat(10_000)}`,
      `x:${'y'.repeat(10_001)}`,
    ];
    for (const key of keys) assert.equal(await store.get(key), undefined, `nothing is there: ${key}`);
    for (const key of keys) await store.set(key, `value of ${key}`, long);
    for (const key of keys) assert.equal(await other.get(key), `value of ${key}`);
    await store.delete(keys[0]!);
    assert.deepEqual(
      await Promise.all(keys.map((key) => other.get(key))),
      keys.map((key, index) => (index === 0 ? undefined : `value of ${key}`)),
    );
    assert.equal(({} as { x?: unknown }).x, undefined, 'the prototype of objects is as it was');
  });
}
