import { createGrant, type LatchkeyError } from '@latchkey/core';
import { virtualClock } from '@latchkey/core/testing';
import type { CryptlexBehaviour } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { emulated } from './emulated.js';

describe('a renewal', () => {
  it.each<[CryptlexBehaviour['refreshToken'], 'another' | 'the same']>([
    ['rotating', 'another'],
    ['kept', 'the same'],
    ['absent-on-renewal', 'the same'],
  ])('with refresh tokens that are %s gives %s refresh token, again and again', (refreshToken, expected) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ refreshToken });
      let grant = await provider.signIn(credentials);
      for (let times = 0; times < 3; times += 1) {
        emulator.requests.length = 0;
        emulator.revokeTokens();
        const renewed = await provider.renew(grant);
        expect(emulator.requests).toHaveLength(1);
        expect(emulator.requests[0]).toMatchObject({
          method: 'POST',
          path: '/v3/accounts/login-refresh-token',
          body: { refreshToken: grant.refreshToken },
        });
        expect(emulator.requests[0]?.headers).not.toHaveProperty('authorization');
        expect(renewed.refreshToken).toMatch(/^\S{10,}$/);
        expect(renewed.refreshToken === grant.refreshToken).toBe(expected === 'the same');
        expect(renewed.accessToken).not.toBe(grant.accessToken);
        expect(await provider.verify(renewed.accessToken)).toMatchObject({ email: credentials.email });
        grant = renewed;
      }
    }),
  );

  it('of a grant without a refresh token is token_rejected, and nothing is sent', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ refreshToken: 'none' });
      const grant = await provider.signIn(credentials);
      expect(grant).not.toHaveProperty('refreshToken');
      emulator.requests.length = 0;
      await expect(provider.renew(grant)).rejects.toMatchObject({
        code: 'token_rejected',
        provider: 'cryptlex',
      });
      expect(emulator.requests).toHaveLength(0);
    }));

  it.each<[string, Partial<CryptlexBehaviour>]>([
    ['400', {}],
    ['401', { refreshRefusedStatus: 401 }],
    ['404, as versions without the endpoint answer', { refreshToken: 'none' }],
  ])('with a refresh token that is used up is token_rejected: %s', (_, behaviour) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      await provider.renew(grant);
      emulator.set(behaviour);
      emulator.requests.length = 0;
      await expect(provider.renew(grant)).rejects.toMatchObject({ code: 'token_rejected', retryable: false });
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  it('with a refresh token that was revoked or has run out is token_rejected', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const [revoked, late] = [await provider.signIn(credentials), await provider.signIn(credentials)];
      emulator.set({ refreshToken: 'kept' });
      expect(await provider.renew(late)).toBeDefined();
      emulator.advance(30 * 86_400_000 + 1000);
      await expect(provider.renew(late)).rejects.toMatchObject({ code: 'token_rejected' });
      emulator.advance(-30 * 86_400_000 - 1000);
      expect(await provider.renew(revoked)).toBeDefined();
      emulator.revokeRefreshTokens();
      await expect(provider.renew(revoked)).rejects.toMatchObject({ code: 'token_rejected' });
    }));

  it.each([
    ['reset', 'upstream_unavailable', undefined],
    ['reset-mid-body', 'upstream_unavailable', undefined],
    ['bad-gateway', 'upstream_error', 502],
    ['unavailable', 'upstream_error', 503],
    ['gateway-timeout', 'upstream_error', 504],
    ['html-500', 'upstream_error', 500],
    ['rate-limited', 'rate_limited', 429],
    ['truncated-json', 'invalid_response', 200],
    ['wrong-shape', 'invalid_response', 200],
    ['token-crlf', 'invalid_response', 200],
  ] as const)('F5: that meets %s is %s, and is sent once', (fault, code, status) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.requests.length = 0;
      emulator.set({ fault });
      const error: unknown = await provider.renew(grant).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, provider: 'cryptlex' });
      expect((error as LatchkeyError).status).toBe(status);
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  it('that failed before the refresh token was used may be tried again', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.next('unavailable');
      await expect(provider.renew(grant)).rejects.toMatchObject({ retryable: true });
      expect(await provider.renew(grant)).toBeDefined();
    }));

  it('carries the account over, and makes none up', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { refreshToken, ...signedIn } = await provider.signIn(credentials);
      expect(signedIn).not.toHaveProperty('account');
      const account = { id: '7', email: 'seven@example.com' };
      const known = createGrant({ ...signedIn, accessToken: 'old', refreshToken, account });
      const renewed = await provider.renew(known);
      expect(renewed.account).toEqual(account);
      emulator.requests.length = 0;
      expect(await provider.account(renewed)).toEqual(account);
      expect(emulator.requests).toHaveLength(0);
      const { account: none } = await provider.renew({ ...signedIn, ...tokensOf(renewed) });
      expect(none).toBeUndefined();
    }));

  it('counts from before it was sent', async () => {
    const clock = virtualClock();
    await emulated(
      async ({ emulator, provider, credentials }) => {
        const grant = await provider.signIn(credentials);
        await clock.advance(60_000);
        const before = clock.now();
        emulator.next({ kind: 'slow-headers', delayMs: 20 });
        const renewing = provider.renew(grant);
        await clock.advance(4000);
        expect((await renewing).issuedAt).toBe(before);
      },
      { clock },
    );
  });

  it('ends with the reason of its signal', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.requests.length = 0;
      const reason = new Error('no longer wanted');
      await expect(provider.renew(grant, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(emulator.requests).toHaveLength(0);
    }));
});

