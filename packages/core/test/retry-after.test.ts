import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../src/retry-after.js';

const now = Date.UTC(1994, 10, 6, 8, 49, 0);

describe('retryAfterMs', () => {
  it.each<[string | undefined, number | undefined]>([
    ['0', 0],
    ['120', 120_000],
    ['  5 ', 5_000],
    ['007', 7_000],
    ['1.5', 1_500],
    ['0.0001', 1],
    ['9999999999', 9_999_999_999_000],
    // The three spellings of RFC 9110, section 5.6.7.
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 1994 08:48:59 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['   ', undefined],
    ['-5', undefined],
    ['+5', undefined],
    ['5s', undefined],
    ['1e9', undefined],
    ['0x10', undefined],
    ['Infinity', undefined],
    ['NaN', undefined],
    ['1, 2', undefined],
    ['99999999999', undefined],
    ['soon', undefined],
    ['Sun, 99 Nov 1994 08:49:37 GMT', undefined],
    ['1994-11-06T08:49:37Z', undefined],
  ])('%j asks to wait %s ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });

  it('reads back any date that a Date writes', () => {
    const moments = fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true });
    fc.assert(
      fc.property(moments, (date) => {
        const whole = Math.floor(date.getTime() / 1000) * 1000;
        expect(retryAfterMs(date.toUTCString(), now)).toBe(Math.max(0, whole - now));
      }),
    );
  });

  it('gives a finite wait of 0 or more, or nothing, for any text', () => {
    const headers = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('0', '9', '.', '-', ' ', 'e') }),
      fc.tuple(fc.constantFrom('Sun, ', 'Sunday, ', 'Sun Nov '), fc.string()).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(headers, (header) => {
        const waitMs = retryAfterMs(header, now);
        expect(waitMs === undefined || (Number.isFinite(waitMs) && waitMs >= 0)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
