import { describe, expect, it } from 'vitest';
import { Agent, fetch as undiciFetch, request as undiciRequest } from 'undici';
import { authorizedFetch, LatchkeyError, staticTokenSource, type TokenSource } from '../src/index.js';
import { failureOf, thrownBy, unhandledDuring } from './failures.js';
import { heldSource } from './held-source.js';
import { startHttp } from './loopback.js';
import { until } from './upstreams.js';

/** A server that takes `token-<from>` and later ones, and refuses the rest with 401. */
async function guarded({ from = 1 } = {}) {
  const server = await startHttp(({ headers }, response) => {
    const [, number] = /^Bearer token-(\d+)$/.exec(headers.authorization ?? '') ?? [];
    response.statusCode = Number(number) >= from ? 200 : 401;
    response.end(response.statusCode === 200 ? 'welcome' : 'no');
  });
  return { server, source: heldSource(server.origin) };
}

const bodies: [string, () => NonNullable<RequestInit['body']>][] = [
  ['text', () => 'text'],
  ['bytes', () => new TextEncoder().encode('text')],
  ['a buffer', () => new TextEncoder().encode('text').buffer],
  ['a view', () => new DataView(new TextEncoder().encode('text').buffer)],
  ['a blob', () => new Blob(['text'])],
  ['a form', () => new URLSearchParams({ text: '1' })],
  [
    'form data',
    () => {
      const form = new FormData();
      form.set('text', new File(['text'], 'a.txt'));
      return form;
    },
  ],
];

function streamOf(text: string): ReadableStream {
  return new Blob([text]).stream();
}

