import fc from 'fast-check';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../src/testing/index.js';

describe('virtualClock', () => {
  it('stands still where it was started', async () => {
    const clock = virtualClock({ startAt: 5 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([clock.now(), clock.monotonic()]).toEqual([5, 0]);
    expect(virtualClock().now()).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });

  it('moves both times on', async () => {
    const clock = virtualClock({ startAt: 100 });
    await clock.advance(50);
    await clock.advance(0.5);
    expect([clock.now(), clock.monotonic()]).toEqual([150.5, 50.5]);
  });

  it('T11: a time of day that is set wakes nobody and leaves the other time alone', async () => {
    const clock = virtualClock({ startAt: 100 });
    const woken: number[] = [];
    const sleeping = clock.sleep(10).then(() => woken.push(clock.now()));
    clock.setNow(1_000_000);
    await clock.advance(9);
    expect(woken).toEqual([]);
    clock.setNow(0);
    expect([clock.now(), clock.monotonic()]).toEqual([0, 9]);
    await clock.advance(1);
    await sleeping;
    expect(woken).toEqual([1]);
  });

  it('wakes each sleeper at its own moment and in order, those that fell asleep first before others', async () => {
    const spans = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        spans,
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 }),
        async (asleep, steps) => {
          const clock = virtualClock();
          const woken: [at: number, which: number][] = [];
          asleep.forEach((ms, which) => {
            clock.sleep(ms).then(
              () => woken.push([clock.monotonic(), which]),
              () => {},
            );
          });
          for (const step of steps) await clock.advance(step);
          const end = steps.reduce((sum, step) => sum + step, 0);
          const due = asleep.map((ms, which): [number, number] => [ms, which]).filter(([ms]) => ms <= end);
          expect(woken).toEqual(due.sort(([one], [other]) => one - other));
          expect(clock.sleepers).toBe(asleep.length - due.length);
          expect(clock.monotonic()).toBe(end);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('wakes sleepers that others start, within the same advance', async () => {
    const clock = virtualClock();
    const woken: number[] = [];
    const work = (async () => {
      for (let times = 0; times < 4; times += 1) {
        await clock.sleep(10);
        woken.push(clock.monotonic());
      }
    })();
    await clock.advance(35);
    expect(woken).toEqual([10, 20, 30]);
    await clock.advance(5);
    await work;
    expect(woken).toEqual([10, 20, 30, 40]);
  });

  it.each([0, -1])('does not sleep at all for %s ms', async (ms) => {
    await virtualClock().sleep(ms);
  });

  it.each([0, 10])('a sleep of %s ms whose signal is aborted already rejects with its reason', async (ms) => {
    const clock = virtualClock();
    await expect(clock.sleep(ms, AbortSignal.abort('why'))).rejects.toBe('why');
    expect(clock.sleepers).toBe(0);
  });

  it('an aborted sleep rejects with the reason, and is forgotten', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const outcome = expect(clock.sleep(10, controller.signal)).rejects.toBe('why');
    expect(clock.sleepers).toBe(1);
    controller.abort('why');
    expect(clock.sleepers).toBe(0);
    await outcome;
  });

  it('lets go of the signal of a sleeper that it woke', async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    const sleeping = clock.sleep(10, signal);
    await clock.advance(10);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('never goes back, not by a negative span and not by two that overlap', async () => {
    const clock = virtualClock();
    await clock.advance(10);
    await clock.advance(-5);
    expect(clock.monotonic()).toBe(10);
    const sleeping = clock.sleep(20);
    await Promise.all([clock.advance(5), clock.advance(100), clock.advance(30)]);
    await sleeping;
    expect(clock.monotonic()).toBe(110);
  });
});
