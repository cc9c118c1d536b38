import { LatchkeyError } from './latchkey-error.js';
import { checkedOrigin } from './origin.js';
import { bearerValueRule, createToken, isBearerValue } from './token.js';
import { checkGetTokenOptions, type TokenSource } from './token-source.js';
import type { Upstream } from './upstream.js';

/**
 * A source that always gives the same token: a personal access token, say, or the token of one sign-in.
 *
 * Once its token was refused it has no other to give, and says so with `token_rejected`.
 *
 * @param value the bearer token.
 * @param place what it is for: an origin, which is https, or http on loopback; or a provider, whose HTTP side typed
 *   clients then use.
 * @throws LatchkeyError `invalid_config` for a token that cannot be sent, or an origin that is none.
 */
export function staticTokenSource(
  value: string,
  place: string | { readonly origin: string; readonly upstream: Upstream },
): TokenSource {
  if (!isBearerValue(value))
    throw new LatchkeyError('invalid_config', { message: `The token ${bearerValueRule}.` });
  const token = createToken(value);
  return Object.freeze({
    ...(place instanceof Object
      ? { origin: checkedOrigin(place.origin), upstream: place.upstream }
      : { origin: checkedOrigin(place) }),

    async getToken(options) {
      const { signal, rejected } = options ?? {};
      checkGetTokenOptions({ signal, rejected });
      signal?.throwIfAborted();
      if (rejected?.value === value) throw new LatchkeyError('token_rejected');
      return token;
    },

    peek: () => token,
  } satisfies TokenSource);
}
