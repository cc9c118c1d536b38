/**
 * Ends a `verify` in the callback manner: with an error, with the user, or, for somebody who may not sign in, with `false`
 * and what to say about it. Only the first call counts.
 */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/**
 * The application's say in who may sign in, and as whom.
 *
 * It returns the user, or a promise of it, or calls `done`; the first of these counts. `false` and `null` refuse; to
 * return `undefined` says nothing. Of one that declares `done` no value counts that it returns, save that of an async
 * function: drivers of databases return all sorts of things.
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
 * That it declares no `done` says nothing: the wrapper of @nestjs/passport declares no parameters at all, and calls it.
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
    const declaresDone = verify.length > given.length;
    if (declaresDone && !(returned instanceof Promise)) return;
    Promise.resolve(returned).then((user) => {
      if (user !== undefined) resolve({ user });
    }, reject);
  });
}