describe('authorizedFetch', () => {
  it.each<[string, (origin: string) => Parameters<typeof fetch>]>([
    ['a path', () => ['/data?a=1']],
    ['a URL text', (origin) => [`${origin}/data?a=1`]],
    ['a URL', (origin) => [new URL('/data?a=1', origin)]],
    ['a Request', (origin) => [new Request(`${origin}/data?a=1`, { headers: { 'x-a': 'b' } })]],
    ['no headers', () => ['data?a=1', {}]],
    ['a record of headers', () => ['/data?a=1', { headers: { 'x-a': 'b' } }]],
    ['pairs', () => ['/data?a=1', { headers: [['x-a', 'b']] }]],
    ['Headers', () => ['/data?a=1', { headers: new Headers({ 'x-a': 'b' }) }]],
  ])('signs %s, and changes nothing that the caller gave', async (_, given) => {
    const { server, source } = await guarded();
    const [input, init] = given(server.origin);
    const before = JSON.stringify([...new Headers(init?.headers)]);
    const response = await authorizedFetch(source)(input, init);
    expect(await response.text()).toBe('welcome');
    expect(response).toMatchObject({ redirected: false, url: `${server.origin}/data?a=1` });
    expect(server.requests[0]).toMatchObject({
      url: '/data?a=1',
      headers: { authorization: 'Bearer token-1' },
    });
    if (before.includes('x-a') || input instanceof Request)
      expect(server.requests[0]!.headers['x-a']).toBe('b');
    expect(JSON.stringify([...new Headers(init?.headers)])).toBe(before);
    expect(source.taken).toEqual(['token-1']);
  });

  it.each([
    (port: string) => `http://127.0.0.2:${port}/`,
    () => 'http://127.0.0.1:9/',
    (port: string) => `https://127.0.0.1:${port}/`,
    (port: string) => `//localhost:${port}/`,
    (port: string) => `http://127.0.0.1:${port}@evil.example/`,
    (port: string) => `http://user@127.0.0.1:${port}/`,
    (port: string) => `http://:password@127.0.0.1:${port}/`,
    () => 'data:text/plain,hello',
    () => 'blob:http://127.0.0.1/1',
    () => 'file:///etc/passwd',
    () => 'http://',
    () => '\\\\evil.example\\a',
  ])('T8: refuses a URL of another origin, and asks for no token (%#)', async (url) => {
    const { server, source } = await guarded();
    const error = await failureOf(authorizedFetch(source)(url(String(server.port))));
    expect(error.code).toBe('invalid_input');
    expect(error.message).not.toContain('password');
    expect(source.signals).toEqual([]);
    expect(server.requests).toEqual([]);
  });

  it.each<[string, RequestInit['headers']]>([
    ['a record', { AuthorizatioN: 'Basic eA==' }],
    ['pairs', [['AUTHORIZATION', 'Basic eA==']]],
    ['Headers', new Headers({ authorization: 'Basic eA==' })],
  ])("T8: leaves a caller's own Authorization in %s alone, 401 or not", async (_, headers) => {
    const { server, source } = await guarded();
    const response = await authorizedFetch(source)('/', { headers: headers! });
    expect(response.status).toBe(401);
    expect(server.requests.map((one) => one.headers.authorization)).toEqual(['Basic eA==']);
    expect(source.signals).toEqual([]);
  });

  it("T8: leaves a Request's own Authorization alone", async () => {
    const { server, source } = await guarded();
    const request = new Request(server.origin, { headers: { authorization: 'Basic eA==' } });
    expect((await authorizedFetch(source)(request)).status).toBe(401);
    expect(source.signals).toEqual([]);
  });

  it('T2: a 401 costs one renewal and one more request', async () => {
    const { server, source } = await guarded({ from: 2 });
    const response = await authorizedFetch(source)('/data');
    expect(await response.text()).toBe('welcome');
    expect(source.rejected).toEqual(['token-1']);
    expect(source.taken).toEqual(['token-2']);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('T10: a second 401 is the answer, and is not told to the source', async () => {
    const { server, source } = await guarded({ from: 3 });
    const response = await authorizedFetch(source)('/data');
    expect([response.status, await response.text()]).toEqual([401, 'no']);
    expect(source.rejected).toEqual(['token-1']);
    expect(source.taken).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  it.each([400, 403, 404, 500])('T10: a %i is the answer, and renews nothing', async (status) => {
    const server = await startHttp((_, response) => response.writeHead(status).end());
    const source = heldSource(server.origin);
    expect((await authorizedFetch(source)('/')).status).toBe(status);
    expect([source.rejected, source.taken]).toEqual([[], []]);
    expect(server.requests).toHaveLength(1);
  });

  it.each(bodies)('T10: %s is sent again', async (_, body) => {
    const { server, source } = await guarded({ from: 2 });
    const response = await authorizedFetch(source)('/', { method: 'POST', body: body() });
    expect(response.status).toBe(200);
    const [first, second] = server.requests;
    expect(first!.body.length).toBeGreaterThan(0);
    // The boundary of form data is another one each time.
    const content = ({ body }: { body: string }) => body.replaceAll(/-*formdata-undici-\d+/g, '');
    expect(content(second!)).toBe(content(first!));
  });

  it.each<[string, (origin: string) => Parameters<typeof fetch>]>([
    ['a stream', () => ['/', { method: 'POST', body: streamOf('text'), duplex: 'half' }]],
    ['the body of a Request', (origin) => [new Request(origin, { method: 'POST', body: 'text' })]],
  ])('T10: %s is not sent again; its 401 is the answer, and the renewal goes on', async (_, given) => {
    const { server, source } = await guarded({ from: 2 });
    const send = authorizedFetch(source);
    const response = await send(...given(server.origin));
    expect([response.status, await response.text()]).toEqual([401, 'no']);
    await until(() => source.rejected.length === 1);
    expect(server.requests.map(({ body }) => body)).toEqual(['text']);
    expect((await send('/')).status).toBe(200);
  });

  it('T10: a renewal in the background that fails disturbs nobody', async () => {
    const { server, source } = await guarded({ from: 2 });
    source.runOut();
    const unhandled = await unhandledDuring(async () => {
      const body = streamOf('text');
      const response = await authorizedFetch(source)(server.origin, { method: 'POST', body, duplex: 'half' });
      expect(response.status).toBe(401);
      await until(() => source.rejected.length === 1);
    });
    expect(unhandled).toEqual([]);
  });

  it('T10: an endless 401 is not read to its end', async () => {
    const server = await startHttp(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') return void response.end('welcome');
      response.writeHead(401);
      const more = () => {
        while (response.write('x'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const response = await authorizedFetch(heldSource(server.origin))('/');
    expect(await response.text()).toBe('welcome');
    await until(() => server.sockets.size <= 1);
  });

  it('T10: a 401 whose body never ends does not hold up what follows', async () => {
    const server = await startHttp(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') return void response.end('welcome');
      response.writeHead(401).write('x');
    });
    expect(await (await authorizedFetch(heldSource(server.origin))('/')).text()).toBe('welcome');
  });

  it('T10: the connection of a 401 is used again', async () => {
    const { server, source } = await guarded({ from: 2 });
    const agent = new Agent({ connections: 1 });
    const send = (input: unknown, init: object) =>
      undiciFetch(input as string, { ...init, dispatcher: agent });
    const response = await authorizedFetch(source, { fetch: send as unknown as typeof fetch })('/');
    expect(await response.text()).toBe('welcome');
    expect(server.accepted).toBe(1);
    await agent.close();
  });

  it('a renewal that is refused or fails is what the call rejects with, and nothing more is sent', async () => {
    for (const error of [
      new LatchkeyError('invalid_credentials', { actor: 'service' }),
      new LatchkeyError('timeout'),
    ]) {
      const { server, source } = await guarded({ from: 2 });
      source.runOut(error);
      expect(await failureOf(authorizedFetch(source)('/'))).toBe(error);
      expect(server.requests).toHaveLength(1);
    }
  });

  it('T8: nothing is sent without a token', async () => {
    const { server } = await guarded();
    const error = new LatchkeyError('upstream_unavailable');
    const source: TokenSource = { origin: server.origin, getToken: () => Promise.reject(error) };
    expect(await failureOf(authorizedFetch(source)('/'))).toBe(error);
    expect(server.requests).toEqual([]);
  });

  it('F3: a token that cannot be sent shows in no error', async () => {
    const { server } = await guarded();
    const source: TokenSource = {
      origin: server.origin,
      getToken: async () => ({ value: 'canary\r\nx-injected: 1' }),
    };
    const error = await failureOf(authorizedFetch(source)('/'));
    expect(error.code).toBe('internal_error');
    expect(`${error.stack}${String(error.cause)}`).not.toContain('canary');
    expect(server.requests).toEqual([]);
  });

  it("T3: the caller's signal ends the waiting for a token, and the request", async () => {
    const { server, source } = await guarded();
    const reason = new Error('changed my mind');
    await expect(authorizedFetch(source)('/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const request = new Request(server.origin, { signal: controller.signal });
    controller.abort(reason);
    await expect(authorizedFetch(source)(request)).rejects.toBe(reason);
    expect(server.requests).toEqual([]);

    const slow = await startHttp(() => {});
    const abort = new AbortController();
    const call = authorizedFetch(heldSource(slow.origin))('/', { signal: abort.signal });
    const rejection = expect(call).rejects.toBe(reason);
    await until(() => slow.requests.length === 1);
    abort.abort(reason);
    await rejection;
  });

  it('looks for the global fetch at each call, and takes another one', async () => {
    const { server, source } = await guarded();
    const seen: unknown[] = [];
    const send = authorizedFetch(source);
    const platform = globalThis.fetch;
    globalThis.fetch = (...args) => {
      seen.push(args[0]);
      return platform(...args);
    };
    try {
      await send('/a');
    } finally {
      globalThis.fetch = platform;
    }
    expect(seen.map(String)).toEqual([`${server.origin}/a`]);
    expect(
      (await authorizedFetch(source, { fetch: undiciFetch as unknown as typeof fetch })('/b')).status,
    ).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  it('takes a session, and refuses what has no tokens', async () => {
    const { server, source } = await guarded();
    expect((await authorizedFetch({ source })('/')).status).toBe(200);
    expect(thrownBy(() => authorizedFetch({} as TokenSource)).code).toBe('invalid_config');
    expect(server.requests).toHaveLength(1);
  });

  it('with a static token that is refused rejects with token_rejected', async () => {
    const { server } = await guarded({ from: 2 });
    const send = authorizedFetch(staticTokenSource('token-1', server.origin));
    expect((await failureOf(send('/'))).code).toBe('token_rejected');
    await undiciRequest(server.origin); // the server lives
  });
});
