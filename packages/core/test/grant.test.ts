import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGrant, packGrant, unpackGrant, type GrantFields } from '../src/index.js';
import { shown, thrownBy } from './failures.js';

const fields = {
  provider: 'acme',
  accessToken: 'c4nary-access',
  refreshToken: 'c4nary-refresh',
  issuedAt: 5,
};

describe('createGrant', () => {
  it('F3: gives its tokens by name and shows neither', () => {
    const grant = createGrant({ ...fields, expiresAt: 9, account: { id: 1 } });
    expect([grant.accessToken, grant.refreshToken]).toEqual(['c4nary-access', 'c4nary-refresh']);
    expect({ ...grant }).toEqual({ provider: 'acme', issuedAt: 5, expiresAt: 9, account: { id: 1 } });
    expect(shown(grant)).not.toContain('c4nary');
    expect(shown({ inside: [grant] })).not.toContain('c4nary');
    expect(Object.isFrozen(grant)).toBe(true);
  });

  it('has no field for what is not known', () => {
    const grant = createGrant({
      ...fields,
      refreshToken: undefined,
      expiresAt: undefined,
      account: undefined,
    });
    expect(['refreshToken', 'expiresAt', 'account'].filter((name) => name in grant)).toEqual([]);
  });

  it.each<[string, Partial<Record<keyof GrantFields, unknown>>, RegExp]>([
    ['CR/LF in the access token', { accessToken: 'c4nary\r\nX: 1' }, /access token/],
    ['an access token of 200 KB', { accessToken: 'c4nary'.repeat(40_000) }, /access token/],
    ['no access token', { accessToken: undefined }, /access token/],
    ['an empty refresh token', { refreshToken: '' }, /refresh token/],
    ['a refresh token of 200 KB', { refreshToken: 'c4nary'.repeat(40_000) }, /refresh token/],
    ['a refresh token that is no text', { refreshToken: { c4nary: 1 } }, /refresh token/],
    ['no moment of issue', { issuedAt: undefined }, /issuedAt/],
    ['a moment of issue that is none', { issuedAt: NaN }, /issuedAt/],
    ['an expiry that is none', { expiresAt: Infinity }, /expiresAt/],
    ['an expiry that is text', { expiresAt: '2026-01-01' }, /expiresAt/],
  ])('F3: %s is an invalid_response that does not repeat it', (_, bad, said) => {
    const error = thrownBy(() => createGrant({ ...fields, ...bad } as GrantFields));
    expect(error).toMatchObject({ code: 'invalid_response', provider: 'acme' });
    expect(error.message).toMatch(said);
    expect(shown(error)).not.toContain('c4nary');
  });

  it('tells every problem in one message', () => {
    const { message } = thrownBy(() =>
      createGrant({ ...fields, accessToken: '', refreshToken: '', issuedAt: NaN }),
    );
    for (const part of ['access token', 'refresh token', 'issuedAt']) expect(message).toContain(part);
  });
});

describe('packGrant and unpackGrant', () => {
  const grants = fc.record(
    {
      provider: fc.string(),
      accessToken: fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
      issuedAt: fc.integer(),
      refreshToken: fc.string({ minLength: 1 }),
      expiresAt: fc.integer(),
      account: fc.jsonValue(),
    },
    { requiredKeys: ['provider', 'accessToken', 'issuedAt'] },
  );

  it('a grant comes back whole through JSON', () => {
    fc.assert(
      fc.property(grants, (given) => {
        // What JSON cannot tell apart is not told apart here either.
        const grant = createGrant(JSON.parse(JSON.stringify(given)) as GrantFields);
        const back = unpackGrant(JSON.parse(JSON.stringify(packGrant(grant))));
        expect(packGrant(back!)).toEqual(packGrant(grant));
      }),
    );
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'grant'],
    ['another version', { ...packGrant(createGrant(fields)), version: 2 }],
    ['no version', fields],
    ['no provider', { ...packGrant(createGrant(fields)), provider: undefined }],
    ['a token with CR/LF', { ...packGrant(createGrant(fields)), accessToken: 'a\r\nb' }],
    ['a moment as text', { ...packGrant(createGrant(fields)), issuedAt: '5' }],
  ])('%s is a miss', (_, packed) => {
    expect(unpackGrant(packed)).toBeUndefined();
  });

  it('anything at all is a grant or a miss', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (packed) => {
        expect(unpackGrant(packed)?.accessToken).toBeUndefined();
      }),
    );
  });
});
