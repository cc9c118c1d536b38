import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createAbortHub } from '../src/abort-hub.js';
import { startFlight, type Flight } from '../src/flight.js';
import { unhandledDuring } from './failures.js';

interface Taken {
  readonly flight: Flight<string>;
  /** The signal that the work was given. */
  readonly signal: () => AbortSignal;
  readonly land: (value: string) => void;
  readonly crash: (error: Error) => void;
}

/** A flight that lands when the test says so. */
function taken(): Taken {
  let given: AbortSignal | undefined;
  let land: Taken['land'] = () => {};
  let crash: Taken['crash'] = () => {};
  const work = new Promise<string>((resolve, reject) => {
    land = resolve;
    crash = reject;
  });
  const flight = startFlight((signal) => {
    given = signal;
    return work;
  }, createAbortHub());
  return { flight, signal: () => given!, land, crash };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a flight', () => {
  it('starts its work once, in a microtask of its own', async () => {
    let started = 0;
    const flight = startFlight(async () => (started += 1), createAbortHub());
    expect(started).toBe(0);
    expect(await Promise.all([flight.join(), flight.join(), flight.join()])).toEqual([1, 1, 1]);
    expect(started).toBe(1);
    expect(flight.isAbandoned()).toBe(false);
  });

  it('tells everybody of a failure, of one that is thrown at once, too', async () => {
    const error = new Error('no');
    const flight = startFlight(() => {
      throw error;
    }, createAbortHub());
    const { signal } = new AbortController();
    const outcomes = await Promise.allSettled([flight.join(), flight.join(signal)]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
    await flight.landed;
  });

  it.each<[string, unknown]>([
    ['a text', 'why'],
    ['an error', new Error('mine')],
    ['null', null],
  ])('T3: who leaves is told the own reason as it came: %s', async (_what, reason) => {
    const { flight, signal, land } = taken();
    const leaving = new AbortController();
    const left = flight.join(leaving.signal).catch((error: unknown) => ({ error }));
    const stayed = flight.join(new AbortController().signal);
    await turn();
    leaving.abort(reason);
    expect(await left).toEqual({ error: reason });
    expect(signal().aborted).toBe(false);
    land('landed');
    expect(await stayed).toBe('landed');
  });

  it('T3: is given up when the last one has left, and not before', async () => {
    const { flight, signal, crash } = taken();
    const controllers = [1, 2, 3].map(() => new AbortController());
    const calls = Promise.allSettled(controllers.map((one) => flight.join(one.signal)));
    await turn();
    controllers[0]?.abort();
    controllers[1]?.abort();
    expect(signal().aborted).toBe(false);
    controllers[2]?.abort();
    expect(signal().aborted).toBe(true);
    expect(flight.isAbandoned()).toBe(true);
    crash(new Error('given up'));
    expect((await calls).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('T3: who has no signal never leaves', async () => {
    const { flight, signal, land } = taken();
    const controller = new AbortController();
    const stays = flight.join();
    const left = flight.join(controller.signal).catch(() => 'left');
    await turn();
    controller.abort();
    expect(await left).toBe('left');
    expect(signal().aborted).toBe(false);
    land('landed');
    expect(await stays).toBe('landed');
  });

  it('T3: the signal of the work is that of no caller', async () => {
    const { flight, signal, land } = taken();
    const { signal: mine } = new AbortController();
    const call = flight.join(mine);
    await turn();
    expect(signal()).not.toBe(mine);
    land('landed');
    await call;
  });

  it('T3: a thousand who share a signal leave one listener on it, and none once it has landed', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { flight, land } = taken();
    const { signal } = new AbortController();
    const calls = Promise.all(Array.from({ length: 1_000 }, () => flight.join(signal)));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    land('landed');
    await calls;
    await turn();
    process.off('warning', note);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('T13: tells all who wait when it is ended, at once, and has landed when the work has', async () => {
    const { flight, signal, land } = taken();
    const { signal: mine } = new AbortController();
    const calls = Promise.allSettled([flight.join(), flight.join(mine)]);
    await turn();
    const reason = new Error('closed');
    flight.end(reason);
    expect(await calls).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    expect(signal().reason).toBe(reason);
    let hasLanded = false;
    const landed = flight.landed.then(() => (hasLanded = true));
    await turn();
    expect(hasLanded).toBe(false);
    expect(getEventListeners(mine, 'abort')).toEqual([]);
    land('late');
    expect(await landed).toBe(true);
  });

  it('T4: a failure that nobody waits for is not unhandled', async () => {
    const unhandled = await unhandledDuring(async () => {
      const { flight, crash } = taken();
      const controller = new AbortController();
      const left = flight.join(controller.signal).catch(() => 'left');
      controller.abort();
      await left;
      crash(new Error('nobody is there'));
      await flight.landed;
    });
    expect(unhandled).toEqual([]);
  });
});
