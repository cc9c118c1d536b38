import { concealer } from './concealer.js';
import { knownFields } from './known-fields.js';
import { LatchkeyError } from './latchkey-error.js';

/** A bearer token and the moment it ends. */
export interface Token {
  /** The bearer value. Not enumerable: printing, spreading and JSON leave it out. */
  readonly value: string;
  /** When it ends, in epoch milliseconds. Absent: not known. */
  readonly expiresAt?: number;
}

/**
 * Makes a token that does not show its value when printed.
 *
 * @throws LatchkeyError `invalid_input` for a value that cannot stand in an `Authorization` header.
 */
export function createToken(value: string, expiresAt?: number): Token {
  if (!isBearerValue(value))
    throw new LatchkeyError('invalid_input', { message: `The token ${bearerValueRule}.` });
  return concealed(knownFields({ expiresAt }), { value });
}

/**
 * Whether `value` can be sent as a bearer token: 1 to 16,384 visible ASCII characters. Wider than the `b64token` of
 * RFC 6750, section 2.1, since tokens with `|` or `:` are in use; without spaces and control characters, so that no
 * token can add a header of its own; and of a length that HTTP servers take in a header.
 */
export function isBearerValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,16384}$/.test(value);
}

/** What `isBearerValue` asks for, to be said after the name of the thing. */
export const bearerValueRule = 'must be 1 to 16384 visible ASCII characters';

const concealed = concealer('value');
