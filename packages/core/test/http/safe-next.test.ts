import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeNext } from '../../src/http/index.js';

describe('safeNext', () => {
  it.each([
    ['/', '/'],
    ['/a/b?c=d&e=%20#f', '/a/b?c=d&e=%20#f'],
    ['/a//b', '/a//b'],
    ['/a/../b', '/b'],
    ['/a b', '/a%20b'],
    ['/größe', '/gr%C3%B6%C3%9Fe'],
    ['/@evil.example', '/@evil.example'],
    ['/https://evil.example', '/https://evil.example'],
    ['/?next=//evil.example', '/?next=//evil.example'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/a\ud800', '/a%EF%BF%BD'],
    [`/${'a'.repeat(2047)}`, `/${'a'.repeat(2047)}`],
  ])('%j stays on this origin, as %s', (path, next) => {
    expect(safeNext(path, '/home')).toBe(next);
  });

  it.each<[unknown]>([
    ['//evil.example'],
    ['///evil.example'],
    ['/\\evil.example'],
    ['\\\\evil.example'],
    ['/.//evil.example'],
    ['/..//evil.example'],
    ['/a/..//evil.example'],
    ['/%2e//evil.example'],
    ['/%2e%2e//evil.example'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['\t//evil.example'],
    [' //evil.example'],
    [' /a'],
    ['/a\\b'],
    ['/?a=\\'],
    ['/\0'],
    ['/a\r\nSet-Cookie: b=c'],
    ['/\x7f'],
    ['/\x85'],
    ['https://evil.example'],
    ['//user@evil.example'],
    ['javascript:alert(1)'],
    ['a'],
    ['?a'],
    ['#a'],
    [''],
    [`/${'a'.repeat(2048)}`],
    [`/${'\u00e4'.repeat(1000)}`],
    [undefined],
    [null],
    [7],
    [['/a']],
    [{ toString: () => '/a' }],
  ])('%j gives the fallback', (path) => {
    expect(safeNext(path, '/home')).toBe('/home');
    expect(safeNext(path)).toBe('/');
  });

  it('F4: never leaves the origin, throws nothing, and holds nothing that a header may not', () => {
    const parts = fc.constantFrom(
      '/',
      '//',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '\t',
      '\n',
      '\0',
      ' ',
      '@',
      ':',
      '?',
      '#',
    );
    const tricks = fc
      .array(fc.oneof(parts, parts, fc.string(), fc.constant('evil.example')))
      .map((all) => all.join(''));
    const anyText = fc.oneof(
      tricks,
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, slash) => {
        const next = safeNext(slash ? `/${text}` : text);
        expect(new URL(next, 'https://app.example.com').origin).toBe('https://app.example.com');
        expect(next).toMatch(/^\/[\x21-\x5b\x5d-\x7e]{0,2047}$/);
        expect(safeNext(next, '/other')).toBe(next);
      }),
      { numRuns: 2_000 },
    );
  });
});
