/**
 * Where sessions and shared tokens are kept: in memory (`memoryStore`), or in a database that several processes share.
 *
 * Keys have the form `kind:name`, the kind telling what is kept. Values are text, in the clear: a store whose values
 * leave the process seals them. Times are in milliseconds, above 0.
 *
 * Every method rejects with `LatchkeyError` `store_error` when the store cannot do its work, and `closed` after `close()`.
 * `storeContract` of `@latchkey/core/testing` is what each store must do, as tests.
 */
export interface Store {
  /** The value, or `undefined` when there is none or it has expired. */
  get(key: string): Promise<string | undefined>;
  /** The values of several keys, in their order. Absent: they are asked for one by one. */
  getMany?(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** Keeps `value` for `ttlMs`, in place of what was there. */
  set(key: string, value: string, options: { readonly ttlMs: number }): Promise<void>;
  /** Forgets the value; none is fine, too. */
  delete(key: string): Promise<void>;
  /**
   * Keeps `value` for `ttlMs` if the value there is `expected`, `undefined` standing for none; all in one step.
   *
   * @returns whether it did.
   */
  replace(
    key: string,
    expected: string | undefined,
    value: string,
    options: { readonly ttlMs: number },
  ): Promise<boolean>;
  /**
   * Counts `cost` (default 1) against a limit over a sliding window, so that no span of `perMs` holds more than `limit`;
   * all in one step. Limit and cost are whole numbers. What is over the limit is not counted. A negative cost gives back what was
   * taken last.
   *
   * @returns whether it was taken, and else how long to wait until it could be.
   */
  take(
    key: string,
    options: { readonly limit: number; readonly perMs: number; readonly cost?: number },
  ): Promise<{ readonly taken: boolean; readonly retryAfterMs: number }>;
  /** Takes the lease of `key` for `ttlMs`; `undefined` when somebody else holds it. */
  lease(key: string, options: { readonly ttlMs: number }): Promise<Lease | undefined>;
  /** Lets go of what the store itself opened. */
  close?(): Promise<void>;
}

/** The right, for a while, to be the only one to do something. */
export interface Lease {
  /** Holds it for `ttlMs` from now. @returns whether it was still held. */
  extend(ttlMs: number): Promise<boolean>;
  /** Gives it back. Does nothing when it has run out or is another's by now. */
  release(): Promise<void>;
}
