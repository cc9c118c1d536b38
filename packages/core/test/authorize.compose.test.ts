import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import type { Dispatcher } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authorize, staticTokenSource } from '../src/index.js';
import {
  agentOf,
  authorizations,
  deferred,
  FakeSource,
  undicis,
  waysToSend,
  type Undici,
} from './authorize-fixtures.js';
import { hasWholeRequest, startHttp, startRaw, type LoopbackServer } from './loopback.js';
import { until } from './upstreams.js';

/** Where the servers of these tests are by name: the interceptor for DNS leaves addresses alone. */
const named = ({ port }: { port: number }) => `http://localhost:${port}`;

function dnsOf({ interceptors }: Undici): Dispatcher.DispatcherComposeInterceptor {
  return interceptors.dns({
    lookup: (_origin, _options, done) => done(null, [{ address: '127.0.0.1', ttl: 60_000, family: 4 }]),
  });
}

/** Refuses `token-1`. */
function startRefusing(): Promise<LoopbackServer> {
  return startHttp(({ headers }, response) =>
    response
      .writeHead(headers.authorization === 'Bearer token-1' ? 401 : 200, { 'x-one': ['1', '2'] })
      .end('body'),
  );
}

describe.each(undicis)('with %s', (name, undici) => {
  const ways = waysToSend(undici);
  const send = ways['request']!;
  const thrownBySending = (agent: Dispatcher, url: string, options?: object) =>
    send(agent, url, options).then(
      () => 'nothing was thrown',
      (error: unknown) => error,
    );

  describe('dns', () => {
    it('inside is no matter', async () => {
      const server = await startRefusing();
      const source = new FakeSource(named(server));
      const agent = agentOf(undici, [dnsOf(undici), authorize(source)]);
      for (const way of Object.keys(ways).filter((one) => one !== 'pipeline')) {
        expect(await ways[way]!(agent, named(server))).toEqual({ status: 200, body: 'body' });
      }
      expect(authorizations(server).slice(0, 2)).toEqual(['Bearer token-1', 'Bearer token-2']);
    });

    it.each<[string, object]>([
      ['with no headers', {}],
      ['with headers', { headers: { 'x-one': '1' } }],
      ['with a list of headers', { headers: ['x-one', '1'] }],
      ['with Headers', { headers: new Headers({ 'x-one': '1' }) }],
      ['with a Host of its own', { headers: { host: 'example.org' } }],
    ])('outside hides the origin of a request %s: it fails, and says what to do', async (_, options) => {
      const server = await startHttp((_request, response) => response.end());
      const source = new FakeSource(named(server));
      const agent = agentOf(undici, [authorize(source), dnsOf(undici)]);
      expect(await thrownBySending(agent, named(server), options)).toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining('put authorize() after it in compose()') as string,
      });
      expect(server.accepted).toBe(0);
    });

    it('outside, with a port of its own for the address, does so as well', async () => {
      const server = await startHttp((_request, response) => response.end());
      const origin = 'http://localhost:1';
      const { port } = server;
      const dns = undici.interceptors.dns({
        lookup: (_origin, _options, done) =>
          done(null, [{ address: '127.0.0.1', ttl: 60_000, family: 4, port } as never]),
      });
      const agent = agentOf(undici, [authorize(new FakeSource(origin)), dns]);
      expect(await thrownBySending(agent, origin)).toMatchObject({ code: 'invalid_config' });
      expect(server.accepted).toBe(0);
    });

    it("outside lets requests to other origins pass, and those with the caller's own Authorization", async () => {
      const server = await startHttp((_request, response) => response.end());
      const other = await startHttp((_request, response) => response.end());
      const agent = agentOf(undici, [authorize(new FakeSource(named(server))), dnsOf(undici)]);
      await send(agent, named(other));
      await send(agent, server.origin);
      await send(agent, named(server), { headers: { authorization: 'Basic own' } });
      expect(authorizations(other)).toEqual([undefined]);
      expect(authorizations(server)).toEqual([undefined, 'Basic own']);
    });

    it('T8: outside, it makes no other name of the same address the origin', async () => {
      const server = await startHttp((_request, response) => response.end());
      const agent = agentOf(undici, [authorize(new FakeSource(server.origin)), dnsOf(undici)]);
      await send(agent, named(server));
      expect(authorizations(server)).toEqual([undefined]);
      await send(agent, server.origin);
      expect(authorizations(server)).toEqual([undefined, 'Bearer token-1']);
    });

    it('outside, with an address of IPv6, does so as well', () => {
      const dispatched: unknown[] = [];
      const dispatch = authorize(new FakeSource('http://localhost:3000'))(
        (...call) => dispatched.push(call) > 0,
      );
      const errors: unknown[] = [];
      for (const headers of [{ host: 'localhost:3000' }, {}]) {
        const options = { origin: 'http://[::1]:3000', servername: 'localhost', path: '/', headers };
        dispatch(
          { ...options, method: 'GET' },
          { onRequestStart: () => {}, onResponseError: (_controller, error) => errors.push(error) },
        );
      }
      expect(dispatched).toEqual([]);
      expect(errors).toEqual(Array(2).fill(expect.objectContaining({ code: 'invalid_config' })));
    });

    it('a name for TLS that a caller gives is no sign of it', () => {
      const seen: unknown[] = [];
      const options = { path: '/', method: 'GET' } as const;
      for (const origin of ['https://api.example.com', 'https://192.0.2.1', 'https://[2001:db8::1]']) {
        const dispatch = authorize(new FakeSource(origin))(({ headers }) => seen.push(headers) > 0);
        const own = { ...options, origin, servername: 'internal.example' };
        dispatch(own, { onRequestStart: () => {} });
        const other = { ...options, origin: 'https://example.org', servername: new URL(origin).hostname };
        dispatch(other, { onRequestStart: () => {} });
      }
      const bearer = { authorization: 'Bearer token-1' };
      expect(seen).toEqual([bearer, undefined, bearer, undefined, bearer, undefined]);
    });
  });

  describe('a dispatcher of one origin', () => {
    function clientOf(origin: string, source: FakeSource): Dispatcher {
      const client = new undici.Client(origin);
      onTestFinished(() => client.destroy());
      return client.compose(authorize(source));
    }

    it('T8: is signed for where it says where it goes, and else not used', async () => {
      const server = await startHttp((_request, response) => response.end());
      const client = clientOf(server.origin, new FakeSource(server.origin));
      const options = { path: '/', method: 'GET' } as Dispatcher.RequestOptions;
      const outcome = client.request(options).then(
        ({ statusCode }) => statusCode,
        (error: unknown) => error,
      );
      // Undici 8 puts the origin in.
      if (name === 'undici 8') expect(await outcome).toBe(200);
      else expect(await outcome).toMatchObject({ code: 'invalid_config' });
      const { statusCode } = await client.request({ ...options, origin: server.origin });
      expect(statusCode).toBe(200);
      expect(new Set(authorizations(server))).toEqual(new Set(['Bearer token-1']));
    });

    if (name === 'undici 8') {
      it('T8: and of another one gets no token, whatever a request says', async () => {
        const server = await startHttp((_request, response) => response.end());
        const origin = 'https://api.example.com';
        const client = clientOf(server.origin, new FakeSource(origin));
        const outcome = client.request({ origin, path: '/', method: 'GET' });
        await expect(outcome).rejects.toMatchObject({ code: 'invalid_config' });
        const { statusCode } = await client.request({
          path: '/',
          method: 'GET',
        });
        expect(statusCode).toBe(200);
        expect(authorizations(server)).toEqual([undefined]);
      });
    }
  });

  describe('handlers', () => {
    const styles: Record<string, (told: string[]) => Dispatcher.DispatchHandler> = {
      new: (told) => ({
        onRequestStart: () => told.push('start'),
        onResponseStart: (_controller, status, headers) =>
          told.push(`head ${status} ${String(headers['x-one'])}`),
        onResponseData: (_controller, chunk) => told.push(`data ${chunk.toString()}`),
        onResponseEnd: () => told.push('end'),
        onResponseError: (_controller, { message }) => told.push(`error ${message}`),
      }),
    };
    if (name === 'undici 7') {
      const old = (told: string[]) => ({
        onConnect: () => told.push('start'),
        onHeaders: (status: number, raw: Buffer[]) =>
          told.push(`head ${status} ${String(raw[raw.findIndex((one) => String(one) === 'x-one') + 1])}`) > 0,
        onData: (chunk: Buffer) => told.push(`data ${chunk.toString()}`) > 0,
        onComplete: () => told.push('end'),
        onError: ({ message }: Error) => told.push(`error ${message}`),
      });
      styles['old'] = old;
    }
    const composing: Record<string, (agent: Dispatcher, source: FakeSource) => Dispatcher.Dispatch> = {
      compose: (agent, source) => {
        const composed = agent.compose(authorize(source));
        return (...call) => composed.dispatch(...call);
      },
      'by hand': (agent, source) => authorize(source)((...call) => agent.dispatch(...call)),
    };
    const table = Object.keys(styles).flatMap((style) =>
      Object.keys(composing).flatMap((how) => [true, false].map((atHand) => [style, how, atHand] as const)),
    );

    it.each(table)('of the %s style, composed by %s, token at hand %s: one answer', async (...row) => {
      const [style, how, atHand] = row;
      const server = await startRefusing();
      const agent = agentOf(undici, []);
      const source = new FakeSource(server.origin, { atHand });
      const told: string[] = [];
      const dispatch = composing[how]!(agent, source);
      dispatch({ origin: server.origin, path: '/', method: 'GET' }, styles[style]!(told));
      await until(() => told.includes('end'));
      // Of a header that is there twice, each style has its own view.
      expect(told.map((one) => one.replace(/ 1,.*/, ' 1'))).toEqual([
        'start',
        'head 200 1',
        'data body',
        'end',
      ]);
      expect(source.taken).toEqual(['token-2']);

      source.login = () => Promise.reject(new Error('no login'));
      await source.getToken({ rejected: source.peek() }).catch(() => {});
      told.length = 0;
      dispatch({ origin: server.origin, path: '/', method: 'GET' }, styles[style]!(told));
      await until(() => told.length === 2);
      expect(told).toEqual(['start', 'error no login']);
    });

    if (name === 'undici 7') {
      it('of the old style are told that an answer starts, as fetch needs it for its timing', async () => {
        const server = await startRefusing();
        for (const atHand of [true, false]) {
          const told: string[] = [];
          const old: object = {
            onConnect: () => {},
            onResponseStarted: () => told.push('started'),
            onHeaders: () => true,
            onData: () => true,
            onComplete: () => told.push('end'),
            onError: () => {},
          };
          const agent = agentOf(undici, [authorize(new FakeSource(server.origin, { atHand }))]);
          agent.dispatch({ origin: server.origin, path: '/', method: 'GET' }, old);
          await until(() => told.includes('end'));
          // That of a 401 that is dropped counts as well.
          expect(told).toEqual(['started', 'started', 'end']);
        }
      });
    }

    it('that are none fail as undici has it', () => {
      const composed = agentOf(undici, [authorize(new FakeSource('https://api.example.com'))]);
      for (const dispatcher of [composed, agentOf(undici, [])]) {
        expect(() =>
          dispatcher.dispatch({ origin: 'https://api.example.com', path: '/', method: 'GET' }, null as never),
        ).toThrow();
      }
    });

    it('are told of a request that undici refuses', async () => {
      const bad = { origin: 'https://api.example.com', path: 'no slash', method: 'GET' } as const;
      for (const atHand of [true, false]) {
        const agent = agentOf(undici, [authorize(new FakeSource(bad.origin, { atHand }))]);
        await expect(agent.request(bad)).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
      }
    });
  });

  it('pipelining: each answer goes to its request', async () => {
    const server = await startHttp(({ url, headers }, response) => {
      const isRefused = headers.authorization === 'Bearer token-1' && Number(url.slice(1)) % 3 === 0;
      response.writeHead(isRefused ? 401 : 200).end(`${url} ${headers.authorization}`);
    });
    const source = new FakeSource(server.origin);
    const agent = agentOf(undici, [authorize(source)], { connections: 1, pipelining: 10 });
    const numbers = Array.from({ length: 40 }, (_, at) => at);
    const answers = await Promise.all(numbers.map((at) => send(agent, `${server.origin}/${at}`)));
    for (const at of numbers) {
      expect(answers[at]!.status).toBe(200);
      expect(answers[at]!.body).toMatch(new RegExp(`^/${at} Bearer token-[12]$`));
    }
    expect(source.logins).toBe(2);
  });

  it('retry inside and outside: the answer of the last try, and a token for each', async () => {
    const retry = undici.interceptors.retry({ maxRetries: 3, minTimeout: 1 });
    for (const outside of [true, false]) {
      let tries = 0;
      const server = await startHttp((_request, response) => {
        tries += 1;
        response.writeHead([503, 401, 503, 200][tries - 1] ?? 200).end('body');
      });
      const source = new FakeSource(server.origin);
      const signed = authorize(source);
      const agent = agentOf(undici, outside ? [signed, retry] : [retry, signed]);
      expect(await send(agent, server.origin)).toEqual({ status: 200, body: 'body' });
      expect(authorizations(server)).toEqual([
        'Bearer token-1',
        'Bearer token-1',
        'Bearer token-2',
        'Bearer token-2',
      ]);
    }
  });

  it('retry inside goes on with a part where a connection broke, with the token', async () => {
    const ranges: (string | undefined)[] = [];
    const server = await startHttp(({ headers }, response) => {
      ranges.push(headers.range);
      if (headers.range) {
        response
          .writeHead(206, { 'content-range': 'bytes 5-9/10', 'content-length': 5, etag: '"a"' })
          .end('67890');
      } else {
        response.writeHead(200, { 'content-length': 10, etag: '"a"' });
        response.write('12345', () => response.destroy());
      }
    });
    const retry = undici.interceptors.retry({ maxRetries: 1, minTimeout: 1 });
    const agent = agentOf(undici, [retry, authorize(new FakeSource(server.origin))]);
    expect(await send(agent, server.origin)).toEqual({ status: 200, body: '1234567890' });
    expect(ranges).toEqual([undefined, 'bytes=5-9']);
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-1']);
  });

  it('redirect inside: the caller learns the history, though its request waited or was sent again', async () => {
    const server = await startHttp(({ url, headers }, response) => {
      if (headers.authorization === 'Bearer token-1') response.writeHead(401).end();
      else if (url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end();
    });
    const redirect = undici.interceptors.redirect({ maxRedirections: 3 });
    for (const atHand of [true, false]) {
      const agent = agentOf(undici, [redirect, authorize(new FakeSource(server.origin, { atHand }))]);
      const { context, body } = await agent.request({ origin: server.origin, path: '/a', method: 'GET' });
      await body.dump();
      const { history } = context as { history: URL[] };
      expect(history.map(({ pathname }) => pathname)).toEqual(['/a', '/b']);
    }
  });

  it('dump outside, which puts an abort of its own on the controller, is let', async () => {
    const server = await startRefusing();
    for (const atHand of [true, false]) {
      const agent = agentOf(undici, [
        authorize(new FakeSource(server.origin, { atHand })),
        undici.interceptors.dump({ maxSize: 1024 }),
      ]);
      expect(await send(agent, server.origin)).toEqual({ status: 200, body: '' });
    }
  });

  it('raw headers are as they came', async () => {
    const server = await startHttp((_request, response) =>
      response.writeHead(200, { 'x-one': ['1', '2'] }).end(),
    );
    const agent = agentOf(undici, [authorize(new FakeSource(server.origin))]);
    const options = { origin: server.origin, path: '/', method: 'GET', responseHeaders: 'raw' } as const;
    const { headers, body } = await agent.request(options);
    await body.dump();
    expect((headers as unknown as string[]).slice(0, 4)).toEqual(['x-one', '1', 'x-one', '2']);
  });

  it('an answer that is read slowly is slowed down, before and after a resend', async () => {
    const size = 8 * 1024 * 1024;
    const server = await startHttp(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-1') response.writeHead(401).end();
      else response.end(Buffer.alloc(size));
    });
    const source = new FakeSource(server.origin);
    const agent = agentOf(undici, [authorize(source)]);
    for (let round = 0; round < 2; round += 1) {
      const { body } = await agent.request({ origin: server.origin, path: '/', method: 'GET' });
      await until(() => body.readableLength > 0);
      // Nobody reads: what has come in stays near the mark of the stream.
      for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(body.readableLength).toBeLessThan(size / 4);
      let got = 0;
      for await (const chunk of body) got += (chunk as Buffer).length;
      expect(got).toBe(size);
    }
  });

  it('an upgrade and a tunnel are signed', async () => {
    const received: string[] = [];
    const server = await startRaw((socket, head) => {
      if (!hasWholeRequest(head)) return;
      received.push(head);
      socket.write(
        head.startsWith('CONNECT')
          ? 'HTTP/1.1 200 Connected\r\n\r\n'
          : 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n',
      );
    });
    for (const atHand of [true, false]) {
      const source = new FakeSource(server.origin, { atHand });
      const agent = agentOf(undici, [authorize(source)]);
      const options = { origin: server.origin, path: '/', protocol: 'echo' };
      for (const { socket } of [await agent.upgrade(options), await agent.connect(options)]) {
        const closed = once(socket, 'close');
        socket.destroy();
        await closed;
      }
      expect(source.taken).toEqual(['token-1', 'token-1']);
    }
    expect(received).toHaveLength(4);
    for (const head of received) expect(head).toMatch(/^authorization: Bearer token-1\r$/m);
  });

  it('a WebSocket of the global dispatcher is signed', async () => {
    const { promise: seen, resolve } = deferred<string | undefined>();
    const server = http
      .createServer()
      .on('upgrade', ({ headers }: http.IncomingMessage, socket: net.Socket) => {
        resolve(headers.authorization);
        socket.destroy();
      });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const dispatcher = agentOf(undici, [authorize(staticTokenSource('abc', `http://127.0.0.1:${port}`))]);
    const socket = new undici.WebSocket(`ws://127.0.0.1:${port}`, { dispatcher });
    const closed = new Promise((done) => socket.addEventListener('close', done));
    expect(await seen).toBe('Bearer abc');
    await closed;
  });

  if (name === 'undici 8') {
    it('a handler is told when its request has been sent', async () => {
      const server = await startRefusing();
      for (const atHand of [true, false]) {
        const told: string[] = [];
        const progress = {
          onBodySent: () => told.push('part'),
          onRequestSent: () => told.push('sent'),
          onResponseStarted: () => told.push('started'),
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: () => {},
          onResponseEnd: () => told.push('end'),
        };
        const agent = agentOf(undici, [authorize(new FakeSource(server.origin, { atHand }))]);
        agent.dispatch({ origin: server.origin, path: '/', method: 'POST', body: 'text' }, progress);
        await until(() => told.includes('end'));
        expect(told.slice(-4)).toEqual(['part', 'sent', 'started', 'end']);
      }
    });
  }
});
