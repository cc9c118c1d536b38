// @ts-expect-error -- the package has no types, and nobody else's must be needed to compile against ours
import untyped from 'passport-strategy';

/**
 * What Passport puts on a strategy for one request. A strategy of this package calls exactly one of `success`, `fail` and
 * `error` for each, and never the other two.
 */
export interface PassportActions {
  success(user: unknown, info?: unknown): void;
  fail(challenge?: unknown, status?: number): void;
  error(error: unknown): void;
  redirect(url: string, status?: number): void;
  pass(): void;
}

/**
 * The base class of all strategies, https://www.npmjs.com/package/passport-strategy, in types of our own: those of
 * `@types/passport` fit them, and need not be installed.
 */
export const PassportBase = untyped as unknown as PassportBaseClass;

/** Its type. */
export type PassportBaseClass = new () => PassportActions;
