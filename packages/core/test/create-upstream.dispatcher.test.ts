import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Agent, Client, Pool, ProxyAgent, RetryAgent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failureOf } from './failures.js';
import { startHttp, startHttps, type Handler } from './loopback.js';
import { selfSigned } from './self-signed.js';
import { anything, login, upstreamAt } from './upstreams.js';

const hello: Handler = (_, response) => response.end('"hello"');

/** A proxy that opens tunnels with CONNECT, and keeps the heads of the requests for them. */
async function startProxy(status = 200) {
  const heads: { url: string; headers: http.IncomingHttpHeaders }[] = [];
  const sockets = new Set<net.Socket | Duplex>();
  const proxy = http.createServer((_, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket, head) => {
    const { url = '', headers } = request;
    heads.push({ url, headers });
    sockets.add(socket.on('error', () => {}));
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const there = net.connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    sockets.add(there.on('error', () => {}));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  return { uri: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, heads };
}

describe('a dispatcher that is given', () => {
  it('makes a server with a private CA trusted, which it is not by itself', async () => {
    const tls = selfSigned();
    const server = await startHttps(tls, hello);
    expect(await failureOf(upstreamAt(server.origin).json(anything()))).toMatchObject({
      code: 'upstream_unavailable',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    const dispatcher = new Agent({ connect: { ca: tls.cert } });
    expect(await upstreamAt(server.origin, { dispatcher }).json(login({ token: 'abc' }))).toBe('hello');
    expect(server.requests).toMatchObject([{ headers: { authorization: 'Bearer abc' } }]);
    await dispatcher.close();
  });

  it('does not make another name of a trusted certificate good', async () => {
    const tls = selfSigned();
    const server = await startHttps(tls, hello);
    const dispatcher = new Agent({ connect: { ca: tls.cert, servername: 'other.example' } });
    const error = await failureOf(upstreamAt(server.origin, { dispatcher }).json(login()));
    expect(error).toMatchObject({
      code: 'upstream_unavailable',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(server.requests).toEqual([]);
    await dispatcher.destroy();
  });

  it('leads through a proxy, which sees neither token nor body', async () => {
    const tls = selfSigned();
    const server = await startHttps(tls, hello);
    const { uri, heads } = await startProxy();
    const dispatcher = new ProxyAgent({ uri, requestTls: { ca: tls.cert } });
    const call = upstreamAt(server.origin, { dispatcher }).json(login({ token: 'c4nary-token' }));
    expect(await call).toBe('hello');
    expect(heads.map(({ url }) => url)).toEqual([`127.0.0.1:${server.port}`]);
    expect(JSON.stringify(heads)).not.toContain('c4nary');
    expect(server.requests).toHaveLength(1);
    await dispatcher.close();
  });

  it.each([407, 502])('F5: a login POST that the proxy refuses with %i is not sent', async (status) => {
    const server = await startHttp(hello);
    const { uri, heads } = await startProxy(status);
    const dispatcher = new ProxyAgent({ uri, proxyTunnel: true });
    const error = await failureOf(upstreamAt(server.origin, { dispatcher }).json(login()));
    expect(error.code).toBe('upstream_unavailable');
    expect(heads).toHaveLength(1);
    expect(server.accepted).toBe(0);
    await dispatcher.destroy();
  });

  it.each<[string, (origin: string) => Agent | Client | Pool | RetryAgent]>([
    ['Client', (origin) => new Client(origin)],
    ['Pool', (origin) => new Pool(origin)],
    ['Agent', () => new Agent()],
    ['RetryAgent', () => new RetryAgent(new Agent())],
  ])('may be any of undici: %s', async (_, make) => {
    const server = await startHttp(hello);
    const dispatcher = make(server.origin);
    expect(await upstreamAt(server.origin, { dispatcher }).json(login())).toBe('hello');
    await dispatcher.close();
  });

  it('F5: a RetryAgent does not send a login POST again either', async () => {
    const server = await startHttp((_, response) => response.writeHead(503).end());
    const dispatcher = new RetryAgent(new Agent(), { minTimeout: 1 });
    await failureOf(upstreamAt(server.origin, { dispatcher }).json(login()));
    expect(server.requests).toHaveLength(1);
    await dispatcher.close();
  });

  it('that bounds the reply itself gives an invalid_response, not another try', async () => {
    const server = await startHttp((_, response) => response.end(JSON.stringify('x'.repeat(1_000))));
    const dispatcher = new Agent({ maxResponseSize: 100 });
    const error = await failureOf(upstreamAt(server.origin, { dispatcher }).json(anything()));
    expect(error).toMatchObject({ code: 'invalid_response', retryable: false });
    expect(server.requests).toHaveLength(1);
    await dispatcher.destroy();
  });
});

describe('without a dispatcher', () => {
  it('TLS is spoken with a server that does not: upstream_unavailable', async () => {
    const server = await startHttp(hello);
    const origin = server.origin.replace('http:', 'https:');
    const error = await failureOf(upstreamAt(origin).json(login()));
    expect(error).toMatchObject({ code: 'upstream_unavailable', retryable: true });
    expect(server.requests).toEqual([]);
  });
});
