import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownFields } from '../src/index.js';

describe('knownFields', () => {
  it('leaves out what is undefined and nothing else', () => {
    const known = knownFields({ a: undefined, b: null, c: 0, d: '', e: false, f: NaN, g: [undefined] });
    expect(known).toStrictEqual({ b: null, c: 0, d: '', e: false, f: NaN, g: [undefined] });
  });

  it('has exactly the fields whose values are known, with those values', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined })), (fields) => {
        const known: Record<string, unknown> = knownFields(fields);
        expect(Object.keys(known)).toEqual(Object.keys(fields).filter((name) => fields[name] !== undefined));
        for (const name of Object.keys(known)) expect(known[name]).toBe(fields[name]);
      }),
    );
  });

  it('F4: a field named __proto__ changes no prototype', () => {
    const known = knownFields(JSON.parse('{"__proto__":{"polluted":true}}') as object);
    expect(Object.getPrototypeOf(known)).toBe(Object.prototype);
    expect('polluted' in known).toBe(false);
    expect('polluted' in {}).toBe(false);
  });

  it('gives a copy, and leaves the original as it was', () => {
    const fields = Object.freeze({ a: 1, b: undefined });
    expect(knownFields(fields)).not.toBe(fields);
    expect('b' in fields).toBe(true);
  });
});
