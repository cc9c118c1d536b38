import { headerValues, onlyText, type RequestHeaders } from './request-headers.js';

/**
 * The bearer value of the `Authorization` header (RFC 6750, section 2.1), whatever its shape; `undefined` where there is no
 * such header, several, or one of another scheme. The name of the scheme is taken in any case (RFC 9110, section 11.1).
 * Never throws.
 */
export function bearerToken(headers: RequestHeaders): string | undefined {
  return bearerIn(headerValues(headers, 'authorization'));
}

/** The bearer value among the values of an `Authorization` header. */
export function bearerIn(values: readonly unknown[]): string | undefined {
  return /^bearer +([\x21-\x7e]+) *$/i.exec(onlyText(values) ?? '')?.[1];
}
