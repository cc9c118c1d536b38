import { isLatchkeyError, type LatchkeyError } from '@latchkey/core';
import { virtualClock } from '@latchkey/core/testing';
import type { LoginAnswer } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import type { CryptlexCredentials } from '../src/index.js';
import { emulated, type Emulated } from './emulated.js';

const startAt = Date.UTC(2026, 0, 1);

describe('a sign-in', () => {
  it('costs one request, and one more for the account', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      expect(emulator.requests.map(({ method, path }) => [method, path])).toEqual([
        ['POST', '/v3/accounts/login'],
      ]);
      await provider.account(grant);
      expect(emulator.requests.map(({ method, path }) => [method, path])).toEqual([
        ['POST', '/v3/accounts/login'],
        ['GET', '/v3/me'],
      ]);
    }));

  it('carries the alias and the two credentials, and no token', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      await provider.signIn(credentials);
      const [request] = emulator.requests;
      expect(request?.body).toEqual({ accountAlias: 'example', ...credentials });
      expect(request?.headers).toMatchObject({ 'content-type': 'application/json' });
      expect(request?.headers).not.toHaveProperty('authorization');
    }));

  it('carries the id where that is what was given, and no alias', () =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        await provider.signIn(credentials);
        expect(emulator.requests[0]?.body).toEqual({ accountId: emulator.accountId, ...credentials });
      },
      { accountId: '00000000-0000-4000-8000-000000000001' },
    ));

  it('does not carry what is no credential', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const more = { ...credentials, accountAlias: 'theirs', accountId: 'theirs', role: 'admin' };
      await provider.signIn(more);
      expect(emulator.requests[0]?.body).toEqual({ accountAlias: 'example', ...credentials });
    }));

  it.each<[string, object]>([
    ['7 characters of password', { password: '1234567' }],
    ['257 characters of password', { password: 'x'.repeat(257) }],
    ['257 characters of address', { email: `${'x'.repeat(245)}@example.com` }],
    ['an address that is none', { email: 'demo' }],
    ['five characters of code', { twoFactorCode: '12345' }],
    ['seven characters of code', { twoFactorCode: '1234567' }],
    ['a number for the code', { twoFactorCode: 123456 }],
    ['a list for the recovery code', { twoFactorRecoveryCode: ['x'] }],
    ['257 characters of recovery code', { twoFactorRecoveryCode: 'x'.repeat(257) }],
    ['F4: NUL in the code', { twoFactorCode: '12345\0' }],
    ['F4: a lone surrogate in the recovery code', { twoFactorRecoveryCode: 'x\ud800' }],
    ['code and recovery code together', { twoFactorCode: '123456', twoFactorRecoveryCode: 'x' }],
  ])('is refused before anything is sent with %s', (_, bad) =>
    emulated(async ({ emulator, provider, credentials }) => {
      await expect(provider.signIn({ ...credentials, ...bad })).rejects.toMatchObject({
        code: 'invalid_input',
        provider: 'cryptlex',
      });
      expect(emulator.requests).toHaveLength(0);
    }),
  );
});

