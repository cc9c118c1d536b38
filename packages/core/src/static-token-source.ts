import { LatchkeyError } from './latchkey-error.js';
import { checkedOrigin } from './origin.js';
import { bearerValueRule, createToken, isBearerValue } from './token.js';
import type { TokenSource } from './token-source.js';

/**
 * A source that always gives the same token: a personal access token, say, or the token of one sign-in.
 *
 * Once its token was refused it has no other to give, and says so with `token_rejected`.
 *
 * @param value the bearer token.
 * @param origin the only origin it is for; https, or http on loopback.
 * @throws LatchkeyError `invalid_config` for a token that cannot be sent, or an origin that is none.
 */
export function staticTokenSource(value: string, origin: string): TokenSource {
  if (!isBearerValue(value))
    throw new LatchkeyError('invalid_config', { message: `The token ${bearerValueRule}.` });
  const token = createToken(value);
  return Object.freeze({
    origin: checkedOrigin(origin),
    async getToken({ signal, rejected } = {}) {
      signal?.throwIfAborted();
      if (rejected?.value === value) throw new LatchkeyError('token_rejected');
      return token;
    },
  } satisfies TokenSource);
}
