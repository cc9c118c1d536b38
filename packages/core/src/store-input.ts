import { LatchkeyError } from './latchkey-error.js';
import type { Counts } from './sliding-window.js';

/** @throws LatchkeyError `invalid_input` for anything that is not a key. */
export function checkKey(key: unknown): void {
  checkText('key', key);
  check(key !== '', 'the key must not be empty');
}

/** @throws LatchkeyError `invalid_input` for anything but a list of keys. */
export function checkKeys(keys: unknown): void {
  check(Array.isArray(keys), 'the keys must be a list');
  keys.forEach(checkKey);
}

/** @throws LatchkeyError `invalid_input` for anything but text. */
export function checkText(name: string, value: unknown): void {
  check(typeof value === 'string', `the ${name} must be text`);
}

/**
 * The option `name`, a time.
 *
 * @throws LatchkeyError `invalid_input` unless it is a number above 0.
 */
export function spanIn<Name extends string>(options: Readonly<Record<Name, number>>, name: Name): number {
  // Whoever calls without types may have left the options out.
  const ms = (options as typeof options | undefined)?.[name];
  check(typeof ms === 'number' && ms > 0 && ms < Infinity, `${name} must be milliseconds above 0`);
  return ms;
}

/**
 * What `take` is to count.
 *
 * @throws LatchkeyError `invalid_input` for numbers that nothing can be counted by, and for a cost that is above the limit:
 *   that could never be taken.
 */
export function countsIn(options: {
  readonly limit: number;
  readonly perMs: number;
  readonly cost?: number;
}): Counts {
  const perMs = spanIn(options, 'perMs');
  const { limit, cost = 1 } = options;
  check(Number.isSafeInteger(limit) && limit > 0, 'limit must be a whole number above 0');
  check(Number.isSafeInteger(cost), 'cost must be a whole number');
  check(cost <= limit, 'a cost above the limit can never be taken');
  return { limit, perMs, cost };
}

// The value itself is left out: it can be secret.
function check(isRight: boolean, rule: string): asserts isRight {
  if (!isRight) throw new LatchkeyError('invalid_input', { message: `The store cannot do this: ${rule}.` });
}
