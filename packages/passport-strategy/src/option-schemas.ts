import { z } from 'zod';
import type { StrategyRequest } from './strategy-request.js';

/** What both strategies take among their options. */
export const commonOptions = {
  name: z.string('must be text').min(1, 'must not be empty').optional(),
  realm: z.string('must be text').optional(),
  passReqToCallback: z.boolean('must be true or false').default(false),
  client: functionOption<(request: StrategyRequest) => string | undefined>().optional(),
  // A longer time would make a timer that fires at once.
  timeoutMs: z
    .number('must be a number of milliseconds')
    .min(1, 'must be 1 millisecond or more')
    .max(2_147_483_647, 'must be below 2147483648 milliseconds')
    .default(30_000),
  csrf: z
    .union(
      [z.literal(false), z.strictObject({ origins: z.array(z.string()).optional() })],
      'must be false, or an object with a list of origins',
    )
    .optional(),
};

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
