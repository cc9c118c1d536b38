import assert from 'node:assert/strict';
import type { Lease } from '../store.js';
import type { StoreCheck } from './store-contract.js';

const long = { ttlMs: 600_000 };
const short = { ttlMs: 300 };

/** What every store must do with leases. */
export function storeLeases(check: StoreCheck): void {
  check('a lease has one holder, until it is given back', async ({ store, other }) => {
    const lease = held(await store.lease('renewal:a', long));
    assert.equal(await other.lease('renewal:a', long), undefined);
    assert.equal(await store.lease('renewal:a', long), undefined);
    held(await other.lease('renewal:b', long));
    held(await other.lease('__proto__:a', long));
    await lease.release();
    held(await other.lease('renewal:a', long));
    assert.equal(await store.lease('renewal:a', long), undefined);
  });

  check('of fifty that ask for a lease, one gets it', async ({ store, other }) => {
    const leases = await Promise.all(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? store : other).lease('renewal:a', long)),
    );
    const [lease, ...more] = leases.filter((one) => one !== undefined);
    assert.equal(more.length, 0);
    assert.equal(await held(lease).extend(600_000), true);
  });

  check('a lease runs out, and is another’s then', async ({ store, other, pass, stopwatch }) => {
    const isWithin = stopwatch();
    const old = held(await store.lease('renewal:a', short));
    await pass(150);
    const early = await other.lease('renewal:a', short);
    if (isWithin(300)) assert.equal(early, undefined, 'it still has a holder');
    await early?.release();
    await pass(150);
    assert.equal(await old.extend(600_000), false);
    const lease = held(await other.lease('renewal:a', long));
    assert.equal(await old.extend(600_000), false);
    await old.release();
    assert.equal(
      await store.lease('renewal:a', long),
      undefined,
      'the old holder ended the lease of the new',
    );
    assert.equal(await lease.extend(600_000), true);
  });

  check('the old holder does not change the time of the new', async ({ store, other, pass }) => {
    const old = held(await store.lease('renewal:a', short));
    await pass(300);
    held(await other.lease('renewal:a', short));
    assert.equal(await old.extend(600_000), false);
    await pass(300);
    held(await store.lease('renewal:a', long));
  });

  check('a lease that is extended is held for that time from then on', async (given) => {
    const { store, other, pass, stopwatch } = given;
    const isWithin = stopwatch();
    const lengthened = held(await store.lease('renewal:a', short));
    const isLengthened = await lengthened.extend(600_000);
    if (isWithin(300)) assert.equal(isLengthened, true);
    const shortened = held(await store.lease('renewal:b', long));
    assert.equal(await shortened.extend(300), true);
    await pass(300);
    if (isLengthened) assert.equal(await other.lease('renewal:a', long), undefined);
    if (isLengthened) assert.equal(await lengthened.extend(600_000), true);
    assert.equal(await shortened.extend(600_000), false);
    held(await other.lease('renewal:b', long));
  });

  check('a lease that was given back is over for who held it', async ({ store, other }) => {
    const old = held(await store.lease('renewal:a', long));
    await old.release();
    await old.release();
    assert.equal(await old.extend(600_000), false);
    const lease = held(await other.lease('renewal:a', long));
    await old.release();
    assert.equal(await old.extend(600_000), false);
    assert.equal(await lease.extend(600_000), true);
    assert.equal(await store.lease('renewal:a', long), undefined);
  });

  check('values, counts and leases of one key do not meet', async ({ store, other }) => {
    const limit = { limit: 2, perMs: 600_000 };
    const lease = held(await store.lease('same:a', long));
    assert.equal(await other.get('same:a'), undefined);
    await store.take('same:a', limit);
    assert.equal(await other.get('same:a'), undefined);
    assert.equal(await other.replace('same:a', undefined, 'one', long), true);
    await store.take('same:a', limit);
    assert.equal((await other.take('same:a', limit)).taken, false);
    await store.delete('same:a');
    assert.equal((await other.take('same:a', limit)).taken, false);
    assert.equal(await lease.extend(600_000), true);
    await store.set('same:a', 'two', long);
    await lease.release();
    assert.equal(await other.get('same:a'), 'two');
    assert.equal((await other.take('same:a', limit)).taken, false);
  });
}

function held(lease: Lease | undefined): Lease {
  assert.ok(lease, 'nobody holds the lease, so it is to be had');
  return lease;
}