describe('the second factor', () => {
  const factor = 'factor@example.com';
  const signIn = ({ provider, credentialsOf }: Emulated, more: Partial<CryptlexCredentials>) =>
    provider.signIn({ ...credentialsOf(factor), ...more });

  it.each<[string, Partial<CryptlexCredentials>, object]>([
    ['a code', { twoFactorCode: '123456' }, { twoFactorCode: '123456' }],
    ['a code with spaces', { twoFactorCode: ' 123 456\u00a0' }, { twoFactorCode: '123456' }],
    [
      'a code and an empty recovery code',
      { twoFactorCode: '123456', twoFactorRecoveryCode: '' },
      { twoFactorCode: '123456' },
    ],
    [
      'a recovery code',
      { twoFactorRecoveryCode: 'sample-recovery-code' },
      { twoFactorRecoveryCode: 'sample-recovery-code' },
    ],
    [
      'a recovery code with spaces around, and an empty code',
      { twoFactorCode: ' ', twoFactorRecoveryCode: ' sample-recovery-code\n' },
      { twoFactorRecoveryCode: 'sample-recovery-code' },
    ],
  ])('is accepted as %s', (_, given, sent) =>
    emulated(async (all) => {
      expect(await signIn(all, given)).toMatchObject({ provider: 'cryptlex' });
      expect(all.emulator.requests[0]?.body).toEqual({
        accountAlias: 'example',
        ...all.credentialsOf(factor),
        ...sent,
      });
    }),
  );

  it.each<[string, Partial<CryptlexCredentials>, LatchkeyError['code'], string]>([
    ['nothing', {}, 'second_factor_required', 'TWO_FACTOR_CODE_MISSING'],
    ['an empty code', { twoFactorCode: '' }, 'second_factor_required', 'TWO_FACTOR_CODE_MISSING'],
    [
      'two empty codes',
      { twoFactorCode: '  ', twoFactorRecoveryCode: '' },
      'second_factor_required',
      'TWO_FACTOR_CODE_MISSING',
    ],
    ['a wrong code', { twoFactorCode: '654321' }, 'second_factor_invalid', 'TWO_FACTOR_CODE_INVALID'],
    [
      'a wrong recovery code',
      { twoFactorRecoveryCode: 'x' },
      'second_factor_invalid',
      'TWO_FACTOR_CODE_INVALID',
    ],
  ])('is asked for with %s', (_, given, code, upstreamCode) =>
    emulated(async (all) => {
      await expect(signIn(all, given)).rejects.toMatchObject({
        code,
        upstreamCode,
        status: 400,
        retryable: false,
      });
      expect(all.emulator.requests).toHaveLength(1);
    }),
  );

  it('may be one that only some day every account has', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      expect(await provider.signIn(credentials)).toBeDefined();
      emulator.set({ secondFactor: true });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({ code: 'second_factor_required' });
      expect(await provider.signIn({ ...credentials, twoFactorCode: '123456' })).toBeDefined();
    }));

  it('by recovery code works once', () =>
    emulated(async (all) => {
      const twoFactorRecoveryCode = 'sample-recovery-code';
      await signIn(all, { twoFactorRecoveryCode });
      await expect(signIn(all, { twoFactorRecoveryCode })).rejects.toMatchObject({
        code: 'second_factor_invalid',
      });
    }));
});

describe('the lock', () => {
  it.each([400, 409] as const)('comes after five failures, and goes after five minutes: %i', (lockStatus) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ lockStatus });
      for (let failures = 0; failures < 5; failures += 1) {
        await expect(provider.signIn({ ...credentials, password: 'wrong-password' })).rejects.toMatchObject({
          code: 'invalid_credentials',
        });
      }
      const locked = { code: 'account_locked', status: lockStatus, retryAfterMs: 300_000, retryable: false };
      await expect(provider.signIn(credentials)).rejects.toMatchObject(locked);
      emulator.advance(290_000);
      await expect(provider.signIn(credentials)).rejects.toMatchObject(locked);
      expect(emulator.requests).toHaveLength(7);
      emulator.advance(10_000);
      expect(await provider.signIn(credentials)).toMatchObject({ provider: 'cryptlex' });
    }),
  );

  it('looks the same for an address that nobody has', () =>
    emulated(async ({ provider, credentials }) => {
      const refusals = async (email: string) => {
        const seen: unknown[] = [];
        for (let tries = 0; tries < 6; tries += 1) {
          const error: unknown = await provider
            .signIn({ email, password: 'wrong-password' })
            .catch((thrown: unknown) => thrown);
          if (!isLatchkeyError(error)) throw new Error('was not refused');
          seen.push([error.code, error.message, error.status, error.upstreamCode, error.retryAfterMs]);
        }
        return seen;
      };
      expect(await refusals('nobody@example.com')).toEqual(await refusals(credentials.email));
    }));

  it.each<[string, LoginAnswer, number]>([
    ['five minutes unless it says otherwise', { status: 409 }, 300_000],
    ['what Retry-After says, in seconds', { status: 409, headers: { 'retry-after': '120' } }, 120_000],
    [
      'what Retry-After says, as a date',
      {
        status: 400,
        body: { code: 'USER_LOCKED' },
        headers: {
          date: new Date(startAt).toUTCString(),
          'retry-after': new Date(startAt + 60_000).toUTCString(),
        },
      },
      60_000,
    ],
  ])('lasts for %s', (_, loginAnswer, retryAfterMs) =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set({ loginAnswer });
        await expect(provider.signIn(credentials)).rejects.toMatchObject({
          code: 'account_locked',
          retryAfterMs,
        });
      },
      { clock: virtualClock({ startAt }) },
    ),
  );
});
