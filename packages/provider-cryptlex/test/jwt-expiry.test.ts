import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jwtExpiry } from '../src/jwt-expiry.js';

const encoded = (text: string) => Buffer.from(text).toString('base64url');
const tokenWith = (payload: string) => `${encoded('{"alg":"HS256"}')}.${encoded(payload)}.c2lnbmF0dXJl`;

describe('the expiry of a token', () => {
  it.each<[string, number]>([
    ['{"exp":1791188142}', 1_791_188_142_000],
    ['{"exp":1791188142.5}', 1_791_188_142_500],
    ['{"exp":1791188142.00049}', 1_791_188_142_000],
    ['{"exp":1}', 1000],
    ['{"exp":8640000000000}', 8.64e15],
    ['{"sub":"ü","exp":1791188142,"nbf":5}', 1_791_188_142_000],
  ])('is read from %s', (payload, expected) => {
    expect(jwtExpiry(tokenWith(payload))).toBe(expected);
  });

  it.each([
    '{}',
    '{"exp":"1791188142"}',
    '{"exp":null}',
    '{"exp":true}',
    '{"exp":[1791188142]}',
    '{"exp":0}',
    '{"exp":-5}',
    '{"exp":1e400}',
    '{"exp":8640000000001}',
    '{"iat":1791188142}',
    '{"__proto__":{"exp":1791188142}}',
    'null',
    '[]',
    '"exp"',
    '5',
    '',
    '{"exp":1791188142',
    'not JSON',
  ])('is not known from %j', (payload) => {
    expect(jwtExpiry(tokenWith(payload))).toBeUndefined();
  });

  it.each([
    '',
    'opaque',
    '..',
    '...',
    `.${encoded('{"exp":"x"}')}.`,
    `header.${encoded('{"exp":1791188142}')}`,
    'eyJhbGciOiJIUzI1NiIsInR...',
    'a.%%%.c',
  ])('is not known of %j', (token) => {
    expect(jwtExpiry(token)).toBeUndefined();
  });

  it('is a moment or nothing, whatever the token', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map(tokenWith),
          fc
            .dictionary(fc.constantFrom('exp', '__proto__'), fc.jsonValue())
            .map((claims) => tokenWith(JSON.stringify(claims))),
        ),
        (token) => {
          const at = jwtExpiry(token);
          if (at !== undefined) expect(new Date(at).getTime()).toBe(at);
        },
      ),
    ));
});
