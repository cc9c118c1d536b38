/**
 * Ends a `verify` in the callback manner: with an error, with the user, or, for somebody who may not sign in, with `false`
 * and what to say about it. Only the first call counts.
 */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/**
 * The application's say in who may sign in, and as whom.
 *
 * It returns the user, or a promise of it, or calls `done`; the first of these counts. `false` and `null` refuse. One
 * that uses `done` returns nothing: write it with braces, since whatever an arrow function returns is taken for the user.
 */
export type Verify<Given extends readonly unknown[]> = (...given: [...Given, done: VerifyDone]) => unknown;

/** What `verify` made of it. */
export interface Verdict {
  /** Falsy for somebody who was refused. */
  readonly user: unknown;
  readonly info?: unknown;
}

/**
 * Asks `verify` and gives its first outcome; rejects as it fails.
 *
 * How many parameters it declares says nothing: the wrapper of @nestjs/passport declares none, and calls `done`.
 */
export function verdictOf<Given extends readonly unknown[]>(
  verify: Verify<Given>,
  given: Given,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const done: VerifyDone = (error, user, info) => {
      if (error) reject(error);
      else resolve({ user, info });
    };
    const returned = verify(...given, done);
    Promise.resolve(returned).then((user) => {
      if (user !== undefined && !isTimer(user)) resolve({ user });
    }, reject);
  });
}

// `(result, done) => setTimeout(() => done(null, false), 10)` returns one, and must not sign anybody in.
function isTimer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'hasRef' in value && 'unref' in value;
}
