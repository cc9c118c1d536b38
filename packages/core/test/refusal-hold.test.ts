import { describe, expect, it } from 'vitest';
import { LatchkeyError } from '../src/index.js';
import { createRefusalHold } from '../src/refusal-hold.js';
import { virtualClock } from '../src/testing/index.js';
import { thrownBy } from './failures.js';

function holding() {
  const clock = virtualClock();
  const told: [string, number][] = [];
  const hold = createRefusalHold({
    clock,
    firstMs: 60_000,
    mostMs: 900_000,
    onHold: ({ code }, holdMs) => told.push([code, holdMs]),
  });
  return { clock, told, hold };
}

const wrong = new LatchkeyError('invalid_credentials');

describe('a refusal hold', () => {
  it('holds nothing at first', () => {
    expect(() => holding().hold.check()).not.toThrow();
    expect(holding().hold.isOn).toBe(false);
  });

  it('T6: throws the refusal until the hold is over', async () => {
    const { clock, hold } = holding();
    hold.begin(wrong);
    expect(thrownBy(() => hold.check())).toBe(wrong);
    await clock.advance(59_999);
    expect(thrownBy(() => hold.check())).toBe(wrong);
    expect(hold.isOn).toBe(true);
    await clock.advance(1);
    expect(() => hold.check()).not.toThrow();
    expect(hold.isOn).toBe(false);
  });

  it('T6: doubles with each refusal in a row, up to 15 minutes', async () => {
    const { clock, hold, told } = holding();
    for (let times = 0; times < 7; times += 1) {
      hold.begin(wrong);
      await clock.advance(1_000_000);
    }
    expect(told.map(([, ms]) => ms / 1_000)).toEqual([60, 120, 240, 480, 900, 900, 900]);
  });

  it('T6: begins anew when it was told to forget', () => {
    const { hold, told } = holding();
    hold.begin(wrong);
    hold.begin(wrong);
    hold.forget();
    expect(() => hold.check()).not.toThrow();
    hold.begin(wrong);
    expect(told.map(([, ms]) => ms / 1_000)).toEqual([60, 120, 60]);
  });

  it('T6: a locked account is held for as long as the provider says, be it longer or shorter', async () => {
    const { clock, hold, told } = holding();
    hold.begin(new LatchkeyError('account_locked', { retryAfterMs: 3_600_000 }));
    await clock.advance(3_599_999);
    expect(thrownBy(() => hold.check()).code).toBe('account_locked');
    await clock.advance(1);
    expect(() => hold.check()).not.toThrow();
    hold.begin(new LatchkeyError('account_locked', { retryAfterMs: 5_000 }));
    expect(told).toEqual([
      ['account_locked', 3_600_000],
      ['account_locked', 5_000],
    ]);
  });

  it.each([
    ['nothing', 0, 60_000],
    ['a moment that has passed', -5_000, 60_000],
    ['a year', 365 * 86_400_000, 86_400_000],
  ])(
    'T6: a locked account is neither asked for at once nor left for good, where the wait is %s',
    (_what, told, held) => {
      const { hold, told: holds } = holding();
      hold.begin(new LatchkeyError('account_locked', { retryAfterMs: told }));
      expect(holds).toEqual([['account_locked', held]]);
      expect(hold.isOn).toBe(true);
    },
  );

  it('T6: of other refusals the wait that they name does not count', () => {
    const { hold, told } = holding();
    hold.begin(new LatchkeyError('invalid_credentials', { retryAfterMs: 1 }));
    hold.begin(new LatchkeyError('account_locked'));
    expect(told).toEqual([
      ['invalid_credentials', 60_000],
      ['account_locked', 120_000],
    ]);
  });

  it('X6: takes over what others remember, and doubles from there', async () => {
    const { clock, hold, told } = holding();
    const theirs = new LatchkeyError('account_disabled');
    hold.takeOver(() => theirs, { holdMs: 20_000, nextMs: 240_000 });
    expect(thrownBy(() => hold.check())).toBe(theirs);
    await clock.advance(20_000);
    expect(hold.isOn).toBe(false);
    hold.begin(wrong);
    expect(told).toEqual([
      ['account_disabled', 20_000],
      ['invalid_credentials', 240_000],
    ]);
  });

  it('X6: takes over no more than its own bounds, and tells of no hold that has ended', () => {
    const { hold, told } = holding();
    const locked = new LatchkeyError('account_locked', { retryAfterMs: 1 });
    hold.takeOver(() => wrong, { holdMs: 1e15, nextMs: 1 });
    hold.begin(wrong);
    hold.takeOver(() => locked, { holdMs: 1e15, nextMs: 1e15 });
    hold.takeOver(() => wrong, { holdMs: 0, nextMs: 1e15 });
    expect(hold.isOn).toBe(false);
    hold.begin(wrong);
    expect(told.map(([, ms]) => ms / 1_000)).toEqual([900, 60, 86_400, 900]);
  });

  it('T11: is not moved by the time of day being set', async () => {
    const { clock, hold } = holding();
    hold.begin(wrong);
    clock.setNow(clock.now() + 86_400_000);
    expect(thrownBy(() => hold.check())).toBe(wrong);
    clock.setNow(0);
    await clock.advance(60_000);
    expect(() => hold.check()).not.toThrow();
  });
});
