import type { LatchkeyError, ErrorCode } from '@latchkey/core';
import { virtualClock } from '@latchkey/core/testing';
import type { LoginAnswer } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { callRefusal, loginRefusal, renewalRefusal } from '../src/cryptlex-refusal.js';
import { emulated } from './emulated.js';

const startAt = Date.UTC(2026, 0, 1);
const page = `<html><body>Invalid password? Two-factor required? Locked?</body></html>`.padEnd(400);

describe('the refusal of a login', () => {
  it.each<[number, unknown, ErrorCode, string?]>([
    // by code
    [400, { code: 'AUTHENTICATION_FAILED', message: 'No.' }, 'invalid_credentials', 'AUTHENTICATION_FAILED'],
    [400, { code: 'INVALID_CREDENTIALS', message: 'No.' }, 'invalid_credentials', 'INVALID_CREDENTIALS'],
    [409, { code: 'AUTHENTICATION_FAILED' }, 'invalid_credentials', 'AUTHENTICATION_FAILED'],
    [400, { code: 'TWO_FACTOR_CODE_MISSING' }, 'second_factor_required', 'TWO_FACTOR_CODE_MISSING'],
    [
      400,
      { code: 'TWO_FACTOR_AUTHENTICATION_REQUIRED' },
      'second_factor_required',
      'TWO_FACTOR_AUTHENTICATION_REQUIRED',
    ],
    [403, { code: 'TWOFACTOR_REQUIRED' }, 'second_factor_required', 'TWOFACTOR_REQUIRED'],
    [400, { code: 'TWO_FACTOR_CODE_INVALID' }, 'second_factor_invalid', 'TWO_FACTOR_CODE_INVALID'],
    [400, { code: 'INVALID_TWO_FACTOR_CODE' }, 'second_factor_invalid', 'INVALID_TWO_FACTOR_CODE'],
    [
      400,
      { code: 'ACCOUNT_LOCKED', message: 'The account is not open.' },
      'account_locked',
      'ACCOUNT_LOCKED',
    ],
    [400, { code: 'USER_LOCKED_OUT' }, 'account_locked', 'USER_LOCKED_OUT'],
    [429, { code: 'ACCOUNT_LOCKED' }, 'account_locked', 'ACCOUNT_LOCKED'],
    [400, { code: 'LOCKED', errors: { email: ['x'] } }, 'account_locked', 'LOCKED'],
    [400, { code: 'USER_BLOCKED' }, 'invalid_credentials', 'USER_BLOCKED'],
    [400, { code: 'TWO_FACTOR_CODE_INCORRECT' }, 'second_factor_invalid', 'TWO_FACTOR_CODE_INCORRECT'],
    [400, { code: 'two-factor-code-required' }, 'second_factor_required', 'two-factor-code-required'],
    [400, { message: 'Invalid account alias or credentials' }, 'upstream_error'],
    [400, { message: 'Wrong accountId or password' }, 'upstream_error'],
    [429, { message: 'Too many invalid login attempts for this e-mail' }, 'rate_limited'],
    // by message, whatever the code says that nobody knows
    [400, { message: 'Authentication failed.' }, 'invalid_credentials'],
    [400, { code: 'E_17', message: 'Invalid email or password.' }, 'invalid_credentials', 'E_17'],
    [400, { message: 'The two-factor authentication code is missing.' }, 'second_factor_required'],
    [400, { message: 'Second factor required' }, 'second_factor_required'],
    [
      400,
      { code: 'TWO_FACTOR', message: 'The 2FA code is incorrect.' },
      'second_factor_invalid',
      'TWO_FACTOR',
    ],
    [400, { message: 'Your account is locked.' }, 'account_locked'],
    [400, { code: 'ACCOUNT', message: 'Locked for 5 minutes' }, 'account_locked', 'ACCOUNT'],
    [400, 'Two factor code is wrong', 'second_factor_invalid'],
    [400, 'Invalid credentials', 'invalid_credentials'],
    [403, 'Account locked', 'account_locked'],
    // the account that is not there must not look like a wrong password
    [400, { code: 'ACCOUNT_NOT_FOUND', message: 'Not found.' }, 'upstream_error', 'ACCOUNT_NOT_FOUND'],
    [400, { code: 'INVALID_ACCOUNT_ALIAS' }, 'upstream_error', 'INVALID_ACCOUNT_ALIAS'],
    [400, { code: 'ACCOUNTID_UNKNOWN' }, 'upstream_error', 'ACCOUNTID_UNKNOWN'],
    [400, { message: 'There is no account with this alias.' }, 'upstream_error'],
    [400, 'Invalid account id.', 'upstream_error'],
    [400, { code: 'ACCOUNT_UNLOCKED' }, 'upstream_error', 'ACCOUNT_UNLOCKED'],
    // by status
    [400, { code: 'VALIDATION', errors: { email: ['must be an address'] } }, 'invalid_input', 'VALIDATION'],
    [400, { errors: ['email'] }, 'invalid_input'],
    [400, { code: 'ACCOUNT_X', errors: { accountId: ['x'] } }, 'invalid_input', 'ACCOUNT_X'],
    [400, { errors: {} }, 'invalid_credentials'],
    [400, { errors: 'email' }, 'invalid_credentials'],
    [400, { errors: null }, 'invalid_credentials'],
    [400, { code: 'SOMETHING_NEW', message: 'Something new.' }, 'invalid_credentials', 'SOMETHING_NEW'],
    [400, { code: 'two words', message: 'x' }, 'invalid_credentials'],
    [400, { code: 17 }, 'invalid_credentials', '17'],
    [400, { code: { a: 1 }, message: ['x'] }, 'invalid_credentials'],
    [400, {}, 'invalid_credentials'],
    [400, [], 'invalid_credentials'],
    [400, undefined, 'invalid_credentials'],
    [400, 'Bad Request', 'invalid_credentials'],
    [400, '{"code":"ACCOUNT_LOCK', 'invalid_credentials'],
    [400, page, 'invalid_credentials'],
    [401, undefined, 'invalid_credentials'],
    [401, { code: 'UNAUTHORIZED' }, 'invalid_credentials', 'UNAUTHORIZED'],
    [403, undefined, 'account_disabled'],
    [403, page, 'account_disabled'],
    [409, undefined, 'account_locked'],
    [409, { code: 'CONFLICT', message: 'Conflict.' }, 'account_locked', 'CONFLICT'],
    [429, undefined, 'rate_limited'],
    [429, 'API calls quota exceeded! maximum admitted 50 per 5s.', 'rate_limited'],
    [429, { code: 'RATE_LIMITED' }, 'rate_limited', 'RATE_LIMITED'],
    [404, undefined, 'upstream_error'],
    [404, { code: 'NOT_FOUND' }, 'upstream_error', 'NOT_FOUND'],
    [418, {}, 'upstream_error'],
    [500, undefined, 'upstream_error'],
    [500, { message: 'Invalid password' }, 'upstream_error'],
    [500, 'Invalid password', 'upstream_error'],
    [502, page, 'upstream_error'],
    [503, { code: 'UNAVAILABLE', message: 'The database is locked.' }, 'upstream_error', 'UNAVAILABLE'],
    // no refusal at all
    [200, undefined, 'invalid_response'],
    [200, {}, 'invalid_response'],
    [200, [], 'invalid_response'],
    [200, { accessToken: '' }, 'invalid_response'],
    [200, { accessToken: 5 }, 'invalid_response'],
    [200, { accessToken: 'two words' }, 'invalid_response'],
    [200, { code: 'ACCOUNT_LOCKED' }, 'invalid_response'],
    [204, undefined, 'invalid_response'],
    [200, page, 'invalid_response'],
    [200, '{"accessToken":"t', 'invalid_response'],
  ])('%i with %j is %s', (status, body, code, upstreamCode) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status, body } });
      const error: unknown = await provider.signIn(credentials).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, status, provider: 'cryptlex' });
      expect((error as LatchkeyError).upstreamCode).toBe(upstreamCode);
      expect((error as LatchkeyError).retryable).toBe(status >= 500 || code === 'rate_limited');
      // A refused login is never repeated: five of them lock the account.
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  it.each(['alias', 'id'])('for a wrong %s is not that for a wrong password', (kind) =>
    emulated(
      async ({ provider, credentials }) => {
        const error: unknown = await provider.signIn(credentials).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          code: 'upstream_error',
          status: 400,
          upstreamCode: 'ACCOUNT_NOT_FOUND',
        });
        expect(error).toMatchObject({ retryable: false });
        expect((error as LatchkeyError).message).not.toMatch(/password/i);
      },
      kind === 'id' ? { accountId: 'another' } : { accountAlias: 'another' },
    ),
  );

  it.each<[string, ErrorCode]>([
    ['SUBSCRIPTION_ENDED', 'account_disabled'],
    ['ACCOUNT_LOCKED', 'account_disabled'],
    ['AUTHENTICATION_FAILED', 'second_factor_invalid'],
    ['ACCOUNT_NOT_FOUND', 'invalid_credentials'],
  ])('is for %s what the option errorCodes says: %s', (upstreamCode, code) =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set({
          loginAnswer: { status: 400, body: { code: upstreamCode, message: 'Wrong password' } },
        });
        await expect(provider.signIn(credentials)).rejects.toMatchObject({ code, upstreamCode });
      },
      { errorCodes: { [upstreamCode]: code } },
    ),
  );

  it.each(['constructor', '__proto__', 'toString'])(
    'does not take the code %s for one of errorCodes',
    (code) => {
      const reply = { status: 400, headers: {}, body: JSON.parse(`{"code":"${code}"}`) as unknown };
      expect(loginRefusal(reply, {})).toMatchObject({ code: 'invalid_credentials' });
    },
  );

  it.each([301, 302, 303, 307, 308] as const)('T8: a %i is upstream_error, and is not followed', (status) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.next({ kind: 'redirect', status });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({ code: 'upstream_error', status });
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  const reset = (ms: number) => new Date(startAt + ms).toISOString();
  it.each<[string, LoginAnswer['headers'], number | undefined]>([
    ['Retry-After in seconds', { 'retry-after': '120' }, 120_000],
    ['Retry-After as a date', { 'retry-after': new Date(startAt + 60_000).toUTCString() }, 60_000],
    ['X-Rate-Limit-Reset', { 'x-rate-limit-reset': reset(3500) }, 3500],
    [
      'X-Rate-Limit-Reset with seven digits and no Z',
      { 'x-rate-limit-reset': '2026-01-01T00:00:02.1234567' },
      2123,
    ],
    ['X-Rate-Limit-Reset that has passed', { 'x-rate-limit-reset': reset(-3500) }, 0],
    ['X-Rate-Limit-Reset that is no date', { 'x-rate-limit-reset': 'soon' }, undefined],
    [
      'Retry-After before X-Rate-Limit-Reset',
      { 'retry-after': '1', 'x-rate-limit-reset': reset(3500) },
      1000,
    ],
    ['nothing', { 'x-rate-limit-limit': '5s', 'x-rate-limit-remaining': '0' }, undefined],
  ])('tells from %s how long to wait', (_, headers, retryAfterMs) =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set({
          loginAnswer: { status: 429, headers: { date: new Date(startAt).toUTCString(), ...headers } },
        });
        const error: unknown = await provider.signIn(credentials).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'rate_limited', retryable: true });
        expect((error as LatchkeyError).retryAfterMs).toBe(retryAfterMs);
      },
      { clock: virtualClock({ startAt }) },
    ),
  );
});

