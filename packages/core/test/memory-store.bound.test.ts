import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const million = 1_000_000;
const long = { ttlMs: 3_600_000 };
const minutes = 60_000;
// A machine that is busy with other things may take its time.
const options = { timeout: 2 * minutes };

describe('the memory of a memoryStore', () => {
  it('T12: stays within the bounds over a million different keys', options, async () => {
    const store = memoryStore({ maxEntries: 10_000 });
    const grownMb = await growth('a million keys of values, counts and leases', async () => {
      for (let index = 0; index < million; index += 1) {
        const name = nameOf(index);
        if (index % 3 === 0) await store.set(`copy:${name}`, name, long);
        else if (index % 3 === 1) await store.take(`throttle:${name}`, { limit: 4, perMs: 300_000 });
        else await store.lease(`renewal:${name}`, long);
      }
    });
    // Each may take a kilobyte; the keys alone would be more, were all of them kept.
    const boundMb = (3 * 10_000 * 1_000) / 1e6;
    expect(boundMb).toBeLessThan((million * 64) / 1e6);
    expect(grownMb).toBeLessThan(boundMb);
    // The newest are there, and no others.
    for (const [age, isThere] of [
      [0, true],
      [9_999, true],
      [10_000, false],
    ] as const) {
      const name = nameOf(million - 1 - 3 * age);
      expect(await store.get(`copy:${name}`)).toBe(isThere ? name : undefined);
    }
    await store.close!();
  });

  it('T12: what has ended goes as new ones come, long before a kind is full', options, async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock, maxEntries: million });
    const count = 100_000;
    const grownMb = await growth(`${count} sessions at once, then as many one after the other`, async () => {
      for (let index = 0; index < 2 * count; index += 1) {
        await store.set(`session:${nameOf(index)}`, nameOf(index), { ttlMs: 1_000 });
        if (index >= count && index % 1_000 === 0) await clock.advance(1_000);
      }
    });
    // The text alone of those that came at once, without anything around it.
    expect(grownMb).toBeLessThan((count * 2 * 64) / 1e6);
    await store.close!();
  });

  it('T12: a kind whose last entry has gone leaves nothing', options, async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    await clock.advance(1);
    const count = 50_000;
    const grownMb = await growth(`${count} kinds that are empty again`, async () => {
      for (let index = 0; index < count; index += 1) {
        const key = `${nameOf(index)}:a`;
        await store.set(key, 'one', long);
        await store.delete(key);
        await store.take(key, { limit: 1, perMs: minutes });
        await store.take(key, { limit: 1, perMs: minutes, cost: -1 });
        await (await store.lease(key, long))!.release();
        await store.set(key, 'one', { ttlMs: Number.MIN_VALUE });
        await store.get(key);
      }
    });
    expect(grownMb).toBeLessThan((count * 64) / 1e6);
    await store.close!();
  });

  it('T13: a store that was closed holds nothing', options, async () => {
    const store = memoryStore();
    const grownMb = await growth('100000 sessions, closed', async () => {
      for (let index = 0; index < 100_000; index += 1) {
        await store.set(`session:${nameOf(index)}`, nameOf(index), long);
      }
      await store.close!();
    });
    expect(grownMb).toBeLessThan((100_000 * 2 * 64) / 1e6 / 4);
    await expect(store.get('session:a')).rejects.toMatchObject({ code: 'closed' });
  });
});

/** By how many MB the heap has grown once `work` is done and what nobody holds is gone. */
async function growth(what: string, work: () => Promise<void>): Promise<number> {
  const before = heapMb();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = heapMb();
  console.log(
    `${what}: heap ${before.toFixed(1)} MB, then ${after.toFixed(1)} MB, in ${seconds.toFixed(1)} s`,
  );
  return after - before;
}

function heapMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** 64 characters that no other index has, in one piece: text that was joined would share its parts. */
function nameOf(index: number): string {
  return Buffer.from(String(index).padStart(64, 'x')).toString('latin1');
}