function tokensOf({ accessToken, refreshToken }: { accessToken: string; refreshToken?: string }) {
  return { accessToken, ...(refreshToken !== undefined && { refreshToken }) };
}

describe('the end of a token', () => {
  const seconds = (at: number | undefined) => Math.floor((at ?? Number.NaN) / 1000);

  it('is the exp of a JWT', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ accessTokenSeconds: 900 });
      const before = Date.now();
      const grant = await provider.signIn(credentials);
      const renewed = await provider.renew(grant);
      const after = Date.now();
      for (const { expiresAt } of [grant, renewed]) {
        expect(seconds(expiresAt)).toBeGreaterThanOrEqual(seconds(before) + 900);
        expect(seconds(expiresAt)).toBeLessThanOrEqual(seconds(after) + 900);
      }
    }));

  it.each<[string, Partial<CryptlexBehaviour>]>([
    ['has no exp', { noExp: true }],
    ['is opaque', { opaqueTokens: true }],
  ])('is not known where the token %s, and the token works', (_, behaviour) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set(behaviour);
      const grant = await provider.signIn(credentials);
      expect(grant).not.toHaveProperty('expiresAt');
      expect(await provider.renew(grant)).not.toHaveProperty('expiresAt');
      expect(await provider.account(await provider.signIn(credentials))).toMatchObject({
        email: credentials.email,
      });
    }),
  );

  const encoded = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    ['with a payload that is no JSON', `a.${encoded('{"exp":')}.c`],
    ['with a payload that is no base64', 'a.!!!!.c'],
    ['with a payload of null', `a.${encoded('null')}.c`],
    ['with an exp as text', `a.${encoded('{"exp":"1e3"}')}.c`],
    ['of five parts', 'a.b.c.d.e'],
  ])('is not known of a token %s', (_, accessToken) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 200, body: { accessToken } } });
      const grant = await provider.signIn(credentials);
      expect(grant.accessToken).toBe(accessToken);
      expect(grant).not.toHaveProperty('expiresAt');
    }),
  );

  it('is not known where it has passed already: a wrong clock somewhere, not a token that is dead on arrival', async () => {
    const clock = virtualClock();
    await emulated(
      async ({ emulator, provider, credentials }) => {
        const exp = (clock.now() - 1000) / 1000;
        const accessToken = `a.${encoded(JSON.stringify({ exp }))}.c`;
        emulator.set({ loginAnswer: { status: 200, body: { accessToken } } });
        expect(await provider.signIn(credentials)).not.toHaveProperty('expiresAt');
      },
      { clock },
    );
  });
});
