import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moment, momentOf } from '../src/moment.js';

describe('a moment', () => {
  const second = Date.UTC(2026, 9, 5, 8, 15, 42);

  it.each<[string, number]>([
    ['2026-10-05T08:15:42Z', second],
    ['2026-10-05T08:15:42', second],
    ['2026-10-05t08:15:42z', second],
    ['2026-10-05 08:15:42', second],
    [' 2026-10-05T08:15:42Z ', second],
    ['2026-10-05T08:15:42.1Z', second + 100],
    ['2026-10-05T08:15:42.123', second + 123],
    ['2026-10-05T08:15:42.1234567Z', second + 123],
    ['2026-10-05T08:15:42.1239999', second + 123],
    ['2026-10-05T08:15:42.0000000Z', second],
    ['2026-10-05T10:15:42+02:00', second],
    ['2026-10-05T10:15:42.1234567+0200', second + 123],
    ['2026-10-05T03:45:42-04:30', second],
    ['2026-10-05T08:15Z', second - 42_000],
    ['2026-10-05T08:15', second - 42_000],
    ['2026-10-05', Date.UTC(2026, 9, 5)],
    ['1969-12-31T23:59:59Z', -1000],
    ['2099-12-31T00:00:00.0000000Z', Date.UTC(2099, 11, 31)],
  ])('is read from %j', (date, expected) => {
    expect(momentOf(date)).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '5',
    '2026',
    '2026-10',
    '2026-13-01',
    '2026-00-01',
    '2026-10-00',
    '2026-10-32',
    '2026-10-05T25:00:00Z',
    '2026-10-05T08:60:00Z',
    '2026-10-05T08:15:42.Z',
    '2026-10-05T08:15:42Y',
    '2026-10-05T08:15:42Z and more',
    'Mon, 05 Oct 2026 08:15:42 GMT',
    '12026-10-05T08:15:42Z',
    '1791188142',
    '20261005',
  ])('is not read from %j', (date) => {
    expect(momentOf(date)).toBeUndefined();
  });

  it('is the same with and without Z, in any zone of this machine, and with any more digits', () =>
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        fc.stringMatching(/^\d{0,4}$/),
        (date, digits) => {
          const text = date.toISOString().replace('Z', digits);
          expect(momentOf(text)).toBe(date.getTime());
          expect(momentOf(`${text}Z`)).toBe(date.getTime());
        },
      ),
    ));

  it.each([['America/New_York'], ['Asia/Kolkata'], ['Pacific/Kiritimati']])(
    'does not depend on the zone of the machine: %s',
    (zone) => {
      const before = process.env['TZ'];
      process.env['TZ'] = zone;
      try {
        expect(new Date(second).getTimezoneOffset()).not.toBe(0);
        expect(momentOf('2026-10-05T08:15:42')).toBe(second);
        expect(momentOf('2026-10-05')).toBe(Date.UTC(2026, 9, 5));
      } finally {
        if (before === undefined) delete process.env['TZ'];
        else process.env['TZ'] = before;
      }
    },
  );

  it('is never NaN, whatever the text', () =>
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?$/)),
        (text) => {
          const at = momentOf(text);
          expect(at === undefined || Number.isFinite(at)).toBe(true);
        },
      ),
    ));

  it.each([undefined, null, 5, 1_791_188_142_000, true, [], {}, ''])(
    'of %j on the wire is absent',
    (value) => {
      expect(moment.parse(value)).toBeUndefined();
    },
  );
});
