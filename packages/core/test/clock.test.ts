import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/index.js';

describe('systemClock', () => {
  it('tells the time of day, and another time that does not go back', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    const first = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first);
  });

  it('sleeps as long as asked', async () => {
    const start = performance.now();
    await systemClock.sleep(20);
    expect(performance.now() - start).toBeGreaterThanOrEqual(19);
  });

  it.each([0, -1, NaN])('does not sleep at all for %s ms', async (ms) => {
    await systemClock.sleep(ms);
  });

  it.each([0, 60_000])(
    'a sleep of %s ms whose signal is aborted already rejects with its reason',
    async (ms) => {
      const reason = { not: 'even an error' };
      await expect(systemClock.sleep(ms, AbortSignal.abort(reason))).rejects.toBe(reason);
    },
  );

  it('an aborted sleep rejects with the reason as it came, and lets go of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('lets go of the signal when it has slept', async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('T5: a sleep of 40 days does not end at once, and one of a thousand years does not either', async () => {
    const controller = new AbortController();
    const woken: string[] = [];
    const day = 86_400_000;
    // The first is a little more than a timer can hold.
    const spans = [2 ** 31 + 5, 40 * day, 365_000 * day];
    const sleeping = spans.map((ms) =>
      systemClock.sleep(ms, controller.signal).then(
        () => woken.push(`${ms} ms`),
        () => woken.push('aborted'),
      ),
    );
    // Far more than the millisecond that an overflowing timer takes.
    await systemClock.sleep(30);
    expect(woken).toEqual([]);
    controller.abort();
    await Promise.all(sleeping);
    expect(woken).toEqual(['aborted', 'aborted', 'aborted']);
  });
});
