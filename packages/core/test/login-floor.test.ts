import { describe, expect, it } from 'vitest';
import { createLoginFloor } from '../src/login-floor.js';
import { virtualClock } from '../src/testing/index.js';
import { expectFloor } from './managed.js';

/** A floor of 1,000 ms, and when the logins over it began. */
function floored() {
  const clock = virtualClock();
  const floor = createLoginFloor(clock, 1_000);
  const began: number[] = [];
  let error: Error | undefined;
  const login = async () => {
    began.push(clock.monotonic());
    if (error) throw error;
    return began.length;
  };
  return {
    clock,
    began,
    login,
    run: (signal?: AbortSignal, whose = 'anna') => floor.run(whose, login, signal),
    floor,
    failWith(given: Error | undefined) {
      error = given;
    },
  };
}

describe('a login floor', () => {
  it('T5: lets two go at once, and the next one when the floor is over', async () => {
    const { clock, began, run } = floored();
    expect([await run(), await run()]).toEqual([1, 2]);
    const third = run();
    await clock.advance(999);
    expect(began).toEqual([0, 0]);
    await clock.advance(1);
    expect(await third).toBe(3);
    expect(began).toEqual([0, 0, 1_000]);
  });

  it('T5: past the first two there is one in each span of the floor, however long it goes on', async () => {
    const { clock, began, run } = floored();
    const all = Array.from({ length: 12 }).reduce<Promise<unknown>>((last) => last.then(() => run()), run());
    await clock.advance(20_000);
    await all;
    expect(began).toHaveLength(13);
    expectFloor(began, 1_000);
  });

  it('T5: after a pause two may follow each other again, and not more', async () => {
    const { clock, began, run } = floored();
    await run();
    await run();
    await clock.advance(60_000);
    const all = Promise.all([
      run()
        .then(() => run())
        .then(() => run()),
    ]);
    await clock.advance(0);
    expect(began).toEqual([0, 0, 60_000, 60_000]);
    await clock.advance(1_000);
    await all;
    expect(began).toEqual([0, 0, 60_000, 60_000, 61_000]);
  });

  it('T5: what comes too soon after a failure fails alike, and nothing is sent', async () => {
    const { clock, began, run, failWith } = floored();
    const error = new Error('down');
    failWith(error);
    await expect(run()).rejects.toBe(error);
    await expect(run()).rejects.toBe(error);
    failWith(undefined);
    await clock.advance(999);
    await expect(run()).rejects.toBe(error);
    expect(began).toEqual([0, 0]);
    expect(clock.sleepers).toBe(0);
    await clock.advance(1);
    expect(await run()).toBe(3);
  });

  it('T5: a success between makes the next one wait, not fail', async () => {
    const { clock, began, run, failWith } = floored();
    failWith(new Error('down'));
    await expect(run()).rejects.toThrow('down');
    failWith(undefined);
    await run();
    const third = run();
    await clock.advance(1_000);
    expect(await third).toBe(3);
    expect(began).toEqual([0, 0, 1_000]);
  });

  it('T5: a failure is not shared with other credentials, which wait their turn', async () => {
    const { clock, began, floor, run, failWith } = floored();
    failWith(new Error('down'));
    await expect(run()).rejects.toThrow('down');
    await expect(run()).rejects.toThrow('down');
    expect(() => floor.check('anna')).toThrow('down');
    expect(() => floor.check('bert')).not.toThrow();
    failWith(undefined);
    const other = run(undefined, 'bert');
    await clock.advance(1_000);
    expect(await other).toBe(3);
    expect(began).toEqual([0, 0, 1_000]);
    expect(() => floor.check('anna')).not.toThrow();
  });

  it('T13: who waits leaves with the own reason, and nothing is sent or left behind', async () => {
    const { clock, began, run } = floored();
    await run();
    await run();
    const controller = new AbortController();
    const left = expect(run(controller.signal)).rejects.toBe('why');
    await clock.advance(500);
    expect(clock.sleepers).toBe(1);
    controller.abort('why');
    await left;
    expect(clock.sleepers).toBe(0);
    await clock.advance(5_000);
    expect(began).toEqual([0, 0]);
  });

  it('T3: a login that was given up is no failure to be shared, and counts as sent', async () => {
    const { clock, floor, run, login, began } = floored();
    await run();
    const controller = new AbortController();
    const givenUp = floor.run(
      'anna',
      async () => {
        await login();
        controller.abort('why');
        controller.signal.throwIfAborted();
      },
      controller.signal,
    );
    await expect(givenUp).rejects.toBe('why');
    const next = run();
    await clock.advance(999);
    expect(began).toEqual([0, 0]);
    await clock.advance(1);
    expect(await next).toBe(3);
  });
});
