import type { Deadline } from './deadline.js';
import { isLatchkeyError, LatchkeyError, withActor } from './latchkey-error.js';
import { safeCause, textsIn } from './safe-cause.js';
import type { Token } from './token.js';
import { tokenFrom, type GetTokenOptions, type TokenSource } from './token-source.js';
import type { Upstream } from './upstream.js';

/**
 * What `call` gives with a token of `source`. When that token is refused, the source is asked for another once, and the
 * call made once more.
 */
export async function withTokenOf<T>(
  source: TokenSource,
  { name, origin }: Pick<Upstream, 'name' | 'origin'>,
  deadline: Deadline,
  call: (token: string) => Promise<T>,
): Promise<T> {
  const signal = deadline.signal();
  const token = await given({ signal });
  try {
    return await taken(token);
  } catch (error) {
    if (!isLatchkeyError(error, 'token_rejected')) throw error;
    const renewed = await given({ signal, rejected: token }).catch((failed: unknown) => {
      // A source with nothing else to give knows less of the refusal than the answer that told it.
      throw isLatchkeyError(failed, 'token_rejected') && failed.actor === undefined ? error : failed;
    });
    return await taken(renewed);
  }

  async function taken(token: Token): Promise<T> {
    try {
      const answer = await call(token.value);
      source.accepted?.(token);
      return answer;
    } catch (error) {
      const { actor } = source;
      throw actor && isLatchkeyError(error, 'token_rejected') ? withActor(error, actor) : error;
    }
  }

  /** A token of the source. Errors of a source that are not ours become `internal_error`. */
  async function given(options: GetTokenOptions): Promise<Token> {
    try {
      return await deadline.bound(tokenFrom(source, options, name));
    } catch (error) {
      deadline.throwIfEnded();
      if (isLatchkeyError(error)) throw error;
      throw new LatchkeyError('internal_error', {
        provider: name,
        message: `The token source for ${origin} failed.`,
        cause: safeCause(error, textsIn(options.rejected?.value)),
      });
    }
  }
}
