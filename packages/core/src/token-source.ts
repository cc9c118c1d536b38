import type { Token } from './token.js';
import type { Upstream } from './upstream.js';

/** What a caller of `getToken` can say. */
export interface GetTokenOptions {
  /** Ends this caller's waiting; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The token that was refused. The answer is another one, or an error; never the same again. */
  readonly rejected?: Token | undefined;
}

/** Anything that can give a token: the one interface of the core. Keeping, sharing and signing are wrappers of it. */
export interface TokenSource {
  /** The only origin its tokens are for, such as `https://api.example.com`. */
  readonly origin: string;
  /** The provider's own HTTP side. Typed clients use it; without one they make theirs for `origin`. */
  readonly upstream?: Upstream;
  /**
   * Gives a token that is good as far as is known.
   *
   * @throws LatchkeyError `token_rejected` when `rejected` was its last token and there is no other to be had.
   */
  getToken(options?: GetTokenOptions): Promise<Token>;
}

/** Something that holds a token source, such as a session. */
export interface TokenSourceHolder {
  readonly source: TokenSource;
}

/** The token source itself, or the one that a session holds. */
export function tokenSourceOf(given: TokenSource | TokenSourceHolder): TokenSource {
  return 'source' in given ? given.source : given;
}
