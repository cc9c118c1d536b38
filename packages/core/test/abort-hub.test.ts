import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createAbortHub } from '../src/abort-hub.js';

describe('an abort hub', () => {
  it('listens once to a signal, however many listen through it, and calls each once', () => {
    const hub = createAbortHub();
    const controller = new AbortController();
    const called: number[] = [];
    for (let at = 0; at < 50; at += 1) hub.listen(controller.signal, () => called.push(at));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect(called).toEqual(Array.from({ length: 50 }, (_, at) => at));
  });

  it('lets go of a signal with the last listener, and takes it up again', () => {
    const hub = createAbortHub();
    const { signal } = new AbortController();
    const forget = [hub.listen(signal, () => {}), hub.listen(signal, () => {})];
    forget[0]?.();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    forget[1]?.();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    hub.listen(signal, () => {});
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  });

  it('calls nobody who has gone', () => {
    const hub = createAbortHub();
    const controller = new AbortController();
    const called: string[] = [];
    hub.listen(controller.signal, () => called.push('gone'))();
    hub.listen(controller.signal, () => called.push('here'));
    controller.abort();
    expect(called).toEqual(['here']);
  });

  it('calls at once for a signal that is aborted already', () => {
    const called: string[] = [];
    createAbortHub().listen(AbortSignal.abort(), () => called.push('now'));
    expect(called).toEqual(['now']);
  });
});
