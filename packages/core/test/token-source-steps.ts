import fc from 'fast-check';
import type { ErrorCode } from '../src/index.js';

/** What happens next to a source. Numbers named `which` are taken modulo what there is. */
export type Step =
  | { readonly do: 'get'; readonly leaves: boolean }
  | { readonly do: 'report'; readonly which: number; readonly leaves: boolean }
  | { readonly do: 'accept'; readonly which: number }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'give'; readonly lifetimeMs: number | undefined }
  | { readonly do: 'fail'; readonly code: ErrorCode; readonly retryAfterMs?: number }
  | { readonly do: 'tell' }
  | { readonly do: 'ignore signals'; readonly really: boolean }
  | { readonly do: 'ask slowly'; readonly really: boolean }
  | { readonly do: 'become'; readonly who: 0 | 1 | 2 }
  | { readonly do: 'refresh'; readonly who: 0 | 1 | 2 | undefined }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'set clock'; readonly byMs: number }
  | { readonly do: 'close' };

const which = fc.nat(30);
const leaves = fc.boolean();

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('get'), leaves }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('report'), which: fc.nat(3), leaves }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('accept'), which: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('abort'), which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('give'),
      lifetimeMs: fc.constantFrom(-5_000, 0, 1, 1_500, 30_000, 3_600_000, undefined),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail'),
      code: fc.constantFrom<ErrorCode[]>(
        'invalid_credentials',
        'second_factor_invalid',
        'account_locked',
        'upstream_unavailable',
        'timeout',
        'rate_limited',
        'token_rejected',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'fail', code: 'account_locked', retryAfterMs: 300_000 }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'tell' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ignore signals'), really: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ask slowly'), really: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('become'), who: fc.constantFrom(0, 1, 2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refresh'), who: fc.constantFrom(undefined, 0, 1, 2) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.constantFrom(1, 200, 999, 1_000, 10_000, 27_000, 60_000, 3_540_000, 3_600_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set clock'),
      byMs: fc.constantFrom(-7_200_000, -1, 3_000, 7_200_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'close' }) },
);

/** What a source lives through: turns of the event loop, in each of which something happens, or several things at once. */
export const life = fc.record({
  renewable: fc.boolean(),
  rotates: fc.boolean(),
  stored: fc.boolean(),
  turns: fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 40 }),
});

export type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;
