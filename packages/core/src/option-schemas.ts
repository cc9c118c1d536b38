import { z } from 'zod';
import type { Clock } from './clock.js';

/** What several functions take among their options. */
export const clockOption = z.custom<Clock>(
  (value) => hasMethods(value, 'now', 'monotonic', 'sleep'),
  'must be a clock',
);

/** A function. */
export function functionOption<F extends (...args: never[]) => unknown>(): z.ZodType<F> {
  return z.custom<F>((value) => typeof value === 'function', 'must be a function');
}

/** Whether `value` is an object with these methods. */
export function hasMethods(value: unknown, ...names: string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  );
}
