import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkedInput, checkedOptions } from '../src/index.js';
import { shown, thrownBy } from './failures.js';

const schema = z.strictObject({
  name: z.string(),
  size: z.number().max(9),
  kind: z.enum(['a', 'b']).optional(),
  inner: z.object({ list: z.array(z.boolean()) }).optional(),
  by: z.string().default('nobody'),
});

describe('checkedOptions', () => {
  it('gives the options as the schema reads them', () => {
    expect(checkedOptions('thing()', schema, { name: 'x', size: 1 })).toEqual({
      name: 'x',
      size: 1,
      by: 'nobody',
    });
  });

  it('says whose options they are, and every problem in one message', () => {
    const error = thrownBy(() =>
      checkedOptions('thing()', schema, { size: 'x', kind: 'c', inner: { list: [1] } }),
    );
    expect(error.code).toBe('invalid_config');
    expect(error.message).toBe(
      'The options of thing() cannot be used: name must be string; size must be number; ' +
        'kind must be one of "a"|"b"; inner.list.0 must be boolean.',
    );
  });

  it('names a field that there is none of', () => {
    const { message } = thrownBy(() => checkedOptions('thing()', schema, { name: 'x', size: 1, nmae: 'y' }));
    expect(message).toContain('has no "nmae"');
  });

  it.each([[undefined], [null], ['text'], [5], [[]]])('refuses %j for options', (options) => {
    expect(thrownBy(() => checkedOptions('thing()', schema, options))).toMatchObject({
      code: 'invalid_config',
      message: 'The options of thing() cannot be used: must be object.',
    });
  });
});

describe('checkedInput', () => {
  it('gives what was handed over as the schema reads it', () => {
    expect(checkedInput('form', schema, { name: 'x', size: 1 }, 'acme')).toEqual({
      name: 'x',
      size: 1,
      by: 'nobody',
    });
  });

  it('is invalid_input of the provider it was meant for', () => {
    const error = thrownBy(() => checkedInput('credentials', schema, { name: 1, size: 10 }, 'acme'));
    expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
    expect(error.message).toMatch(/^The credentials for acme cannot be used: name must be string; size /);
  });

  it('F3: no value is repeated, whatever it is and wherever it stands', () => {
    const value = fc.constantFrom<unknown>('c4nary', ['c4nary'], { list: ['c4nary'] }, { c4nary: 1 });
    const input = fc.record({
      name: fc.array(value),
      size: value,
      kind: value,
      inner: value,
      by: fc.array(value),
    });
    fc.assert(
      fc.property(input, (given) => {
        expect(shown(thrownBy(() => checkedInput('credentials', schema, given, 'acme')))).not.toContain(
          'c4nary',
        );
      }),
    );
  });

  it('repeats the names of a few unknown fields, escaped and cut', () => {
    const names = Array.from({ length: 9 }, (_, at) => `${'n'.repeat(100)}\r\n${at}`);
    const strict = z.strictObject({ a: z.string().optional() });
    const given = { ...Object.fromEntries(names.map((name) => [name, 1])), 'x\r\ny': 1 };
    const { message } = thrownBy(() => checkedInput('request', strict, given, 'acme'));
    expect(message.length).toBeLessThan(400);
    expect(message).not.toMatch(/[\r\n]/);
    expect(message).toContain(`has no "${'n'.repeat(40)}…"`);
  });
});
