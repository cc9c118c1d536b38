import { isMoment } from '@latchkey/core/wire';

/**
 * The moment that a token says it ends, in epoch milliseconds: the `exp` of a JWT (RFC 7519, section 4.1.4). `undefined` for a
 * token that does not say, or is no JWT. A hint only: nothing is verified, and nothing else is taken from it.
 */
export function jwtExpiry(token: string): number | undefined {
  const [, payload = '', signature] = token.split('.');
  if (signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined;
    const { exp } = claims;
    return typeof exp === 'number' && exp > 0 && isMoment(exp * 1000) ? Math.round(exp * 1000) : undefined;
  } catch {
    return undefined;
  }
}
