import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialText, emailText } from '../src/index.js';

describe('credentialText', () => {
  const text = credentialText(256);

  it.each([
    ' ',
    'correct horse',
    'p',
    'x'.repeat(256),
    'ünïcödé',
    '😀',
    '\u{10ffff}',
    '日本語',
    '\r\n',
    '__proto__',
  ])('takes %j as it is', (given) => {
    expect(text.parse(given)).toBe(given);
  });

  it.each<[string, unknown]>([
    ['empty text', ''],
    ['NUL', '\0'],
    ['NUL inside', 'a\0b'],
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['surrogates the wrong way round', '\udc00\ud800'],
    ['one character too many', 'x'.repeat(257)],
    ['1 MB', 'x'.repeat(1_000_000)],
    ['a list', ['text']],
    ['an object', { text: 'text' }],
    ['an object that prints as text', { toString: () => 'text' }],
    ['a String object', Object('text')],
    ['a number', 12345678],
    ['null', null],
    ['nothing', undefined],
  ])('F4: refuses %s', (_, given) => {
    expect(text.safeParse(given).success).toBe(false);
  });

  it('F4: takes exactly the text that comes back from a server unharmed', () => {
    const given = fc.string({
      unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\0', '\ud800', '\udfff')),
    });
    fc.assert(
      fc.property(given, (one) => {
        const survives = Buffer.from(one, 'utf8').toString('utf8') === one && !one.includes('\0');
        expect(text.safeParse(one).success).toBe(survives && one.length >= 1 && one.length <= 256);
      }),
      { numRuns: 200 },
    );
  });
});

describe('emailText', () => {
  it.each([
    'a@b',
    'user@example.com',
    'user+tag@sub.example.co.uk',
    'ü@bücher.example',
    "o'neil@example.com",
  ])('takes %j as it is', (given) => {
    expect(emailText().parse(given)).toBe(given);
  });

  it.each<[string]>([
    [''],
    ['@'],
    ['a@'],
    ['@b'],
    ['user'],
    ['a@b@c'],
    ['user @example.com'],
    [' user@example.com'],
    ['user@example.com '],
    ['user@example.com\r\nX-Injected: 1'],
    ['user@example.com\n'],
    ['user\t@example.com'],
    ['user@exam\u0085ple.com'],
    ['user@example.com\u2028'],
    ['us\0er@example.com'],
    ['\ud800@example.com'],
    [`${'x'.repeat(250)}@example.com`],
  ])('F4: refuses %j', (given) => {
    expect(emailText().safeParse(given).success).toBe(false);
  });

  it('F1: a megabyte without an @ is refused at once', () => {
    const start = performance.now();
    for (const given of ['x'.repeat(1_000_000), '@'.repeat(1_000_000), 'x@'.repeat(500_000)]) {
      expect(emailText().safeParse(given).success).toBe(false);
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
