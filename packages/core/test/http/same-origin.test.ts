import http from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  checkSameOrigin,
  createSameOriginCheck,
  type RequestHead,
  type RequestHeaders,
} from '../../src/http/index.js';
import { thrownBy } from '../failures.js';
import { startHttp } from '../loopback.js';

const host = 'app.example.com';
const origins = ['https://web.example.com', 'http://dev.example.com:3000/', 'https://MIXED.example.com:443'];

type Options = Parameters<typeof checkSameOrigin>[1];

function passes(request: RequestHead, options?: Options): boolean {
  try {
    checkSameOrigin(request, options);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'csrf_rejected' });
    return false;
  }
}

function post(headers: Record<string, unknown>): RequestHead {
  return { method: 'POST', headers: { host, ...headers } };
}

describe('checkSameOrigin', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('S3: %s passes, wherever it comes from', (method) => {
    const headers = { host, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect(passes({ method, headers })).toBe(true);
    expect(passes({ method, headers }, { signIn: true })).toBe(true);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT', 'get', '', undefined])(
    'S3: %s is checked',
    (method) => {
      expect(passes({ method, headers: { host, 'sec-fetch-site': 'cross-site' } })).toBe(false);
      expect(passes({ method, headers: { host, 'sec-fetch-site': 'same-origin' } })).toBe(true);
    },
  );

  it.each<[unknown, boolean]>([
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
    ['Same-Origin', false],
    ['', false],
    ['same-origin, same-origin', false],
    [['same-origin', 'same-origin'], false],
    [['same-origin'], true],
    [7, false],
  ])('S3: Sec-Fetch-Site %j decides, whatever Origin says: %s', (site, pass) => {
    for (const signIn of [false, true]) {
      for (const origin of [undefined, `https://${host}`, 'https://evil.example', 'null']) {
        const headers = { 'sec-fetch-site': site, origin };
        expect(passes(post(headers), { signIn, origins: [`https://${host}`] })).toBe(pass);
      }
    }
  });

  it.each<[unknown, boolean]>([
    ['https://web.example.com', true],
    ['HTTPS://WEB.example.com:443', true],
    ['http://dev.example.com:3000', true],
    ['https://mixed.example.com', true],
    [`https://${host}`, true],
    [`https://${host}:443`, true],
    [`http://${host}`, true],
    [`https://${host}:8443`, false],
    ['http://web.example.com', false],
    ['https://web.example.com:444', false],
    ['http://dev.example.com', false],
    ['https://evil.example', false],
    [`https://${host}.evil.example`, false],
    [`https://evil.example/${host}`, false],
    [`https://${host}@evil.example`, false],
    [`https://evil.example\\@${host}`, false],
    [`https://${host}, https://evil.example`, false],
    [`https://${host} https://evil.example`, false],
    [`ftp://${host}`, false],
    [host, false],
    ['null', false],
    ['', false],
    [['https://web.example.com', 'https://web.example.com'], false],
    [7, false],
  ])('S3: without Sec-Fetch-Site, Origin %j decides: %s', (origin, pass) => {
    expect(passes(post({ origin }), { origins })).toBe(pass);
    expect(passes(post({ origin }), { origins, signIn: true })).toBe(pass);
  });

  it.each<[Record<string, unknown>, string, boolean]>([
    [{ host: 'app.example.com:443' }, 'https://app.example.com', true],
    [{ host: 'APP.example.com' }, 'https://app.example.com', true],
    [{ host: 'app.example.com:8443' }, 'https://app.example.com:8443', true],
    [{ host: 'app.example.com:80' }, 'https://app.example.com', false],
    [{ host: '[::1]:3000' }, 'http://[::1]:3000', true],
    [{ ':authority': 'app.example.com' }, 'https://app.example.com', true],
    [{ ':authority': 'app.example.com', host: 'evil.example' }, 'https://app.example.com', true],
    [{ ':authority': 'app.example.com', host: 'evil.example' }, 'https://evil.example', false],
    [{ host: ['app.example.com', 'app.example.com'] }, 'https://app.example.com', false],
    [{ host: 'evil.example@app.example.com' }, 'https://app.example.com', false],
    [{ host: 'app.example.com/x' }, 'https://app.example.com', false],
    [{ host: '' }, 'https://app.example.com', false],
    [{ host: 7 }, 'https://7', false],
    [{}, 'https://app.example.com', false],
  ])('S3: the host of %j and the origin %s are the same: %s', (headers, origin, pass) => {
    const request = { method: 'POST', headers: { ...headers, origin } as RequestHeaders };
    expect(passes(request)).toBe(pass);
  });

  it('S3: with neither header only a sign-in passes', () => {
    expect(passes(post({}))).toBe(false);
    expect(passes(post({}), { origins })).toBe(false);
    expect(passes(post({}), { signIn: true })).toBe(true);
  });

  it('S3: what carries Authorization passes, save a sign-in', () => {
    for (const authorization of ['Bearer abc', 'Basic abc', '']) {
      const request = post({ authorization, 'sec-fetch-site': 'cross-site' });
      expect(passes(request)).toBe(true);
      expect(passes(request, { signIn: true })).toBe(false);
    }
  });

  it.each(['websocket', 'WebSocket', 'h2c, websocket'])(
    'S3: the handshake of a WebSocket (%s) is checked, though it is a GET',
    (upgrade) => {
      const handshake = (headers: Record<string, string>) => ({
        method: 'GET',
        headers: { host, upgrade, connection: 'Upgrade', ...headers },
      });
      expect(passes(handshake({}))).toBe(false);
      expect(passes(handshake({ origin: 'https://evil.example' }))).toBe(false);
      expect(passes(handshake({ 'sec-fetch-site': 'cross-site' }))).toBe(false);
      expect(passes(handshake({ origin: `https://${host}` }))).toBe(true);
      expect(passes(handshake({ authorization: 'Bearer abc' }))).toBe(true);
    },
  );

  it('other upgrades are no handshake', () => {
    expect(passes({ method: 'GET', headers: { host, upgrade: 'h2c' } })).toBe(true);
  });

  it('takes the requests of the web as well', () => {
    const request = (headers: Record<string, string>) => ({
      method: 'POST',
      headers: new Headers({ host, ...headers }),
    });
    expect(passes(request({ origin: `https://${host}` }))).toBe(true);
    expect(passes(request({ origin: 'https://evil.example' }))).toBe(false);
    expect(passes(request({ 'sec-fetch-site': 'same-origin' }))).toBe(true);
    expect(passes(request({}))).toBe(false);
  });

  it('S3: judges what a server has read, a repeated header included', async () => {
    const server = await startHttp(({ method, headers }, response) =>
      response.writeHead(passes({ method, headers }) ? 204 : 403).end(),
    );
    const statusOf = (headers: Record<string, string | string[]>) =>
      new Promise<number | undefined>((resolve, reject) => {
        http
          .request(server.origin, { method: 'POST', headers, agent: false }, (response) => {
            response.resume();
            resolve(response.statusCode);
          })
          .on('error', reject)
          .end();
      });
    expect(await statusOf({ origin: server.origin })).toBe(204);
    expect(await statusOf({ origin: 'http://127.0.0.1' })).toBe(403);
    expect(await statusOf({ 'sec-fetch-site': ['same-origin', 'same-origin'] })).toBe(403);
    expect(await statusOf({ origin: [server.origin, server.origin] })).toBe(403);
  });

  it('tells nothing of the request in the error', () => {
    const request = post({ origin: 'https://c4nary.example' });
    expect(thrownBy(() => checkSameOrigin(request)).message).not.toContain('c4nary');
  });
});

describe('the origins allowed', () => {
  it.each([
    'example.com',
    'https://example.com/path',
    'https://example.com/?a',
    'https://user:pass@example.com',
    'ftp://example.com',
    'null',
    '*',
    'https://*',
    '',
    'https://',
    7,
    null,
  ])('%j is refused', (origin) => {
    const options = { origins: [origin as string] };
    expect(thrownBy(() => createSameOriginCheck(options)).code).toBe('invalid_config');
    expect(thrownBy(() => checkSameOrigin(post({}), options)).code).toBe('invalid_config');
  });

  it('are a list, and there are no other options', () => {
    for (const options of [{ origins: 'https://example.com' }, { origin: [] }] as object[])
      expect(thrownBy(() => createSameOriginCheck(options)).code).toBe('invalid_config');
    expect(() => createSameOriginCheck()(post({ 'sec-fetch-site': 'none' }))).not.toThrow();
  });
});
