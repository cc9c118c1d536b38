import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  asRecord,
  bearerText,
  flag,
  integer,
  listOf,
  number,
  record,
  recordOf,
  required,
  text,
} from '../../src/wire/index.js';

describe('readers of the wire', () => {
  it.each<[string, z.ZodType, unknown, unknown]>([
    ['text', text, 'x', 'x'],
    ['text', text, ' ', undefined],
    ['text', text, ' x ', ' x '],
    ['text', text, '', undefined],
    ['text', text, 0, '0'],
    ['text', text, ['x'], undefined],
    ['text', text, null, undefined],
    ['text', text, true, undefined],
    ['number', number, 0, 0],
    ['number', number, '-1.5e2', -150],
    ['number', number, ' .5 ', 0.5],
    ['number', number, '', undefined],
    ['number', number, ' ', undefined],
    ['number', number, '0x10', undefined],
    ['number', number, '1e999', undefined],
    ['number', number, 'NaN', undefined],
    ['number', number, '1,5', undefined],
    ['number', number, [5], undefined],
    ['number', number, true, undefined],
    ['integer', integer, '42', 42],
    ['integer', integer, 1.5, undefined],
    ['integer', integer, 2 ** 53, undefined],
    ['flag', flag, true, true],
    ['flag', flag, ' TRUE', true],
    ['flag', flag, '1', true],
    ['flag', flag, 1, true],
    ['flag', flag, 'False', false],
    ['flag', flag, 0, false],
    ['flag', flag, 'yes', undefined],
    ['flag', flag, 2, undefined],
    ['flag', flag, null, undefined],
    ['record', record, { a: 1 }, { a: 1 }],
    ['record', record, [], {}],
    ['record', record, null, {}],
    ['record', record, 'x', {}],
  ])('%s reads %j', (_name, reader, given, expected) => {
    expect(reader.parse(given)).toEqual(expected);
  });

  it('F2: none refuses anything, and each gives its own type or nothing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(['string', 'undefined']).toContain(typeof text.parse(value));
        for (const reader of [number, integer]) {
          const read = reader.parse(value);
          expect(read === undefined || Number.isFinite(read)).toBe(true);
        }
        expect(['boolean', 'undefined']).toContain(typeof flag.parse(value));
        expect(Array.isArray(asRecord(value))).toBe(false);
        expect(typeof asRecord(value)).toBe('object');
      }),
    );
  });

  it('takes a key that is not there for one without a value', () => {
    expect(z.object({ a: text, b: number, c: flag, d: record }).parse({})).toEqual({ d: {} });
  });
});

describe('required', () => {
  it('refuses what is absent, in whatever way', () => {
    const schema = z.object({ id: required(text) });
    expect(schema.parse({ id: 5 })).toEqual({ id: '5' });
    for (const given of [{}, { id: '' }, { id: null }, { id: [] }])
      expect(schema.safeParse(given).success).toBe(false);
  });
});

describe('bearerText', () => {
  it.each([[''], ['a b'], ['a\r\nb'], [5], [undefined], ['x'.repeat(20_000)]])(
    'F4: refuses %.20j',
    (given) => {
      expect(bearerText.safeParse(given).success).toBe(false);
    },
  );

  it('reads a token', () => {
    expect(bearerText.parse('abc.def')).toBe('abc.def');
  });
});

describe('recordOf', () => {
  const account = recordOf({ Id: required(text), Name: text }, ({ Id, Name }) => ({ id: Id, name: Name }));

  it('names the fields anew, and keeps the original', () => {
    const wire = { Id: 7, Name: 'Zoë', Extra: [1] };
    expect(account.parse(wire)).toEqual({ id: '7', name: 'Zoë', raw: wire });
  });

  it('F2: refuses what lacks a required field, or is no object', () => {
    for (const given of [{}, { Id: '' }, [], null, 'x', 5, undefined]) {
      expect(account.safeParse(given).success).toBe(false);
    }
  });

  it('tells what is missing under its own name', () => {
    expect(account.safeParse({}).error?.issues).toMatchObject([{ code: 'invalid_type', path: ['Id'] }]);
  });

  it('F4: a field named __proto__ pollutes nothing', () => {
    const read = account.parse(JSON.parse('{"Id":"x","__proto__":{"polluted":true,"Name":"y"}}'));
    expect(read).not.toHaveProperty('polluted');
    expect((read as { name?: string }).name).toBeUndefined();
    expect('polluted' in {}).toBe(false);
  });
});

describe('listOf', () => {
  const list = listOf(z.object({ id: required(text) }));

  it('reads each item, in order', () => {
    expect(list.parse([{ id: 1 }, { id: 'b' }])).toEqual([{ id: '1' }, { id: 'b' }]);
    expect(list.safeParse({ 0: { id: 1 } }).success).toBe(false);
  });

  it('F1: tells the first problem of a list that is wrong everywhere, and where it is', () => {
    const wrong = [{ id: 'a' }, ...(Array(1_000_000).fill(0) as unknown[])];
    const { error } = list.safeParse(wrong);
    expect(error?.issues).toMatchObject([{ code: 'invalid_type', expected: 'object', path: [1] }]);
    expect(list.safeParse([{ id: 'a' }, {}]).error?.issues).toMatchObject([{ path: [1, 'id'] }]);
  });
});
