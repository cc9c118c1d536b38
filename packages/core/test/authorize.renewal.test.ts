import fc from 'fast-check';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { authorize, LatchkeyError } from '../src/index.js';
import { agentOf, authorizations, deferred, FakeSource, undicis, waysToSend } from './authorize-fixtures.js';
import { unhandledDuring } from './failures.js';
import {
  hasWholeRequest,
  startHttp,
  startRaw,
  type Handler,
  type LoopbackServer,
  type ReceivedRequest,
} from './loopback.js';
import { until } from './upstreams.js';

/** A server that refuses the tokens before `token-<first>` with what `refuse` answers. */
function startRefusing(
  refuse: Handler = (_request, response) => void response.writeHead(401).end('refused'),
  first = 2,
): Promise<LoopbackServer> {
  return startHttp((request, response) => {
    if (numberOf(request) < first) refuse(request, response);
    else response.end(`got ${request.body}`);
  });
}

function numberOf({ headers }: ReceivedRequest): number {
  return Number(/^Bearer token-(\d+)$/.exec(headers.authorization ?? '')?.[1]);
}

describe.each(undicis)('with %s', (_, undici) => {
  const { pipeline, ...ways } = waysToSend(undici);
  const send = ways['request']!;

  function sourceAndAgent(server: LoopbackServer, options: object = {}) {
    const source = new FakeSource(server.origin);
    return { source, agent: agentOf(undici, [authorize(source)], options) };
  }

  it.each(Object.keys(ways))('T10: %s that is refused is sent once more with the next token', async (way) => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    const answer = await ways[way]!(agent, `${server.origin}/a`, { headers: { 'x-one': '1' } });
    expect(answer).toEqual({ status: 200, body: 'got ' });
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(source.asked.map(({ rejected }) => rejected?.value)).toEqual(['token-1']);
    expect(source.taken).toEqual(['token-2']);
    const [one, other] = server.requests.map(({ headers: { authorization: _, ...headers }, ...rest }) => ({
      ...rest,
      headers,
    }));
    expect(one).toEqual(other);
  });

  it('T10: a request that waited for its token is renewed as well', async () => {
    const server = await startRefusing();
    const source = new FakeSource(server.origin, { atHand: false });
    const agent = agentOf(undici, [authorize(source)]);
    expect(await send(agent, server.origin, { method: 'PUT', body: 'a' })).toMatchObject({ body: 'got a' });
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it.each<[string, () => unknown]>([
    ['a list', () => ['x-one', '1']],
    ['Headers', () => new Headers({ 'x-one': '1' })],
    [
      'what can be read once',
      function* () {
        yield ['x-one', '1'];
      },
    ],
  ])('T10: headers given as %s are sent again', async (_name, headers) => {
    const server = await startRefusing();
    const { agent } = sourceAndAgent(server);
    await send(agent, server.origin, { headers: headers() });
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(server.requests.map(({ headers: { 'x-one': one } }) => one)).toEqual(['1', '1']);
  });

  it('T10: what is sent again is what was given, whatever the caller has made of it since', async () => {
    const server = await startRefusing();
    for (const atHand of [true, false]) {
      const source = new FakeSource(server.origin, { atHand });
      const agent = agentOf(undici, [authorize(source)]);
      const options = {
        origin: server.origin,
        path: '/',
        method: 'POST',
        body: 'a',
        headers: { 'x-one': '1' },
      };
      const sent = agent.request(options);
      options.headers['x-one'] = '2';
      Object.assign(options, { path: '/other', body: 'b' });
      await (await sent).body.text();
    }
    const seen = server.requests.map(({ url, body, headers }) => [url, body, headers['x-one']]);
    expect(new Set(seen.map(String))).toEqual(new Set(['/,a,1']));
    expect(seen).toHaveLength(4);
  });

  const form = () => {
    const body = new undici.FormData();
    body.set('field', 'text');
    body.set('file', new Blob(['bytes']), 'a.txt');
    return body;
  };
  it.each<[string, () => unknown, expected: RegExp]>([
    ['none', () => undefined, /^$/],
    ['null', () => null, /^$/],
    ['text', () => 'text', /^text$/],
    ['no text', () => '', /^$/],
    ['a Buffer', () => Buffer.from('bytes'), /^bytes$/],
    ['a Uint8Array', () => new TextEncoder().encode('bytes'), /^bytes$/],
    [
      'a part of an ArrayBuffer',
      () => new Uint8Array(new TextEncoder().encode('_bytes').buffer, 1),
      /^bytes$/,
    ],
    ['a DataView', () => new DataView(new TextEncoder().encode('bytes').buffer), /^bytes$/],
    ['an ArrayBuffer', () => new TextEncoder().encode('bytes').buffer, /^bytes$/],
    // Undici takes no form of another copy, such as the global one.
    ['a form', () => form(), /name="field"[^]+text[^]+filename="a.txt"[^]+bytes/],
    ['a blob', () => new Blob(['by', 'tes']), /^bytes$/],
  ])('T10: a body that is %s is sent again', async (_name, body, expected) => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    const answer = await send(agent, server.origin, { method: 'POST', body: body() });
    expect(answer.status).toBe(200);
    expect(server.requests).toHaveLength(2);
    for (const request of server.requests) expect(request.body).toMatch(expected);
    expect(source.asked).toHaveLength(1);
  });

  // What a package of forms for Node makes: a stream by the name of a form.
  const pipedForm = () =>
    Object.assign(Readable.from([Buffer.from('bytes')]), { [Symbol.toStringTag]: 'FormData' });
  it.each<[string, () => unknown]>([
    ['a stream', () => Readable.from([Buffer.from('bytes')])],
    ['a form that is a stream', pipedForm],
    ['a web stream', () => new Blob(['bytes']).stream()],
    ['an iterable', () => [Buffer.from('bytes')]],
    [
      'an iterable that can be read once',
      async function* () {
        yield Buffer.from('bytes');
      },
    ],
  ])('T10: the 401 to %s is the answer, and the next request has the next token', async (_name, body) => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    const answer = await send(agent, server.origin, { method: 'POST', body: body() });
    expect(answer).toEqual({ status: 401, body: 'refused' });
    expect(source.asked.map(({ rejected }) => rejected?.value)).toEqual(['token-1']);
    await until(() => source.peek() !== undefined);
    expect(await send(agent, server.origin)).toMatchObject({ status: 200 });
    expect(server.requests.map((request) => [numberOf(request), request.body])).toEqual([
      [1, 'bytes'],
      [2, ''],
    ]);
  });

  it('T10: the 401 to a pipeline is the answer', async () => {
    const server = await startRefusing();
    const { agent } = sourceAndAgent(server);
    expect(await pipeline!(agent, server.origin)).toEqual({ status: 401, body: 'refused' });
    expect(authorizations(server)).toEqual(['Bearer token-1']);
  });

  it('T4: a renewal in the background that fails is nobody’s unhandled rejection', async () => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    source.login = () => Promise.reject(new LatchkeyError('timeout'));
    const unhandled = await unhandledDuring(async () => {
      const answer = await send(agent, server.origin, { method: 'POST', body: Readable.from(['a']) });
      expect(answer.status).toBe(401);
    });
    expect(unhandled).toEqual([]);
    expect(source.asked).toHaveLength(1);
  });

  it('T10: a second 401 is the answer', async () => {
    const server = await startRefusing((request, response) => {
      response.writeHead(401, { 'x-number': numberOf(request) }).end(`no ${numberOf(request)}`);
    }, Infinity);
    const { source, agent } = sourceAndAgent(server);
    expect(await send(agent, server.origin)).toEqual({ status: 401, body: 'no 2' });
    expect(server.requests).toHaveLength(2);
    expect(source.asked).toHaveLength(1);
    expect(source.taken).toEqual([]);
  });

  it('T10: a 403 is the answer, and renews nothing', async () => {
    const server = await startRefusing((_request, response) => response.writeHead(403).end('no'));
    const { source, agent } = sourceAndAgent(server);
    expect(await send(agent, server.origin)).toEqual({ status: 403, body: 'no' });
    expect(source.asked).toEqual([]);
  });

  it.each(Object.keys(ways))('T10: %s fails with the error of a renewal that fails', async (way) => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    const failure = new LatchkeyError('invalid_credentials', { actor: 'service' });
    source.login = () => Promise.reject(failure);
    const error: unknown = await ways[way]!(agent, server.origin).catch((thrown: unknown) => thrown);
    expect(way.endsWith('fetch') ? (error as Error).cause : error).toBe(failure);
    expect(server.requests).toHaveLength(1);
    expect(source.asked).toHaveLength(1);
  });

  it('T10: a HEAD that is refused is sent again', async () => {
    const server = await startRefusing();
    const { agent } = sourceAndAgent(server);
    expect(await send(agent, server.origin, { method: 'HEAD' })).toEqual({ status: 200, body: '' });
    expect(server.requests).toHaveLength(2);
  });

  it('T10: a 401 after informational answers, which the caller gets, is renewed', async () => {
    const server = await startRefusing((_request, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(401).end();
    });
    const { agent } = sourceAndAgent(server);
    const infos: number[] = [];
    const { statusCode, body } = await agent.request({
      origin: server.origin,
      path: '/',
      method: 'POST',
      onInfo: ({ statusCode }) => infos.push(statusCode),
    });
    await body.dump();
    expect([statusCode, infos]).toEqual([200, [103]]);
  });

  it('T10: a short 401 is read to its end, and its connection used again', async () => {
    const server = await startRefusing((_request, response) =>
      response.writeHead(401).end('x'.repeat(10_000)),
    );
    const { agent } = sourceAndAgent(server, { connections: 1 });
    expect(await send(agent, server.origin)).toEqual({ status: 200, body: 'got ' });
    expect(server.accepted).toBe(1);
  });

  it('T10: a 401 that does not end is left when the token comes, even on the only connection', async () => {
    const server = await startRefusing((_request, response) => response.writeHead(401).write('and so on'));
    const { agent } = sourceAndAgent(server, { connections: 1, pipelining: 1 });
    expect(await send(agent, server.origin)).toEqual({ status: 200, body: 'got ' });
    await until(() => server.sockets.size === 1);
    expect(server.accepted).toBe(2);
  });

  it('T10: a long 401 is left long before it ends, though the token takes its time', async () => {
    let written = 0;
    const pour = (response: ServerResponse): void => {
      while (!response.destroyed) {
        written += 16_384;
        if (!response.write('x'.repeat(16_384))) return void response.once('drain', () => pour(response));
      }
    };
    const server = await startRefusing((_request, response) => pour(response.writeHead(401)));
    const { source, agent } = sourceAndAgent(server);
    const login = deferred<undefined>();
    source.login = () => login.promise;
    const sent = send(agent, server.origin);
    await until(() => server.requests.length === 1 && server.sockets.size === 0);
    expect(written).toBeLessThan(16 * 1024 * 1024); // what the system keeps in its buffers, at most
    login.resolve(undefined);
    expect(await sent).toEqual({ status: 200, body: 'got ' });
  });

  it('T10: a 401 that does not end is left when its renewal fails, and when its caller leaves', async () => {
    const server = await startRefusing((_request, response) => response.writeHead(401).write('and so on'));
    const { source, agent } = sourceAndAgent(server);
    source.login = () => Promise.reject(new LatchkeyError('timeout'));
    await expect(send(agent, server.origin)).rejects.toMatchObject({ code: 'timeout' });
    await until(() => server.sockets.size === 0);

    const second = sourceAndAgent(server);
    second.source.login = () => new Promise(() => {});
    const caller = new AbortController();
    const sent = send(second.agent, server.origin, { signal: caller.signal });
    await until(() => second.source.asked.length === 1);
    caller.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    await until(() => server.sockets.size === 0);
  });

  it('T10: a connection that breaks off in the 401 does not matter', async () => {
    const server = await startRefusing((_request, response) => {
      response.writeHead(401, { 'content-length': 100 }).write('x');
      setImmediate(() => response.destroy());
    });
    const { source, agent } = sourceAndAgent(server);
    const login = deferred<undefined>();
    source.login = () => login.promise;
    const sent = send(agent, server.origin);
    await until(() => server.requests.length === 1 && server.sockets.size === 0);
    login.resolve(undefined);
    expect(await sent).toEqual({ status: 200, body: 'got ' });
  });

  it('T10: an upgrade that is refused is tried again, and taken for an answer to the token', async () => {
    const server = await startRaw((socket, received) => {
      if (!hasWholeRequest(received)) return;
      if (/^authorization: Bearer token-2\r$/m.test(received))
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
      else socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno');
    });
    const { source, agent } = sourceAndAgent(server);
    const { socket } = await agent.upgrade({ origin: server.origin, path: '/', protocol: 'echo' } as never);
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    expect(source.taken).toEqual(['token-2']);
    expect(source.asked).toHaveLength(1);
  });

  it('T2: any number of requests refused together make one login, and each is sent once more', async () => {
    const held: (() => void)[] = [];
    const server = await startRefusing((_request, response) => {
      held.push(() => response.writeHead(401).end('refused'));
      if (held.length === 200) for (const release of held) release();
    });
    const { source, agent } = sourceAndAgent(server);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => send(agent, `${server.origin}/${at}`)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(source.logins).toBe(2);
    expect(server.requests.length).toBe(400);
    expect(new Set(server.requests.slice(200).map(({ url }) => url)).size).toBe(200);
  });

  it('T2: late 401s, before, during and after the renewal, make one login, whatever their order', async () => {
    // Each step lets go of a 401 that is held, sends a request more, or lets the login end.
    const steps = fc.array(fc.constantFrom('send', 'refuse', 'login'), { minLength: 4, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const held: (() => void)[] = [];
        const server = await startRefusing((_request, response) => {
          held.push(() => response.writeHead(401).end('refused'));
        });
        const { source, agent } = sourceAndAgent(server);
        const login = deferred<undefined>();
        source.login = () => login.promise;
        const sent: Promise<unknown>[] = [];
        let isRefused = false;
        for (const step of ['send', ...schedule]) {
          if (step === 'send') {
            const isOld = source.peek() !== undefined && !isRefused;
            const before = held.length;
            sent.push(send(agent, `${server.origin}/${sent.length}`));
            if (isOld) await until(() => held.length > before);
          } else if (step === 'refuse') {
            const release = held.splice(Math.floor(held.length / 2), 1)[0];
            isRefused ||= release !== undefined;
            const asked = source.asked.length;
            release?.();
            if (release) await until(() => source.asked.length > asked);
          } else login.resolve(undefined);
        }
        login.resolve(undefined);
        const isAnyRefused = held.length > 0 || isRefused;
        for (const release of held) release();
        expect(await Promise.all(sent)).toEqual(sent.map(() => ({ status: 200, body: 'got ' })));
        expect(source.logins).toBe(isAnyRefused ? 2 : 1);
        const numbers = server.requests.map((request) => `${request.url} ${numberOf(request)}`);
        expect(new Set(numbers).size).toBe(numbers.length);
        await server.close();
      }),
      { numRuns: 25 },
    );
  });

  it('T2: a renewal that fails fails all that wait for it, and none is sent again', async () => {
    const server = await startRefusing();
    const { source, agent } = sourceAndAgent(server);
    const login = deferred<undefined>();
    source.login = () => login.promise;
    const failure = new LatchkeyError('upstream_unavailable');
    const sent = Array.from({ length: 20 }, () =>
      send(agent, server.origin).catch((error: unknown) => error),
    );
    await until(() => source.asked.length === 20);
    login.reject(failure);
    expect(await Promise.all(sent)).toEqual(Array.from({ length: 20 }, () => failure));
    expect(server.requests).toHaveLength(20);
  });

  describe('where redirects are followed inside', () => {
    const redirect = undici.interceptors.redirect({ maxRedirections: 3 });

    it('T8: the 401 of another origin is not about the token', async () => {
      const other = await startHttp((_request, response) => response.writeHead(401).end('who are you'));
      const server = await startHttp((_request, response) =>
        response.writeHead(302, { location: other.origin }).end(),
      );
      for (const atHand of [true, false]) {
        const source = new FakeSource(server.origin, { atHand });
        const agent = agentOf(undici, [redirect, authorize(source)]);
        expect(await send(agent, server.origin)).toEqual({ status: 401, body: 'who are you' });
        expect(source.asked.filter(({ rejected }) => rejected)).toEqual([]);
        expect(source.taken).toEqual([]);
      }
      expect(authorizations(other)).toEqual([undefined, undefined]);
    });

    it('a 200 of another origin is not either', async () => {
      const other = await startHttp((_request, response) => response.end('welcome'));
      const server = await startHttp((_request, response) =>
        response.writeHead(302, { location: other.origin }).end(),
      );
      const source = new FakeSource(server.origin);
      const agent = agentOf(undici, [redirect, authorize(source)]);
      expect(await send(agent, server.origin)).toEqual({ status: 200, body: 'welcome' });
      expect(source.taken).toEqual([]);
    });

    it.each([
      ['GET', undefined, 2],
      ['HEAD', undefined, 2],
      ['POST', 'text', 1],
      ['DELETE', undefined, 1],
    ])('T10: a %s refused after a redirect within the origin is sent %s times in all', async (...row) => {
      const [method, body, times] = row;
      const server = await startHttp(({ url, headers }, response) => {
        if (url === '/') response.writeHead(303, { location: '/there' }).end();
        else response.writeHead(headers.authorization === 'Bearer token-2' ? 200 : 401).end();
      });
      for (const atHand of [true, false]) {
        const source = new FakeSource(server.origin, { atHand });
        const agent = agentOf(undici, [redirect, authorize(source)]);
        const { status } = await send(agent, server.origin, { method, body });
        expect(status).toBe(times === 2 ? 200 : 401);
        expect(source.asked.filter(({ rejected }) => rejected)).toHaveLength(1);
      }
      expect(server.requests.filter(({ url }) => url === '/')).toHaveLength(2 * times);
    });
  });
});
