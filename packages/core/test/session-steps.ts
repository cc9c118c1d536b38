import fc from 'fast-check';

/** What can happen to the sessions of an application that runs as two processes. */
export type SessionStep =
  | {
      readonly do: 'sign in';
      readonly who: number;
      readonly process: number;
      readonly client: number | undefined;
      readonly isRight: boolean;
      readonly replaces: number | undefined;
    }
  | { readonly do: 'get' | 'sign out'; readonly process: number; readonly which: number }
  /** The provider refuses the token of a session, or a former one of its tokens. */
  | { readonly do: 'refuse' | 'refuse late'; readonly process: number; readonly which: number }
  | { readonly do: 'sign out everywhere'; readonly process: number; readonly who: number }
  | { readonly do: 'renewals'; readonly now: 'give' | 'are refused' | 'fail' }
  | { readonly do: 'pass'; readonly ms: number }
  /** It forgets all that it knows. */
  | { readonly do: 'restart'; readonly process: number };

export interface SessionLife {
  readonly renewable: boolean;
  readonly lifetimeMs: number | undefined;
  readonly idleMs: number | undefined;
  readonly steps: readonly SessionStep[];
}

const process = fc.nat(1);
const who = fc.nat(1);
const which = fc.nat(9);

const step: fc.Arbitrary<SessionStep> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('sign in' as const),
      who,
      process,
      client: fc.option(fc.nat(1), { nil: undefined }),
      isRight: fc.constantFrom(true, true, false),
      replaces: fc.option(which, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('get' as const), process, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign out' as const), process, which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), process, which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse late' as const), process, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sign out everywhere' as const), process, who }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('renewals' as const),
      now: fc.constantFrom('give' as const, 'give' as const, 'are refused' as const, 'fail' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 1_000, max: 9_000 }), fc.constantFrom(10_000, 100_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), process }) },
);

export const sessionLife: fc.Arbitrary<SessionLife> = fc.record({
  renewable: fc.boolean(),
  lifetimeMs: fc.constantFrom(10_000, 10_000, 25_000, undefined),
  idleMs: fc.constantFrom(undefined, 8_000, 20_000),
  steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
});
