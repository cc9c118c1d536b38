import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createGrant, createToken } from '../src/index.js';
import { grantToken, refreshTokenOf } from '../src/grant-token.js';

const grant = createGrant({
  provider: 'acme',
  accessToken: 'hidden-access',
  refreshToken: 'hidden-refresh',
  issuedAt: 1,
  expiresAt: 2,
  account: { email: 'anna@example.com' },
});

describe('a grant token', () => {
  it('has the value and the end of the grant, and the grant itself', () => {
    const token = grantToken(grant);
    expect(token.value).toBe('hidden-access');
    expect(token.expiresAt).toBe(2);
    expect(token.grant).toBe(grant);
    expect(refreshTokenOf(token)).toBe('hidden-refresh');
  });

  it('has no end where that is not known', () => {
    const token = grantToken(createGrant({ provider: 'acme', accessToken: 'a', issuedAt: 1 }));
    expect('expiresAt' in token).toBe(false);
    expect(refreshTokenOf(token)).toBeUndefined();
  });

  it('F3: shows neither token, nor the account, however it is printed or copied', () => {
    const token = grantToken(grant);
    const shown = [
      inspect(token, { showHidden: true, getters: true, depth: Infinity }),
      JSON.stringify(token),
      JSON.stringify({ ...token }),
      JSON.stringify(Object.assign({}, token)),
      token as unknown as string,
    ].join('\n');
    expect(shown).not.toMatch(/hidden|anna/);
    expect(Object.isFrozen(token)).toBe(true);
  });

  it('a token of another kind has no refresh token', () => {
    expect(refreshTokenOf(createToken('a'))).toBeUndefined();
    expect(refreshTokenOf(undefined)).toBeUndefined();
  });
});
