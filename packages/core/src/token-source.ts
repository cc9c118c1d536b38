import { LatchkeyError } from './latchkey-error.js';
import { hasMethods } from './option-schemas.js';
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
  /** Whose credentials it stands for, where that is known. Errors about its tokens carry it. */
  readonly actor?: 'user' | 'service';
  /**
   * Gives a token that is good as far as is known.
   *
   * @throws LatchkeyError `token_rejected` when `rejected` was its last token and there is no other to be had.
   */
  getToken(options?: GetTokenOptions): Promise<Token>;
  /** The token at hand, if it is good as far as is known. Never waits, and sends nothing. */
  peek?(): Token | undefined;
  /**
   * Told by whatever carries a token that the provider took it. A source learns from it that the token is in use, so
   * that it is renewed ahead of time, and that it is not one of those that are refused from the first.
   */
  accepted?(token: Token): void;
}

/** Something that holds a token source, such as a session. */
export interface TokenSourceHolder {
  readonly source: TokenSource;
}

/**
 * The token source itself, or the one that a session holds.
 *
 * @throws LatchkeyError `invalid_config` for anything else, such as a provider: that has no token of its own.
 */
export function tokenSourceOf(given: TokenSource | TokenSourceHolder): TokenSource {
  const source = given instanceof Object && 'source' in given ? given.source : given;
  // Callers without types hand over providers and grants, too.
  if ((source as Partial<TokenSource> | undefined)?.getToken instanceof Function) return source;
  throw new LatchkeyError('invalid_config', {
    message:
      'This needs a token source, such as staticTokenSource(grant.accessToken, provider), or a session.',
  });
}

/** @throws LatchkeyError `invalid_input` for what callers without types hand over in place of options. */
export function checkGetTokenOptions({ signal, rejected }: GetTokenOptions): void {
  const isSignal = signal === undefined || hasMethods(signal, 'addEventListener', 'throwIfAborted');
  const isToken = rejected === undefined || typeof (rejected as Partial<Token> | null)?.value === 'string';
  if (isSignal && isToken) return;
  throw new LatchkeyError('invalid_input', {
    message: 'getToken() takes { signal, rejected }: an AbortSignal, and the token that was refused.',
  });
}

/**
 * As `source.getToken`, for sources of any kind.
 *
 * @throws LatchkeyError `internal_error` where the source gives something else than a token.
 */
export async function tokenFrom(
  source: TokenSource,
  options: GetTokenOptions,
  provider?: string,
): Promise<Token> {
  const token = await source.getToken(options);
  if (typeof (token as Partial<Token> | undefined)?.value === 'string') return token;
  throw new LatchkeyError('internal_error', {
    provider,
    message: `The token source for ${source.origin} gave no token.`,
    cause: new TypeError(`It gave ${typeof token}.`),
  });
}
