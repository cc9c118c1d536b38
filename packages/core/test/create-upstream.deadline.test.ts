import { getEventListeners } from 'node:events';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, unhandledDuring } from './failures.js';
import { deadOrigin, startHttp, startRaw } from './loopback.js';
import { anything, hastyClock, login, until, upstreamAt } from './upstreams.js';

const timeoutMs = 60_000;

/** The places where an exchange can hang, each with what tells that it has got there. */
const hangs: [string, () => Promise<{ origin: string; dispatcher?: Agent; hasHung: () => boolean }>][] = [
  [
    'the connection',
    async () => {
      let asked = false;
      const dispatcher = new Agent({
        connect: () => {
          asked = true;
        },
      });
      return { origin: 'http://127.0.0.1:9', dispatcher, hasHung: () => asked };
    },
  ],
  [
    'the queue for a connection',
    async () => {
      const server = await startHttp(() => {});
      const dispatcher = new Agent({ connections: 1, pipelining: 1 });
      dispatcher.request({ origin: server.origin, path: '/first', method: 'GET' }).catch(() => {});
      await until(() => server.requests.length === 1);
      return { origin: server.origin, dispatcher, hasHung: () => true };
    },
  ],
  [
    'the headers',
    async () => {
      const server = await startHttp(() => {});
      return { origin: server.origin, hasHung: () => server.requests.length === 1 };
    },
  ],
  [
    'half of the headers',
    async () => {
      const server = await startRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nX-Slow: '));
      return { origin: server.origin, hasHung: () => server.accepted === 1 };
    },
  ],
  [
    'the body',
    async () => {
      let sent = false;
      const server = await startHttp((_, response) => {
        response.write('{"token":', () => (sent = true));
      });
      return { origin: server.origin, hasHung: () => sent };
    },
  ],
];

describe('the deadline of a call', () => {
  it.each(hangs)('F1: covers %s', async (_, hang) => {
    const { hasHung, ...options } = await hang();
    const clock = virtualClock();
    const unhandled = await unhandledDuring(async () => {
      const { origin, dispatcher } = options;
      const outcome = failureOf(upstreamAt(origin, { clock, timeoutMs, dispatcher }).json(anything()));
      await until(hasHung);
      await clock.advance(timeoutMs - 1);
      expect(clock.sleepers).toBe(1);
      await clock.advance(1);
      expect(await outcome).toMatchObject({ code: 'timeout', provider: 'acme', retryable: true });
      await dispatcher?.destroy();
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });

  it('F1: covers a body that comes a byte now and then', async () => {
    const server = await startHttp((_, response) => {
      const dripping = setInterval(() => response.write(' '), 2);
      response.on('close', () => clearInterval(dripping));
    });
    const clock = virtualClock();
    const outcome = failureOf(upstreamAt(server.origin, { clock, timeoutMs }).json(anything()));
    await until(() => server.requests.length === 1);
    for (let step = 0; step < 10; step += 1) await clock.advance(timeoutMs / 10);
    expect((await outcome).code).toBe('timeout');
    await until(() => server.sockets.size === 0);
  });

  it('is one for all sendings together', async () => {
    const server = await startHttp((_, response) => response.writeHead(503, { 'retry-after': '20' }).end());
    const clock = virtualClock();
    const outcome = failureOf(upstreamAt(server.origin, { clock, timeoutMs: 50_000 }).json(anything()));
    for (const count of [1, 2]) {
      await until(() => server.requests.length === count && clock.sleepers === 2);
      await clock.advance(20_000);
    }
    // Ten seconds are left, and the provider asks for twenty.
    expect(await outcome).toMatchObject({ code: 'upstream_error', status: 503, retryAfterMs: 20_000 });
    expect(server.requests).toHaveLength(3);
  });

  it('leaves no timer behind when the answer came', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const clock = virtualClock();
    expect(await upstreamAt(server.origin, { clock }).json(anything())).toBe(1);
    expect(clock.sleepers).toBe(0);
  });

  it('F1: a server that stops in the middle is given up on by the real clock too', async () => {
    const server = await startHttp((_, response) => response.writeHead(200).write('{'));
    const error = await failureOf(upstreamAt(server.origin, { timeoutMs: 50 }).json(login()));
    expect(error.code).toBe('timeout');
    expect(server.requests).toHaveLength(1);
  });
});

describe('a call that the caller aborts', () => {
  const reason = { not: 'an error' };

  it.each(hangs)('ends with the reason as it came, in the middle of %s', async (_, hang) => {
    const { origin, dispatcher, hasHung } = await hang();
    const controller = new AbortController();
    const { signal } = controller;
    const clock = virtualClock();
    const unhandled = await unhandledDuring(async () => {
      const outcome = expect(
        upstreamAt(origin, { clock, dispatcher }).json(anything({ signal })),
      ).rejects.toBe(reason);
      await until(hasHung);
      controller.abort(reason);
      await outcome;
      await dispatcher?.destroy();
    });
    expect(unhandled).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });

  it('may share its signal with many others, without a warning of a leak', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    try {
      const { signal } = new AbortController();
      const upstream = upstreamAt(server.origin);
      await Promise.all(Array.from({ length: 50 }, () => upstream.json(anything({ signal }))));
      // Warnings are told at the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', note);
    }
    expect(warnings).toEqual([]);
  });

  it('is not sent when it was aborted before', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const call = upstreamAt(server.origin).json(anything({ signal: AbortSignal.abort(reason) }));
    await expect(call).rejects.toBe(reason);
    expect(server.accepted).toBe(0);
  });

  it('F5: is not sent later either, when it was aborted in the queue', async () => {
    let free = () => {};
    const server = await startHttp((request, response) => {
      free = () => response.end('1');
      if (request.url !== '/first') free();
    });
    const dispatcher = new Agent({ connections: 1, pipelining: 1 });
    const upstream = upstreamAt(server.origin, { dispatcher });
    const first = upstream.json(anything({ path: '/first' }));
    await until(() => server.requests.length === 1);
    const controller = new AbortController();
    const aborted = expect(upstream.json(login({ signal: controller.signal }))).rejects.toBe(reason);
    const third = upstream.json(anything({ path: '/third' }));
    controller.abort(reason);
    await aborted;
    free();
    await Promise.all([first, third]);
    expect(server.requests.map(({ url }) => url)).toEqual(['/first', '/third']);
    await dispatcher.destroy();
  });

  it('ends during a back-off, and is not sent again', async () => {
    const server = await startHttp((_, response) => response.writeHead(503, { 'retry-after': '5' }).end());
    const clock = virtualClock();
    const controller = new AbortController();
    const call = upstreamAt(server.origin, { clock }).json(anything({ signal: controller.signal }));
    const outcome = expect(call).rejects.toBe(reason);
    await until(() => clock.sleepers === 2);
    controller.abort(reason);
    await outcome;
    expect(clock.sleepers).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  it('leaves no listener on a signal that outlives many calls, whatever became of them', async () => {
    const server = await startHttp(({ url }, response) =>
      response.writeHead(url === '/login' ? 401 : 200).end('1'),
    );
    const { signal } = new AbortController();
    for (const origin of [server.origin, await deadOrigin()]) {
      const upstream = upstreamAt(origin, { clock: hastyClock });
      const calls = [anything({ signal }), login({ signal }), anything({ signal, path: 'nowhere' })];
      await Promise.allSettled(calls.map((call) => upstream.json(call)));
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
