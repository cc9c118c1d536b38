import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEmitter, type LatchkeyEvent } from '../src/event.js';
import { virtualClock } from '../src/testing/index.js';
import { unhandledDuring } from './failures.js';

const clock = virtualClock();

/** What Node warns of from now on, until the test has ended. */
function warnings(): Error[] {
  const told: Error[] = [];
  const note = (warning: Error) => told.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  return told;
}

/** What the channel carries from now on, until the test has ended. */
function channelled(): unknown[] {
  const told: unknown[] = [];
  const note = (event: unknown) => told.push(event);
  subscribe('latchkey:event', note);
  onTestFinished(() => void unsubscribe('latchkey:event', note));
  return told;
}

describe('events', () => {
  it('say what happened, when, and at which provider, and nothing that is not known', () => {
    const told: LatchkeyEvent[] = [];
    const emit = createEmitter({ provider: 'acme', clock, onEvent: (event) => told.push(event) });
    emit('hold', { code: 'invalid_credentials', holdMs: 5 });
    emit('rejected');
    expect(told).toEqual([
      { type: 'hold', at: clock.now(), provider: 'acme', code: 'invalid_credentials', holdMs: 5 },
      { type: 'rejected', at: clock.now(), provider: 'acme' },
    ]);
    expect(Object.keys(told[1]!)).toEqual(['type', 'at', 'provider']);
    expect(told.every((event) => Object.isFrozen(event))).toBe(true);
  });

  it('are the same records on the channel latchkey:event, with and without a listener', () => {
    const onChannel = channelled();
    const told: LatchkeyEvent[] = [];
    createEmitter({ provider: 'acme', clock, onEvent: (event) => told.push(event) })('renewal');
    expect(onChannel).toHaveLength(1);
    expect(onChannel[0]).toBe(told[0]);
    createEmitter({ clock })('throttled');
    expect(onChannel[1]).toEqual({ type: 'throttled', at: clock.now() });
  });

  it('cost nothing where nobody listens', () => {
    const untold = createEmitter({
      clock: { ...clock, now: () => expect.fail('the time was asked for') },
    });
    expect(() => untold('renewal', { durationMs: 1 })).not.toThrow();
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('my own fault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('my own fault'))],
    [
      'throws what is no error',
      () => {
        throw 'a text' as unknown;
      },
    ],
  ])('a listener that %s disturbs nothing: Node warns of it', async (_what, listener) => {
    const told = warnings();
    const onChannel = channelled();
    const unhandled = await unhandledDuring(async () => {
      const emit = createEmitter({ clock, onEvent: listener });
      emit('renewal');
      emit('rejected');
    });
    expect(unhandled).toEqual([]);
    expect(onChannel).toHaveLength(2);
    expect(told.map(({ name }) => name)).toEqual(['LatchkeyWarning', 'LatchkeyWarning']);
    expect(told[0]?.message).toMatch(/^A listener to the events of Latchkey failed: (my own fault|string)$/);
  });
});
