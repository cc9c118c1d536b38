import type { Token } from '../token.js';
import { tokenFrom, type TokenSource } from '../token-source.js';
import type { CallController } from './call-controller.js';
import type { SignedRequest } from './signed-request.js';

/** The token at hand, if the source has one. */
export function peekedToken(source: TokenSource): Token | undefined {
  try {
    return source.peek?.();
  } catch {
    return undefined; // It is asked again, in a way that can tell the caller.
  }
}

/** Tells the source that the provider took the token of a request. */
export function tellAccepted({ signer, token }: SignedRequest): void {
  try {
    signer.source.accepted?.(token);
  } catch {
    // A hint; the caller's answer does not hang on it.
  }
}

/** A token of the source, for a caller that may leave at any time: it rejects with the reason then. */
export function awaitedToken(
  source: TokenSource,
  controller: CallController,
  rejected?: Token,
): Promise<Token> {
  // Of this call alone, and not the caller's own: a source may hold on to it for as long as its work lasts.
  const leaving = new AbortController();
  return new Promise((resolve, reject) => {
    controller.detach((reason) => {
      leaving.abort(reason);
      reject(reason);
    });
    tokenFrom(source, { signal: leaving.signal, ...(rejected && { rejected }) }).then(resolve, reject);
  });
}
