import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createAbortHub } from '../src/abort-hub.js';
import { startDeadline } from '../src/deadline.js';
import { virtualClock } from '../src/testing/index.js';
import { unhandledDuring } from './failures.js';

const timedOut = new Error('timed out');

function start(...signals: (AbortSignal | undefined)[]) {
  const clock = virtualClock();
  const deadline = startDeadline({
    clock,
    timeoutMs: 1_000,
    signals,
    hub: createAbortHub(),
    onTimeout: () => timedOut,
  });
  return { clock, deadline };
}

const never = new Promise<never>(() => {});

describe('a deadline', () => {
  it('ends when the time has run out, not before, with the error it was given', async () => {
    const { clock, deadline } = start();
    await clock.advance(999);
    expect(deadline.signal().aborted).toBe(false);
    expect(deadline.remainingMs()).toBe(1);
    await clock.advance(1);
    expect(deadline.signal().reason).toBe(timedOut);
    await clock.advance(1);
    expect(deadline.remainingMs()).toBe(0);
  });

  it('T11: a wall clock that is set does not move it', async () => {
    const { clock, deadline } = start();
    clock.setNow(0);
    expect(deadline.remainingMs()).toBe(1_000);
    clock.setNow(Date.UTC(2099, 0));
    await clock.advance(999);
    expect(deadline.signal().aborted).toBe(false);
    deadline.stop();
  });

  it.each([0, 1])('ends when signal %i is aborted, with its reason as it came', (which) => {
    const controllers = [new AbortController(), new AbortController()];
    const { deadline } = start(undefined, ...controllers.map(({ signal }) => signal));
    const reason = { no: 'error' };
    controllers[which]!.abort(reason);
    controllers[1 - which]!.abort(new Error('later'));
    expect(deadline.signal().reason).toBe(reason);
    deadline.stop();
  });

  it('has ended from the start where a signal was aborted before', () => {
    const { deadline } = start(AbortSignal.abort('first'), AbortSignal.abort('second'));
    expect(deadline.signal().reason).toBe('first');
    deadline.stop();
  });

  it('lets go of the timer and of every signal when it is stopped', async () => {
    const { signal } = new AbortController();
    const unhandled = await unhandledDuring(async () => {
      const { clock, deadline } = start(signal, signal);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      expect(clock.sleepers).toBe(1);
      deadline.stop();
      deadline.stop();
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(clock.sleepers).toBe(0);
      await clock.advance(5_000);
      expect(deadline.signal().aborted).toBe(false);
    });
    expect(unhandled).toEqual([]);
  });
});

describe('work that is bound to a deadline', () => {
  it('settles as it does by itself', async () => {
    const { deadline } = start();
    const broken = new Error('broken');
    await expect(deadline.bound(Promise.resolve(5))).resolves.toBe(5);
    await expect(deadline.bound(Promise.reject(broken))).rejects.toBe(broken);
    expect(getEventListeners(deadline.signal(), 'abort')).toEqual([]);
    deadline.stop();
  });

  it('is let go at the deadline, though it never settles', async () => {
    const { clock, deadline } = start();
    const outcome = expect(deadline.bound(never)).rejects.toBe(timedOut);
    await clock.advance(1_000);
    await outcome;
    await expect(deadline.bound(never)).rejects.toBe(timedOut);
    expect(getEventListeners(deadline.signal(), 'abort')).toEqual([]);
  });

  it('is let go when a signal is aborted', async () => {
    const controller = new AbortController();
    const { deadline } = start(controller.signal);
    const outcome = expect(deadline.bound(never)).rejects.toBe('why');
    controller.abort('why');
    await outcome;
    deadline.stop();
  });

  it('may fail afterwards without anybody hearing of it', async () => {
    const unhandled = await unhandledDuring(async () => {
      const { clock, deadline } = start();
      let fail = () => {};
      const work = new Promise<never>((_, reject) => {
        fail = () => reject(new Error('too late'));
      });
      const outcome = expect(deadline.bound(work)).rejects.toBe(timedOut);
      await clock.advance(1_000);
      await outcome;
      fail();
    });
    expect(unhandled).toEqual([]);
  });
});
