import { createHmac } from 'node:crypto';

/** A JSON Web Token of these claims, signed with HMAC SHA-256 (RFC 7519, RFC 7515). */
export function jsonWebToken(claims: Readonly<Record<string, unknown>>, secret: Buffer): string {
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
