import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { ErrorCode } from '../error-code.js';
import { isLatchkeyError } from '../latchkey-error.js';
import type { Store } from '../store.js';
import type { StoreCheck } from './store-contract.js';

const long = { ttlMs: 600_000 };
const limit = { limit: 2, perMs: 600_000 };

/** How every store must fail. */
export function storeErrors(check: StoreCheck): void {
  check('what is malformed is refused, and changes nothing', async ({ store }) => {
    await store.set('a:a', 'one', long);
    await store.take('a:a', limit);
    const lease = await store.lease('a:a', long);
    // As callers without types do.
    const any = store as unknown as Record<
      keyof Store,
      ((...given: unknown[]) => Promise<unknown>) | undefined
    >;
    for (const key of ['', undefined, null, 1, {}, ['a:a'], Buffer.from('a:a')]) {
      await refused(() => any.get!(key), 'invalid_input', key);
      if (any.getMany) await refused(() => any.getMany!(['a:a', key]), 'invalid_input', key);
      await refused(() => any.set!(key, 'two', long), 'invalid_input', key);
      await refused(() => any.delete!(key), 'invalid_input', key);
      await refused(() => any.replace!(key, undefined, 'two', long), 'invalid_input', key);
      await refused(() => any.take!(key, limit), 'invalid_input', key);
      await refused(() => any.lease!(key, long), 'invalid_input', key);
    }
    for (const keys of [undefined, null, 'a:a', { 0: 'a:a', length: 1 }]) {
      if (any.getMany) await refused(() => any.getMany!(keys), 'invalid_input', keys);
    }
    for (const text of [null, 1, true, {}, ['one'], Buffer.from('one')]) {
      await refused(() => any.set!('a:a', text, long), 'invalid_input', text);
      await refused(() => any.replace!('a:a', 'one', text, long), 'invalid_input', text);
      await refused(() => any.replace!('a:a', text, 'two', long), 'invalid_input', text);
    }
    await refused(() => any.set!('a:a', undefined, long), 'invalid_input');
    for (const ms of [0, -1, NaN, Infinity, -Infinity, undefined, null, '1000', 10n]) {
      await refused(() => any.set!('a:a', 'two', { ttlMs: ms }), 'invalid_input', ms);
      await refused(() => any.replace!('a:a', 'one', 'two', { ttlMs: ms }), 'invalid_input', ms);
      await refused(() => any.lease!('a:b', { ttlMs: ms }), 'invalid_input', ms);
      await refused(() => lease!.extend(ms as number), 'invalid_input', ms);
      await refused(() => any.take!('a:a', { limit: 2, perMs: ms }), 'invalid_input', ms);
      await refused(() => any.take!('a:a', { limit: ms, perMs: 600_000 }), 'invalid_input', ms);
    }
    for (const cost of [3, NaN, Infinity, -Infinity, null, '1']) {
      await refused(() => any.take!('a:a', { ...limit, cost }), 'invalid_input', cost);
    }
    await refused(() => any.set!('a:a', 'two'), 'invalid_input');
    await refused(() => any.take!('a:a'), 'invalid_input');
    await refused(() => any.lease!('a:b'), 'invalid_input');

    assert.equal(await store.get('a:a'), 'one');
    assert.equal((await store.take('a:a', limit)).taken, true);
    assert.equal((await store.take('a:a', limit)).taken, false);
    assert.equal(await lease!.extend(600_000), true);
    assert.ok(await store.lease('a:b', long));
  });

  check('a store that was closed is closed', async ({ store }) => {
    if (!store.close) return;
    const lease = await store.lease('a:a', long);
    await store.close();
    await store.close();
    const calls: (() => Promise<unknown> | undefined)[] = [
      () => store.get('a:a'),
      () => store.getMany?.(['a:a']),
      () => store.getMany?.([]),
      () => store.set('a:a', 'one', long),
      () => store.delete('a:a'),
      () => store.replace('a:a', undefined, 'one', long),
      () => store.take('a:a', limit),
      () => store.lease('a:a', long),
      () => lease!.extend(600_000),
      () => lease!.release(),
    ];
    for (const call of calls) await refused(call, 'closed', call.toString());
  });

  check('closing one store leaves the others over its data alone', async ({ store, other }) => {
    if (other === store) return;
    await store.set('a:a', 'one', long);
    await store.take('a:a', { limit: 1, perMs: 600_000 });
    await store.close?.();
    assert.equal(await other.get('a:a'), 'one');
    assert.equal((await other.take('a:a', { limit: 1, perMs: 600_000 })).taken, false);
    assert.ok(await other.lease('a:a', long));
  });
}

async function refused(call: () => Promise<unknown> | undefined, code: ErrorCode, what?: unknown) {
  let outcome: Promise<unknown> | undefined;
  try {
    outcome = call();
  } catch (error) {
    assert.fail(`it threw where it should reject, for ${inspect(what)}: ${inspect(error)}`);
  }
  await outcome?.then(
    () => assert.fail(`it was not refused, for ${inspect(what)}`),
    (error: unknown) => assert.ok(isLatchkeyError(error, code), `for ${inspect(what)}: ${inspect(error)}`),
  );
}
