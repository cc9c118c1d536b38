import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Dispatcher } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authorize } from '../src/index.js';
import { agentOf, FakeSource, undicis, waysToSend, type Undici } from './authorize-fixtures.js';
import { selfSigned } from './self-signed.js';

/** What a server of both schemes received: the origin that was meant, the path, and the header that matters. */
interface Received {
  readonly origin: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

const tls = selfSigned();

/** A server of http and https on one port. `/to/<status>/<location>` redirects. */
async function startBoth(received: Received[]): Promise<number> {
  const listener =
    (scheme: string): http.RequestListener =>
    ({ url = '', headers: { host, authorization } }, response) => {
      received.push({ origin: `${scheme}://${host ?? ''}`, path: url, authorization });
      const [, , status = '200', location = ''] = url.split('/');
      response.writeHead(Number(status), location ? { location: decodeURIComponent(location) } : {});
      response.end('landed');
    };
  const plain = http.createServer(listener('http'));
  const secure = https.createServer(tls, listener('https'));
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // a client that left
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === tlsHandshake ? secure : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as net.AddressInfo).port;
}

const tlsHandshake = 0x16;

/** Where a redirect leads from `http://localhost:port`, and whether it leaves that origin. */
const kinds: Record<string, { to: (port: number, other: number) => string; leaves: boolean }> = {
  'another port': { to: (_, other) => `http://localhost:${other}/end/200/`, leaves: true },
  'another host at the same port': { to: (port) => `http://127.0.0.1:${port}/end/200/`, leaves: true },
  'another scheme at the same port': { to: (port) => `https://localhost:${port}/end/200/`, leaves: true },
  'a URL relative to the scheme': { to: (_, other) => `//localhost:${other}/end/200/`, leaves: true },
  'a URL with the origin for userinfo': {
    to: (port, other) => `http://localhost:${port}@localhost:${other}/end/200/`,
    leaves: true,
  },
  'another port, and back from there': {
    to: (port, other) =>
      `http://localhost:${other}/to/307/${encodeURIComponent(`http://localhost:${port}/end/200/`)}`,
    leaves: true,
  },
  'a relative URL': { to: () => '/end/200/', leaves: false },
  'the whole URL of the same origin': { to: (port) => `http://localhost:${port}/end/200/`, leaves: false },
};

/** Who follows redirects: what is outside of `authorize`, or what is inside. `fetch` follows them itself, outside of all. */
function followerOf(way: string, order: readonly string[]): 'nobody' | 'inside' | 'outside' {
  if (way.endsWith('fetch')) return 'outside';
  if (!order.includes('redirect')) return 'nobody';
  return order.indexOf('redirect') < order.indexOf('authorize') ? 'inside' : 'outside';
}

type Interceptors = Record<
  'authorize' | 'redirect' | 'retry' | 'dns',
  Dispatcher.DispatcherComposeInterceptor
>;

/** Each from the inside to the outside. */
const orders: (keyof Interceptors)[][] = [
  ['authorize'],
  ['authorize', 'redirect'],
  ['redirect', 'authorize'],
  ['authorize', 'retry', 'redirect'],
  ['authorize', 'redirect', 'retry'],
  ['retry', 'authorize', 'redirect'],
  ['redirect', 'retry', 'authorize'],
  ['retry', 'redirect', 'authorize'],
  ['dns', 'authorize', 'redirect'],
  ['dns', 'redirect', 'authorize'],
  ['redirect', 'dns', 'authorize'],
];

function interceptorsOf({ interceptors }: Undici, source: FakeSource): Interceptors {
  return {
    authorize: authorize(source),
    redirect: interceptors.redirect({ maxRedirections: 5 }),
    retry: interceptors.retry({ maxRetries: 1, minTimeout: 1 }),
    dns: interceptors.dns({
      lookup: (_origin, _options, done) => done(null, [{ address: '127.0.0.1', ttl: 60_000, family: 4 }]),
    }),
  };
}

describe.each(undicis)('T8: with %s the token stays at its origin', (_, undici) => {
  const { pipeline: _unused, ...ways } = waysToSend(undici);

  describe.each(orders.map((order) => [order.join(', '), order] as const))('[%s]', (_, order) => {
    it.each(Object.keys(ways))('when %s is redirected, whatever the way', async (way) => {
      const received: Received[] = [];
      const [port, other] = [await startBoth(received), await startBoth(received)];
      const origin = `http://localhost:${port}`;
      const all = interceptorsOf(undici, new FakeSource(origin));
      const agent = agentOf(
        undici,
        order.map((name) => all[name]),
        { connect: { rejectUnauthorized: false } },
      );
      const follower = followerOf(way, order);
      // A redirect handler inside does not put a token on again; with dns in between it cannot tell whether it has left.
      const isLost = (leaves: boolean) =>
        follower === 'inside' && (leaves || order.indexOf('dns') > order.indexOf('redirect'));
      let elsewhere = 0;
      for (const [kind, { to, leaves }] of Object.entries(kinds)) {
        for (const status of [301, 302, 303, 307, 308]) {
          received.length = 0;
          const path = `/to/${status}/${encodeURIComponent(to(port, other))}`;
          // `fetch` refuses to follow some of them, which is as well.
          await ways[way]!(agent, origin + path, { method: 'GET' }).catch(() => undefined);

          const what = `${status} to ${kind}: ${JSON.stringify(received, null, 1)}`;
          const [first, ...rest] = received;
          expect(first, what).toEqual({ origin, path, authorization: 'Bearer token-1' });
          elsewhere += rest.filter((one) => one.origin !== origin).length;
          for (const one of rest) {
            if (one.origin !== origin) expect(one.authorization, what).toBeUndefined();
            else if (!isLost(leaves)) expect(one.authorization, what).toBe('Bearer token-1');
          }
          if (follower === 'nobody') expect(rest, what).toEqual([]);
          else if (!leaves && !isLost(leaves)) expect(rest, what).toHaveLength(1);
        }
      }
      // With dns in between no redirect is followed inside, or none without the header.
      if (follower === 'outside' || !isLost(false)) expect(elsewhere > 0).toBe(follower !== 'nobody');
    });
  });

  it('where a redirect inside cannot tell an address from the origin: it is not followed with the token', async () => {
    for (const atHand of [true, false]) {
      const received: Received[] = [];
      const port = await startBoth(received);
      const origin = `http://localhost:${port}`;
      const all = interceptorsOf(undici, new FakeSource(origin, { atHand }));
      const agent = agentOf(undici, [all.redirect, all.dns, all.authorize]);
      const path = `/to/302/${encodeURIComponent(`http://127.0.0.1:${port}/end/200/`)}`;
      const outcome: unknown = await ways['request']!(agent, origin + path).catch((error: unknown) => error);
      const [first, ...rest] = received;
      expect(first).toEqual({ origin, path, authorization: 'Bearer token-1' });
      for (const one of rest) expect(one.authorization).toBeUndefined();
      // Undici 8 remembers what dns has made of a request, and takes the header off itself.
      if (rest.length === 0) expect(outcome).toMatchObject({ code: 'invalid_config' });
    }
  });
});
