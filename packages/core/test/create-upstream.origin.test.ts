import { Agent, type Dispatcher, interceptors } from 'undici';
import { describe, expect, it } from 'vitest';
import { createToken, staticTokenSource, type TokenSource } from '../src/index.js';
import { failureOf } from './failures.js';
import { startHttp } from './loopback.js';
import { anything, hastyClock, login, upstreamAt } from './upstreams.js';

const chains: [string, () => Dispatcher.DispatcherComposeInterceptor[]][] = [
  ['no interceptor', () => []],
  ['redirect', () => [redirect()]],
  ...permutations(['redirect', 'retry', 'dns', 'cache']).map((names): (typeof chains)[number] => [
    names.join(', '),
    () => names.map((name) => interceptorsByName[name]!()),
  ]),
];
const interceptorsByName: Record<string, () => Dispatcher.DispatcherComposeInterceptor> = {
  redirect,
  retry: () => interceptors.retry({ maxRetries: 1, minTimeout: 1 }),
  dns: () => interceptors.dns(),
  cache: () => interceptors.cache(),
};

function redirect() {
  return interceptors.redirect({ maxRedirections: 5 });
}

function permutations(names: string[]): string[][] {
  if (names.length < 2) return [names];
  return names.flatMap((name) =>
    permutations(names.filter((one) => one !== name)).map((rest) => [name, ...rest]),
  );
}

describe('a redirect', () => {
  it.each(chains)('T8: of any status is not followed through a dispatcher with %s', async (name, chain) => {
    const elsewhere = await startHttp((_, response) => response.end('{"a":1}'));
    const server = await startHttp(({ url }, response) => {
      const status = Number(url.slice(1, 4));
      response.writeHead(status, { location: url.endsWith('here') ? '/200' : `${elsewhere.origin}/x` }).end();
    });
    const agent = new Agent();
    const dispatcher = agent.compose(chain());
    const upstream = upstreamAt(server.origin, { dispatcher, clock: hastyClock });
    const token = 'c4nary-token';
    let sent = 0;
    for (const status of [301, 302, 303, 307, 308]) {
      for (const path of [`/${status}`, `/${status}/here`]) {
        for (const request of [anything({ path, token }), login({ path, token })]) {
          expect(await failureOf(upstream.json(request))).toMatchObject({ code: 'upstream_error', status });
          sent += 1;
        }
      }
    }
    expect(server.requests).toHaveLength(sent);
    expect(elsewhere.accepted).toBe(0);
    if (name.includes('redirect')) {
      // The dispatcher does follow where it is not told otherwise: the test above can fail.
      await dispatcher.request({ origin: server.origin, path: '/302', method: 'GET' });
      expect(elsewhere.accepted).toBe(1);
    }
    await agent.destroy();
  });
});

describe('a path', () => {
  it.each([
    '//evil.example/x',
    '///evil.example',
    '/\\evil.example',
    '/\\\\evil.example/x',
    '/\t/evil.example',
    '/@evil.example',
    '/user:pass@evil.example',
    '/http://evil.example/',
    '/..//evil.example',
    '/?next=//evil.example',
  ])('T8: %j is asked of the own origin', async (path) => {
    const server = await startHttp((_, response) => response.end('1'));
    const elsewhere = await startHttp((_, response) => response.end('2'));
    const there = path.replace('evil.example', `127.0.0.1:${elsewhere.port}`);
    expect(await upstreamAt(server.origin).json(anything({ path: there, token: 'token' }))).toBe(1);
    expect(server.requests[0]!.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      authorization: 'Bearer token',
    });
    expect(elsewhere.accepted).toBe(0);
  });

  it.each([
    '',
    '@evil.example/',
    ':1/',
    '.evil.example/',
    'http://evil.example/',
    '\\\\evil.example',
    '/x#y',
  ])('T8: %j is refused, and nothing is sent', async (path) => {
    const server = await startHttp((_, response) => response.end('1'));
    const error = await failureOf(upstreamAt(server.origin).json(anything({ path, token: 'token' })));
    expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
    expect(server.accepted).toBe(0);
  });

  it('T8: a query cannot lead elsewhere, and cannot add a header', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    await upstreamAt(server.origin).json(anything({ query: { '#@evil': '\r\nX-Injected: 1' } }));
    expect(server.requests[0]!.url).toBe('/?%23%40evil=%0D%0AX-Injected%3A+1');
    expect(server.requests[0]!.headers).not.toHaveProperty('x-injected');
  });
});

describe('a token source', () => {
  it.each<[string, (origin: string) => string]>([
    ['another port', (origin) => origin.replace(/:\d+$/, ':1')],
    ['another host', (origin) => origin.replace('127.0.0.1', '127.0.0.2')],
    ['another name of the same host', (origin) => origin.replace('127.0.0.1', 'localhost')],
    ['another scheme', (origin) => origin.replace('http:', 'https:')],
  ])('T8: of %s is refused, not asked, and nothing is sent', async (_, change) => {
    const server = await startHttp((_request, response) => response.end('1'));
    let asked = 0;
    const source: TokenSource = {
      origin: change(server.origin),
      getToken: async () => {
        asked += 1;
        return createToken('c4nary');
      },
    };
    const error = await failureOf(upstreamAt(server.origin).json(anything({ source })));
    expect(error).toMatchObject({ code: 'invalid_config', provider: 'acme' });
    expect(error.message).toContain(source.origin);
    expect({ asked, accepted: server.accepted }).toEqual({ asked: 0, accepted: 0 });
  });

  it('T8: of the own origin is used, however that was spelt', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const source = staticTokenSource('abc', `${server.origin.replace('http', 'HTTP')}/`);
    await upstreamAt(server.origin).json(anything({ source }));
    expect(server.requests[0]!.headers.authorization).toBe('Bearer abc');
  });
});
