import { describe, expect, it } from 'vitest';
import { createPace, type Purpose } from '../src/pace.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf } from './failures.js';

const { signal: never } = new AbortController();

function paced(requests: number) {
  const clock = virtualClock();
  const pace = createPace('acme', { requests, perMs: 100 }, clock);
  const log: { readonly at: number; readonly purpose: Purpose }[] = [];
  const go = (purpose: Purpose) =>
    pace.turn(purpose, never).then(() => log.push({ at: clock.monotonic(), purpose }));
  const timesOf = (purpose: Purpose) => log.filter((one) => one.purpose === purpose).map(({ at }) => at);
  return { clock, pace, log, go, timesOf };
}

describe('verifying tokens that strangers bring', () => {
  it.each([
    [1, 1],
    [3, 1],
    [8, 2],
    [45, 11],
  ])('T14: of a pace of %i has %i at most, and as many may wait', async (requests, most) => {
    const { clock, pace, go, timesOf } = paced(requests);
    const turns = Array.from({ length: 2 * most }, () => go('verify'));
    expect(await failureOf(pace.turn('verify', never))).toMatchObject({ code: 'rate_limited' });
    await clock.advance(99);
    expect(timesOf('verify')).toEqual(Array<number>(most).fill(0));
    await clock.advance(1);
    await Promise.all(turns);
    expect(timesOf('verify').slice(most)).toEqual(Array<number>(most).fill(100));
    expect(clock.sleepers).toBe(0);
  });

  it('T14: a flood of it holds up no call, sign-in or renewal', async () => {
    const { clock, go, timesOf } = paced(20);
    const flood = Array.from({ length: 100 }, () => go('verify').catch(() => 'refused'));
    const others = [
      ...Array.from({ length: 10 }, () => go('call')),
      ...Array.from({ length: 4 }, () => go('sign-in')),
      go('renewal'),
    ];
    await clock.advance(0);
    await Promise.all(others);
    expect(timesOf('call')).toEqual(Array<number>(10).fill(0));
    await clock.advance(100);
    const refused = (await Promise.all(flood)).filter((outcome) => outcome === 'refused');
    expect(refused).toHaveLength(90);
  });

  it('T14: has its turn with the others, while sign-ins have used up their half', async () => {
    const { clock, go, timesOf } = paced(8);
    const signIns = Array.from({ length: 8 }, () => go('sign-in'));
    await Promise.all([go('verify'), go('call')]);
    expect([timesOf('sign-in').length, timesOf('verify'), timesOf('call')]).toEqual([4, [0], [0]]);
    await clock.advance(100);
    await Promise.all(signIns);
  });
});
