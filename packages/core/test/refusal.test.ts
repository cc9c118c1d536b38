import { describe, expect, it } from 'vitest';
import { LatchkeyError, type ErrorCode } from '../src/index.js';
import { isRefusal } from '../src/refusal.js';

describe('a refusal', () => {
  it.each<ErrorCode>([
    'invalid_credentials',
    'second_factor_required',
    'second_factor_invalid',
    'account_locked',
    'account_disabled',
    'invalid_input',
  ])('T6: is %s, whatever the status', (code) => {
    expect(isRefusal(new LatchkeyError(code))).toBe(true);
    expect(isRefusal(new LatchkeyError(code, { status: 200 }))).toBe(true);
    expect(isRefusal(new LatchkeyError(code, { status: 429 }))).toBe(true);
  });

  it.each([400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413, 415, 418, 422, 426, 431, 451, 499])(
    'T6: is every unclassified 4xx: %i',
    (status) => expect(isRefusal(new LatchkeyError('upstream_error', { status }))).toBe(true),
  );

  it.each([undefined, 200, 302, 399, 408, 425, 429, 500, 502, 503, 504, 520])(
    'T6: is no %s of an error of the provider',
    (status) => expect(isRefusal(new LatchkeyError('upstream_error', { status }))).toBe(false),
  );

  it.each<ErrorCode>([
    'timeout',
    'upstream_unavailable',
    'invalid_response',
    'internal_error',
    'store_error',
    'closed',
  ])('T6: is no %s', (code) => expect(isRefusal(new LatchkeyError(code))).toBe(false));

  it('T6: is not that there were too many requests, whatever the status', () => {
    for (const status of [undefined, 400, 403, 429, 503]) {
      expect(isRefusal(new LatchkeyError('rate_limited', { status }))).toBe(false);
    }
  });

  it.each([
    undefined,
    null,
    'invalid_credentials',
    new Error('no'),
    { code: 'invalid_credentials', status: 401 },
  ])('is not %s, which is no error of ours', (thrown) => expect(isRefusal(thrown)).toBe(false));
});
