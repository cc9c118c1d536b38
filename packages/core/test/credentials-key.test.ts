import { createHash, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialsKey } from '../src/credentials-key.js';
import { isLatchkeyError } from '../src/index.js';
import { likeIdentities, isSameIdentity, type Identity } from './identities.js';
import { seeded } from './seeded.js';

const keyOf = ({ name, audience, oneTime, credentials }: Identity) =>
  credentialsKey({ name, audience, oneTime }, credentials);

const acme: Identity = {
  name: 'acme',
  audience: 'https://api.example.com',
  oneTime: ['code'],
  credentials: { email: 'anna@example.com', password: 'correct horse' },
};
const withCredentials = (credentials: object): Identity => ({ ...acme, credentials });

describe('the key of credentials', () => {
  it('is 43 characters of base64url, in which no credential can be read', () => {
    const key = keyOf(acme);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(key).toBe(keyOf({ ...acme, credentials: { ...acme.credentials } }));
    expect(key).not.toBe(createHash('sha256').update('correct horse').digest('base64url'));
  });

  it('T7: stays the same from one release to the next, since stores outlive them', () => {
    const text = JSON.stringify([1, acme.name, acme.audience, acme.credentials]);
    expect(keyOf(acme)).toBe(createHash('sha256').update(text).digest('base64url'));
  });

  it.each<[string, object]>([
    ['their fields in another order', { password: 'correct horse', email: 'anna@example.com' }],
    ['a code that works once', { ...acme.credentials, code: '123456' }],
    ['a field that is undefined', { ...acme.credentials, tenant: undefined }],
  ])('T7: is the same with %s', (_what, credentials) => {
    expect(keyOf(withCredentials(credentials))).toBe(keyOf(acme));
  });

  it.each<[string, Identity]>([
    ['provider', { ...acme, name: 'acme-2' }],
    ['audience', { ...acme, audience: 'https://api.example.com/other' }],
    ['user', withCredentials({ ...acme.credentials, email: 'ann@example.com' })],
    ['password', withCredentials({ ...acme.credentials, password: 'Correct horse' })],
    ['password, composed otherwise', withCredentials({ ...acme.credentials, password: 'e\u0301' })],
    ['fields', withCredentials({ ...acme.credentials, tenant: 'a' })],
    ['type of a field', withCredentials({ ...acme.credentials, password: ['correct horse'] })],
    ['parameter that is null', withCredentials({ ...acme.credentials, tenant: null })],
    ['parameter that is the text null', withCredentials({ ...acme.credentials, tenant: 'null' })],
    [
      'parameter __proto__',
      withCredentials(
        JSON.parse('{"email":"anna@example.com","password":"correct horse","__proto__":{"a":1}}') as object,
      ),
    ],
    ['code inside a parameter', withCredentials({ ...acme.credentials, inner: { code: '1' } })],
    ['other code inside a parameter', withCredentials({ ...acme.credentials, inner: { code: '2' } })],
  ])('T7: is another with another %s', (_what, other) => {
    const known = new Set([keyOf(acme), keyOf(withCredentials({ ...acme.credentials, password: 'é' }))]);
    expect(known).not.toContain(keyOf(other));
  });

  it('T7: does not take what is at the end of one part for the beginning of the next', () => {
    const parts = [
      { name: 'a', audience: 'bc' },
      { name: 'ab', audience: 'c' },
      { name: 'a","b', audience: 'c' },
      { name: 'a', audience: 'b","c' },
    ];
    expect(new Set(parts.map((part) => keyOf({ ...acme, ...part }))).size).toBe(parts.length);
  });

  it.each<[string, unknown, unknown]>([
    ['lone surrogates', '\ud800', '\ud801'],
    ['a lone surrogate and what replaces it', '\ud800', '\ufffd'],
    ['lists', ['a', 'b'], ['a,b']],
    ['lists in another order', ['a', 'b'], ['b', 'a']],
    ['a list and an object', ['a'], { 0: 'a' }],
    ['nesting', { a: { b: {} } }, { a: {}, b: {} }],
    ['numbers and texts', 1, '1'],
    ['true and its text', true, 'true'],
  ])('T7: tells %s apart', (_what, one, other) => {
    expect(keyOf(withCredentials({ secret: one }))).not.toBe(keyOf(withCredentials({ secret: other })));
  });

  // Either way nobody is given the token of another. What is refused is refused with an error of ours.
  it.each<[string, unknown, unknown]>([
    ['NaN and null', NaN, null],
    ['Infinity and null', Infinity, null],
    ['big numbers', 1n, 2n],
    ['maps', new Map([['user', 'anna']]), new Map([['user', 'bert']])],
    ['sets', new Set(['anna']), new Set(['bert'])],
    ['keys', createSecretKey(Buffer.from('anna')), createSecretKey(Buffer.from('bert'))],
    ['functions', () => 'anna', () => 'bert'],
    ['symbols', Symbol('anna'), Symbol('bert')],
    ['errors', new Error('anna'), new Error('bert')],
    ['expressions', /anna/, /bert/],
  ])('T7: tells %s apart, or refuses them', (_what, one, other) => {
    expect(keyOrRefusal(one)).not.toBe(keyOrRefusal(other));
  });

  it('T7: two are equal if, and only if, everything but what works once is', () => {
    let equal = 0;
    fc.assert(
      fc.property(likeIdentities(), ([one, other]) => {
        const isSame = isSameIdentity(one, other);
        equal += Number(isSame);
        expect(keyOf(one) === keyOf(other)).toBe(isSame);
      }),
      seeded('the key of credentials', 3_000),
    );
    // Else the property would say little.
    expect(equal).toBeGreaterThan(300);
    expect(equal).toBeLessThan(2_700);
  });
});

/** The key, or something that nothing equals where such a secret is refused. */
function keyOrRefusal(secret: unknown): unknown {
  try {
    return keyOf(withCredentials({ secret }));
  } catch (error) {
    expect(isLatchkeyError(error)).toBe(true);
    return error;
  }
}
