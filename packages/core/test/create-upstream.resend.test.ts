import { describe, expect, it } from 'vitest';
import type { Clock } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf } from './failures.js';
import { deadOrigin, hasWholeRequest, startHttp, startHttps, startRaw } from './loopback.js';
import { selfSigned } from './self-signed.js';
import { anything, hastyClock, login, until, upstreamAt, withoutBackOff } from './upstreams.js';

type Socket = Parameters<Parameters<typeof startRaw>[0]>[0];

/** A server that does the same to every request, and counts them. */
async function failingServer(fail: (socket: Socket) => void) {
  const counted = { requests: 0 };
  const server = await startRaw((socket, received) => {
    if (!hasWholeRequest(received)) return;
    counted.requests += 1;
    fail(socket);
  });
  return { origin: server.origin, counted };
}

const faults: [string, (socket: Socket) => void][] = [
  ['a reset before the answer', (socket) => socket.resetAndDestroy()],
  ['a close before the answer', (socket) => socket.end()],
  [
    'a reset within the headers',
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-', () => socket.resetAndDestroy()),
  ],
  [
    'a reset within the body',
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{', () => socket.resetAndDestroy()),
  ],
  ['a close within the body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{')],
  ['502', (socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')],
  ['503', (socket) => socket.end('HTTP/1.1 503 Unavailable\r\nRetry-After: 0\r\n\r\n')],
  ['504', (socket) => socket.end('HTTP/1.1 504 Timeout\r\n\r\n<html>')],
];

const lasting: [string, string][] = [
  ['500', 'HTTP/1.1 500 Error\r\n\r\n'],
  ['501', 'HTTP/1.1 501 Error\r\n\r\n'],
  ['429', 'HTTP/1.1 429 Slow down\r\nRetry-After: 0\r\n\r\n'],
  ['408', 'HTTP/1.1 408 Timeout\r\n\r\n'],
  ['no HTTP', 'garbage\r\n\r\n'],
  ['no JSON', 'HTTP/1.1 200 OK\r\n\r\n{'],
];

describe('a request that failed', () => {
  it.each(faults)('F5: a login POST is sent exactly once in spite of %s', async (_, fail) => {
    const { origin, counted } = await failingServer(fail);
    const clock = virtualClock();
    await failureOf(upstreamAt(origin, { clock }).json(login()));
    expect(clock.sleepers).toBe(0);
    expect(counted.requests).toBe(1);
  });

  it.each(['PUT', 'PATCH', 'DELETE'] as const)('F5: %s is sent exactly once too', async (method) => {
    for (const [, fail] of faults) {
      const { origin, counted } = await failingServer(fail);
      await failureOf(upstreamAt(origin).json(anything({ method })));
      expect(counted.requests).toBe(1);
    }
  });

  it.each(faults)('F5: GET is sent twice more after %s, and no more', async (_, fail) => {
    const { origin, counted } = await failingServer(fail);
    const clock = virtualClock();
    const error = await withoutBackOff(clock, failureOf(upstreamAt(origin, { clock }).json(anything())));
    expect(['upstream_unavailable', 'upstream_error']).toContain(error.code);
    expect(error.retryable).toBe(true);
    expect(counted.requests).toBe(3);
    expect(clock.sleepers).toBe(0);
  });

  it.each(lasting)('F5: GET is sent once only after %s', async (_, reply) => {
    const { origin, counted } = await failingServer((socket) => socket.end(reply));
    await failureOf(upstreamAt(origin).json(anything()));
    expect(counted.requests).toBe(1);
  });

  it.each([1, 2])('F5: GET gives the answer that comes after %i failures', async (failures) => {
    const server = await startHttp((_, response) =>
      response.writeHead(server.requests.length > failures ? 200 : 503).end('{"a":1}'),
    );
    const clock = virtualClock();
    expect(await withoutBackOff(clock, upstreamAt(server.origin, { clock }).json(anything()))).toEqual({
      a: 1,
    });
    expect(server.requests).toHaveLength(failures + 1);
  });

  it.each([
    ['a login POST', login()],
    ['GET', anything()],
  ])('F5: %s is sent once the server that refused the connection appears', async (_, request) => {
    const origin = await deadOrigin();
    const clock = virtualClock();
    const call = upstreamAt(origin, { clock }).json(request);
    await until(() => clock.sleepers === 2);
    const server = await startHttp((_, response) => response.end('"welcome"'), {
      port: Number(new URL(origin).port),
    });
    expect(await withoutBackOff(clock, call)).toBe('welcome');
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.body).toBe(request.body === undefined ? '' : JSON.stringify(request.body));
  });

  it('F5: a login POST to where nothing listens is given up after two more tries', async () => {
    const slept: number[] = [];
    const { now, monotonic } = hastyClock;
    const clock: Clock = {
      now,
      monotonic,
      sleep: (ms, signal) => {
        slept.push(ms);
        return hastyClock.sleep(ms, signal);
      },
    };
    const error = await failureOf(upstreamAt(await deadOrigin(), { clock }).json(login()));
    expect(error).toMatchObject({ code: 'upstream_unavailable', retryable: true });
    const [deadline, first, second, ...more] = slept;
    expect(deadline).toBe(15_000);
    expect(first).toBeLessThan(200);
    expect(second).toBeLessThan(400);
    expect(more).toEqual([]);
  });

  it('a certificate that is not trusted is not asked about again', async () => {
    const server = await startHttps(selfSigned(), (_, response) => response.end('1'));
    const clock = virtualClock();
    const error = await failureOf(upstreamAt(server.origin, { clock }).json(anything()));
    expect(error).toMatchObject({
      code: 'upstream_unavailable',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(error.message).toContain('pass a dispatcher with your CA');
    expect(server.accepted).toBe(1);
    expect(server.requests).toEqual([]);
  });
});

describe('Retry-After', () => {
  const start = Date.UTC(2026, 0, 1);

  it.each([
    ['seconds', '7'],
    ['a date', new Date(start + 7_000).toUTCString()],
  ])('as %s is waited for, to the millisecond', async (_, header) => {
    const server = await startHttp((_request, response) =>
      server.requests.length > 1
        ? response.end('1')
        : response.writeHead(503, { date: new Date(start).toUTCString(), 'retry-after': header }).end(),
    );
    const clock = virtualClock({ startAt: start });
    const call = upstreamAt(server.origin, { clock }).json(anything());
    await until(() => clock.sleepers === 2);
    await clock.advance(6_999);
    expect(clock.sleepers).toBe(2);
    await clock.advance(1);
    expect(await call).toBe(1);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['15', 1],
    ['14', 2],
    ['3600', 1],
    [new Date(start + 3_600_000).toUTCString(), 1],
  ])(
    'of %s against a deadline of 15 seconds makes %i request in the time that is left',
    async (header, sent) => {
      const server = await startHttp((_, response) =>
        response.writeHead(503, { date: new Date(start).toUTCString(), 'retry-after': header }).end(),
      );
      const clock = virtualClock({ startAt: start });
      const call = failureOf(upstreamAt(server.origin, { clock }).json(anything()));
      if (sent === 2) {
        await until(() => clock.sleepers === 2);
        await clock.advance(14_000);
      }
      expect(await call).toMatchObject({ code: 'upstream_error', status: 503 });
      expect((await call).retryAfterMs).toBeGreaterThanOrEqual(14_000);
      expect(server.requests).toHaveLength(sent);
    },
  );

  it('that says nothing usable is not waited for', async () => {
    const server = await startHttp((_, response) => response.writeHead(503, { 'retry-after': 'soon' }).end());
    const clock = virtualClock();
    const error = await withoutBackOff(
      clock,
      failureOf(upstreamAt(server.origin, { clock }).json(anything())),
    );
    expect('retryAfterMs' in error).toBe(false);
    expect(server.requests).toHaveLength(3);
  });
});
