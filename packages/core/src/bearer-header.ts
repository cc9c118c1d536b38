import { LatchkeyError } from './latchkey-error.js';
import { bearerValueRule, isBearerValue, type Token } from './token.js';

/**
 * Makes what writes the `Authorization` value of a token (RFC 6750, section 2.1). The last one is kept, since the same
 * token comes with one request after the other.
 *
 * It throws `internal_error` for a value that cannot be sent, of a source that is not ours: an HTTP client would put it
 * into its own error, in the clear.
 */
export function createBearerHeader(): (token: Token) => string {
  let last: Token | undefined;
  let header = '';
  return (token) => {
    if (token === last) return header;
    if (!isBearerValue(token.value)) {
      const message = `The token source gave a token that cannot be sent: it ${bearerValueRule}.`;
      throw new LatchkeyError('internal_error', { message });
    }
    last = token;
    header = `Bearer ${token.value}`;
    return header;
  };
}
