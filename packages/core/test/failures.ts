import { inspect } from 'node:util';
import { expect } from 'vitest';
import { isLatchkeyError, type LatchkeyError } from '../src/index.js';

/** The `LatchkeyError` that `work` rejects with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<LatchkeyError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) expect.fail(`it was not refused, but gave ${inspect(outcome.value)}`);
  return known(outcome.error);
}

/** The `LatchkeyError` that `work` throws; anything else fails the test. */
export function thrownBy(work: () => unknown): LatchkeyError {
  try {
    work();
  } catch (error) {
    return known(error);
  }
  return expect.fail('nothing was thrown');
}

/** Everything of an error that a log or a debugger could show. */
export function shown(error: unknown): string {
  const parts = [inspect(error, { showHidden: true, getters: true, depth: Infinity }), JSON.stringify(error)];
  for (let one = error; one instanceof Error; one = one.cause)
    parts.push(one.message, one.stack ?? '', String(one));
  return parts.join('\n');
}

/** What nobody handled while `work` ran, and in the turns of the event loop after it. */
export async function unhandledDuring(work: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await work();
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', note);
  }
  return unhandled;
}

function known(error: unknown): LatchkeyError {
  if (!isLatchkeyError(error)) expect.fail(`a LatchkeyError was expected, not ${inspect(error)}`);
  return error;
}