describe('the refusal of a call and of a renewal', () => {
  it.each<[number, ErrorCode | undefined, ErrorCode | undefined]>([
    [200, undefined, undefined],
    [204, undefined, undefined],
    [307, 'upstream_error', 'upstream_error'],
    [400, 'upstream_error', 'token_rejected'],
    [401, 'token_rejected', 'token_rejected'],
    [403, 'upstream_error', 'token_rejected'],
    [404, 'upstream_error', 'token_rejected'],
    [409, 'upstream_error', 'token_rejected'],
    [429, 'rate_limited', 'rate_limited'],
    [500, 'upstream_error', 'upstream_error'],
    [503, 'upstream_error', 'upstream_error'],
  ])('%i is %s and %s', (status, call, renewal) => {
    for (const body of [undefined, 'text', { code: 'ACCOUNT_LOCKED', message: 'Two-factor code required' }]) {
      const reply = { status, headers: {}, body };
      for (const [refusal, code] of [
        [callRefusal(reply), call],
        [renewalRefusal(reply, {}), renewal],
      ] as const) {
        expect(refusal?.code).toBe(code);
        expect(refusal?.upstreamCode).toBe(code && typeof body === 'object' ? 'ACCOUNT_LOCKED' : undefined);
      }
    }
  });

  it('of a renewal is told by errorCodes first', () => {
    const reply = { status: 400, headers: {}, body: { code: 'TENANT_CLOSED' } };
    const known = { TENANT_CLOSED: 'account_disabled' } as const;
    expect(renewalRefusal(reply, known)).toMatchObject({
      code: 'account_disabled',
      upstreamCode: 'TENANT_CLOSED',
    });
    expect(renewalRefusal(reply, {})).toMatchObject({ code: 'token_rejected' });
  });
});
