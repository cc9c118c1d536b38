/**
 * The moment that a token says it ends: the `exp` of a JWT (RFC 7519, section 4.1.4), in epoch milliseconds. Nothing has
 * verified it, so that it may shorten only.
 */
export function statedEnd(token: string): number {
  const [, payload = '', signature] = token.split('.');
  if (signature === undefined) return Infinity;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const exp = claims instanceof Object && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
