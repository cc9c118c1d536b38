import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, unhandledDuring } from './failures.js';
import { startHttp } from './loopback.js';
import { anything, login, until, upstreamAt } from './upstreams.js';

describe('close of an upstream', () => {
  it('T13: ends what is under way with closed: headers, body and back-off', async () => {
    const server = await startHttp(({ url }, response) => {
      if (url === '/body') response.write('{');
      if (url === '/back-off') response.writeHead(503, { 'retry-after': '5' }).end();
    });
    const clock = virtualClock();
    const upstream = upstreamAt(server.origin, { clock });
    const unhandled = await unhandledDuring(async () => {
      const calls = ['/headers', '/body', '/back-off'].map((path) =>
        failureOf(upstream.json(anything({ path }))),
      );
      await until(() => server.requests.length === 3 && clock.sleepers === 4);
      await upstream.close();
      for (const error of await Promise.all(calls)) {
        expect(error).toMatchObject({ code: 'closed', provider: 'acme', retryable: false });
      }
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
    expect(server.requests).toHaveLength(3);
  });

  it('T13: refuses what comes afterwards, and may be called again', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin);
    await upstream.close();
    await upstream.close();
    expect((await failureOf(upstream.json(login()))).code).toBe('closed');
    expect(server.accepted).toBe(0);
  });

  it('T13: leaves no connection and no timer of its own', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers();
    const upstream = upstreamAt(server.origin);
    await Promise.all([1, 2, 3].map(() => upstream.json(anything())));
    expect(server.sockets.size).toBeGreaterThan(0);
    await upstream.close();
    // Far less than the seconds after which an idle connection ends by itself.
    await until(() => server.sockets.size === 0, 1_000);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('ends a call that is still connecting', async () => {
    let asked = false;
    const dispatcher = new Agent({
      connect: () => {
        asked = true;
      },
    });
    const upstream = upstreamAt('http://127.0.0.1:9', { dispatcher });
    const outcome = failureOf(upstream.json(anything()));
    await until(() => asked);
    await upstream.close();
    expect((await outcome).code).toBe('closed');
    await dispatcher.destroy();
  });

  it('leaves the connections of a dispatcher that was given to whoever gave it', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const dispatcher = new Agent();
    const [one, other] = [
      upstreamAt(server.origin, { dispatcher }),
      upstreamAt(server.origin, { dispatcher }),
    ];
    await one.json(anything());
    await one.close();
    expect(server.sockets.size).toBe(1);
    expect(await other.json(anything())).toBe(1);
    await dispatcher.close();
  });

  it('a dispatcher that was closed by its owner is said to be closed', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const dispatcher = new Agent();
    await dispatcher.close();
    const error = await failureOf(upstreamAt(server.origin, { dispatcher }).json(anything()));
    expect(error.code).toBe('closed');
    expect(error.message).toContain('dispatcher that is closed');
  });
});
