import { z } from 'zod';
import type { Clock } from './clock.js';
import type { Provider } from './provider.js';
import type { Store } from './store.js';

/** What several functions take among their options. */
export const clockOption = z.custom<Clock>(
  (value) =>
    hasMethods(value, 'now', 'monotonic', 'sleep') &&
    ['undefined', 'function'].includes(typeof (value as Clock).after),
  'must be a clock',
);

export const providerOption = z.custom<Provider>(
  (value) =>
    hasMethods(value, 'signIn', 'account', 'identify') &&
    hasMethods((value as Provider).upstream, 'json', 'skewMs'),
  'must be made with defineProvider()',
);

export const storeOption = z.custom<Store>(
  (value) => hasMethods(value, 'get', 'set', 'delete', 'replace', 'take', 'lease'),
  'must be a store',
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

/** Tries in a span; see `tries`. */
export const tryLimitOption = z.strictObject({
  tries: z.int('must be a whole number').positive('must be above 0'),
  perMs: z.number('must be a number').positive('must be above 0'),
});
