import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { version } from '../package.json';
import type { ReadRateLimit } from './allowance.js';
import { systemClock } from './clock.js';
import { clockOption, functionOption, hasMethods, storeOption } from './option-schemas.js';
import { originProblem } from './origin.js';

const wholeNumber = z.int('must be a whole number').positive('must be above 0');

/** A segment of routes and part of keys, so nothing that either would have to escape. */
export const providerName = z
  .string('must be text')
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens, a letter first');

/** What `createUpstream` takes, with its defaults. */
export const upstreamOptions = z.strictObject({
  name: providerName,
  origin: z.string('must be text').superRefine((origin, context) => {
    const problem = originProblem(origin);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  }),
  dispatcher: z
    .custom<Dispatcher>((value) => hasMethods(value, 'dispatch'), 'must be a dispatcher of undici')
    .optional(),
  timeoutMs: milliseconds(600_000).default(15_000),
  connectTimeoutMs: milliseconds(600_000).optional(),
  headersTimeoutMs: milliseconds(600_000).optional(),
  bodyTimeoutMs: milliseconds(600_000).optional(),
  // No string of Node's is longer than half a gigabyte.
  maxResponseBytes: wholeNumber.max(256 * 1024 * 1024, 'must be at most 256 MiB').default(8 * 1024 * 1024),
  pace: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          requests: wholeNumber,
          perMs: milliseconds(3_600_000),
          store: storeOption.optional(),
        }),
      ],
      'must be { requests, perMs }, with a store or without, or false',
    )
    .optional(),
  rateLimit: functionOption<ReadRateLimit>().optional(),
  userAgent: z
    .string('must be text')
    .regex(/^[\x20-\x7e]{1,256}$/, 'must be 1 to 256 ASCII characters')
    .default(`latchkey/${version}`),
  clock: clockOption.default(systemClock),
});

function milliseconds(most: number) {
  const rule = `must be above 0 and at most ${most} milliseconds`;
  return z.number(rule).positive(rule).max(most, rule);
}
