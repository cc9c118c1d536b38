import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLatchkeyError } from '../src/index.js';
import { requestUrl, type Query } from '../src/request-url.js';
import { thrownBy } from './failures.js';

const upstream = { name: 'acme', origin: 'https://api.example.com' };

describe('requestUrl', () => {
  it.each<[string, Query | undefined, string]>([
    ['/', undefined, '/'],
    ['/v3/me?a=1', undefined, '/v3/me?a=1'],
    ['/v3/me?a=1', { b: 2 }, '/v3/me?a=1&b=2'],
    [
      '/x',
      { list: ['a', 'b'], no: undefined, yes: true, zero: 0, none: [] },
      '/x?list=a&list=b&yes=true&zero=0',
    ],
    ['/x', { 'a&b': 'c=d&e#f' }, '/x?a%26b=c%3Dd%26e%23f'],
    ['/x', { nl: '\r\nHost: evil' }, '/x?nl=%0D%0AHost%3A+evil'],
    ['/ü x', undefined, '/%C3%BC%20x'],
    // Protocol-relative and backslash paths lead elsewhere when they are resolved; here they are paths.
    ['//evil.example/x', undefined, '//evil.example/x'],
    ['/\\evil.example', undefined, '//evil.example'],
    ['/@evil.example', undefined, '/@evil.example'],
    ['/http://evil.example', undefined, '/http://evil.example'],
    ['/a/../../../b', undefined, '/b'],
  ])('%j with %j is %j', (path, query, expected) => {
    expect(requestUrl(upstream, path, query).href).toBe(`https://api.example.com${expected}`);
  });

  it.each([
    '',
    'v3/me',
    '@evil.example',
    ':c4nary@evil.example',
    '.evil.example',
    ':8443/',
    'https://evil.example/',
    '\\evil.example',
    '?a=1',
    ' /x',
    '/x#part',
  ])('T8: %j is refused', (path) => {
    const error = thrownBy(() => requestUrl(upstream, path));
    expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
  });

  it('T8: no path and no query leaves the origin', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '\\',
        '@',
        ':',
        '.',
        '..',
        '?',
        '#',
        '%2f',
        '%5c',
        '%00',
        '\t',
        '\n',
        '\r',
        '\0',
        ' ',
      ),
      fc.constantFrom(
        'evil.example',
        'user:pass',
        'https:',
        '8443',
        '[::1]',
        '\ud800',
        '。',
        '\u3002',
        '\u00ad',
      ),
      fc.string({ unit: 'binary' }),
    );
    const path = fc.array(piece).map((pieces) => pieces.join(''));
    const query = fc.dictionary(
      fc.string(),
      fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.array(fc.string())),
    );
    const origins = fc.constantFrom('https://api.example.com', 'http://127.0.0.1:8080', 'https://[::1]:1');
    fc.assert(
      fc.property(origins, fc.boolean(), path, query, (origin, slash, rest, asked) => {
        let url: URL;
        try {
          url = requestUrl({ name: 'acme', origin }, `${slash ? '/' : ''}${rest}`, asked);
        } catch (error) {
          expect(isLatchkeyError(error, 'invalid_input')).toBe(true);
          return;
        }
        expect(url.origin).toBe(origin);
        expect(url.username + url.password + url.hash).toBe('');
        expect(new URL(url.href).origin).toBe(origin);
        // What is written on the wire holds no space and no control character.
        expect(`${url.pathname}${url.search}`).toMatch(/^\/[\x21-\x7e]*$/);
      }),
      { numRuns: 200 },
    );
  });
});
