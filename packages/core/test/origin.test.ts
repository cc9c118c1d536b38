import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedOrigin, originProblem } from '../src/origin.js';
import { shown, thrownBy } from './failures.js';

describe('checkedOrigin', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['HTTPS://API.Example.COM:443', 'https://api.example.com'],
    ['https://api.example.com:8443', 'https://api.example.com:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:80', 'http://127.0.0.1'],
    ['http://127.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.0.9', 'http://127.255.0.9'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]'],
  ])('%s is %s', (given, origin) => {
    expect(checkedOrigin(given)).toBe(origin);
  });

  it.each([
    'http://api.example.com',
    'http://localhost.example.com',
    'http://notlocalhost',
    'http://app.localhost',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1.nip.io',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://[::]',
    'http://[::2]',
    'http://[::ffff:10.0.0.1]',
  ])('T9: plain http to %s is refused', (given) => {
    expect(thrownBy(() => checkedOrigin(given))).toMatchObject({
      code: 'invalid_config',
      message: 'The origin must be https, save on loopback.',
    });
  });

  it.each([
    'https://user@api.example.com',
    'https://user:c4nary@api.example.com',
    'https://:c4nary@api.example.com',
    'http://user:c4nary@localhost',
  ])('T9: userinfo is refused and not repeated: %s', (given) => {
    const error = thrownBy(() => checkedOrigin(given));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toMatch(/user name or a password/);
    expect(shown(error)).not.toContain('c4nary');
  });

  it.each<[unknown]>([
    ['https://api.example.com/v3'],
    ['https://api.example.com/?a=1'],
    ['https://api.example.com/#a'],
    ['ftp://api.example.com'],
    ['ws://localhost'],
    ['file:///etc/passwd'],
    ['javascript:alert(1)'],
    ['data:text/plain,x'],
    ['blob:https://api.example.com/1'],
    ['//api.example.com'],
    ['api.example.com'],
    ['https://'],
    ['https://api.example.com:99999'],
    [''],
    [undefined],
    [null],
    [443],
    [new URL('https://api.example.com')],
    [['https://api.example.com']],
  ])('%s is no origin', (given) => {
    expect(originProblem(given)).toMatch(/^must /);
  });

  it('gives an https or loopback origin that is its own only spelling, or refuses', () => {
    const urls = fc.oneof(
      fc.webUrl({ validSchemes: ['http', 'https', 'ftp'], withQueryParameters: true, withFragments: true }),
      fc.webUrl({ validSchemes: ['http', 'https'] }).map((url) => new URL(url).origin),
      fc
        .tuple(fc.constantFrom('http://', 'https://', 'http:\\\\', '//'), fc.string())
        .map((parts) => parts.join('')),
      fc.ipV4Extended().map((address) => `http://${address}`),
    );
    fc.assert(
      fc.property(urls, (given) => {
        if (originProblem(given) !== undefined) return;
        const origin = checkedOrigin(given);
        const { protocol, hostname, username, password } = new URL(origin);
        expect(checkedOrigin(origin)).toBe(origin);
        expect(new URL(origin).origin).toBe(origin);
        expect(username + password).toBe('');
        const isLocal = /^(127\.[\d.]+|\[::1\]|localhost)$/.test(hostname);
        expect(protocol === 'https:' || (protocol === 'http:' && isLocal)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
