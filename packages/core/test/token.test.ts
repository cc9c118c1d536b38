import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createToken, tokenSourceOf, staticTokenSource } from '../src/index.js';
import { isBearerValue } from '../src/token.js';
import { shown, thrownBy } from './failures.js';

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

describe('isBearerValue', () => {
  it('takes visible ASCII', () => {
    fc.assert(fc.property(visible, (value) => isBearerValue(value)));
  });

  it('F4: refuses any text with a character outside visible ASCII, wherever it stands', () => {
    const bad = fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', '\0', '\t', ' ', '\x7f', '\x80', 'é', '\u2028', '\ud800', '😀'),
      fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => /[^\x21-\x7e]/.test(text)),
    );
    const around = fc.oneof(fc.constant(''), visible);
    fc.assert(
      fc.property(around, bad, around, (before, one, after) => !isBearerValue(`${before}${one}${after}`)),
    );
  });

  it.each<[string, unknown, boolean]>([
    ['empty text', '', false],
    ['the longest', 'x'.repeat(16_384), true],
    ['one more than the longest', 'x'.repeat(16_385), false],
    ['200 KB', 'x'.repeat(200_000), false],
    ['a number', 12345, false],
    ['a list of text', ['abc'], false],
    ['an object that prints as text', { toString: () => 'abc' }, false],
    ['nothing', undefined, false],
    ['a token with | and :', '12|ab:cd', true],
  ])('%s: %s', (_, value, good) => {
    expect(isBearerValue(value)).toBe(good);
  });
});

describe('createToken', () => {
  it('keeps the value out of sight and the moment in it', () => {
    const token = createToken('c4nary-token', 1_000);
    expect(token.value).toBe('c4nary-token');
    expect(token.expiresAt).toBe(1_000);
    expect(shown(token)).not.toContain('c4nary');
    expect(JSON.stringify({ ...token })).toBe('{"expiresAt":1000}');
  });

  it('has no expiresAt where that is not known', () => {
    expect('expiresAt' in createToken('abc')).toBe(false);
  });

  it('F4: refuses a value that could add a header, without repeating it', () => {
    const error = thrownBy(() => createToken('c4nary\r\nX-Injected: 1'));
    expect(error.code).toBe('invalid_input');
    expect(shown(error)).not.toContain('c4nary');
  });
});

describe('tokenSourceOf', () => {
  it('gives the source itself, or the one that is held', () => {
    const source = staticTokenSource('abc', 'https://api.example.com');
    expect(tokenSourceOf(source)).toBe(source);
    expect(tokenSourceOf({ source })).toBe(source);
  });
});
