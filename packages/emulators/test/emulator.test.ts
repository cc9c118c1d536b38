import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LclxBehaviour, type LclxEmulator, startLclxEmulator } from '../src/index.js';
import { ask, lclxLogin, lclxToken } from './ask.js';

let emulator: LclxEmulator;
let origin: string;

beforeEach(async () => {
  emulator = await startLclxEmulator();
  ({ origin } = emulator);
});
afterEach(() => emulator.stop());

describe('requests', () => {
  it('are recorded with method, path, query, headers, body and moment', async () => {
    const before = Date.now();
    await ask(origin, 'POST /no/where?a=1&b[eq]=x%20y&a=2', {
      body: { n: 1 },
      headers: { 'X-Sample': 'Yes' },
    });
    expect(emulator.requests).toHaveLength(1);
    const [recorded] = emulator.requests;
    expect(recorded).toMatchObject({
      method: 'POST',
      path: '/no/where',
      query: { a: ['1', '2'], 'b[eq]': 'x y' },
      headers: { 'x-sample': 'Yes', host: origin.slice('http://'.length) },
      body: { n: 1 },
    });
    expect(recorded?.at).toBeGreaterThanOrEqual(before);
    expect(recorded?.at).toBeLessThanOrEqual(Date.now());
  });

  it('have the text of a body that is not JSON, and undefined for none', async () => {
    await ask(origin, 'POST /x', { body: 'email=a' });
    await ask(origin, 'POST /x');
    expect(emulator.requests.map(({ body }) => body)).toEqual(['email=a', undefined]);
  });

  it('have the body of a GET', async () => {
    await ask(origin, 'GET /api/route', { body: { index: '5' } });
    expect(emulator.requests[0]?.body).toEqual({ index: '5' });
  });

  it('have every value of a header that came twice', async () => {
    const sent = httpRequest(origin);
    sent.setHeader('authorization', ['Bearer one', 'Bearer two']);
    sent.end();
    await once(sent, 'response');
    expect(emulator.requests[0]?.headers['authorization']).toBe('Bearer one, Bearer two');
  });

  it('are recorded when they were faulted, too', async () => {
    emulator.next('reset');
    await lclxLogin(origin).catch(() => undefined);
    expect(emulator.requests).toMatchObject([{ path: '/api/login' }]);
  });

  it('with hostile keys leave the prototype alone', async () => {
    await ask(origin, 'POST /x?__proto__=1', { body: '{"__proto__":{"polluted":true}}' });
    expect(Object.hasOwn({}, 'polluted')).toBe(false);
    expect(Object.keys(emulator.requests[0]?.query ?? {})).toEqual(['__proto__']);
  });
});

describe('next', () => {
  it('queues faults in order, one request each', async () => {
    emulator.next('bad-gateway');
    emulator.next({ kind: 'unavailable' });
    const statuses = [];
    for (let round = 0; round < 3; round++) statuses.push((await lclxLogin(origin)).status);
    expect(statuses).toEqual([502, 503, 200]);
  });

  it('can wait for one method and path', async () => {
    emulator.next('bad-gateway', { method: 'GET', path: '/api/carrier' });
    const token = await lclxToken(origin);
    expect((await ask(origin, 'GET /api/route', { token })).status).toBe(200);
    expect((await ask(origin, 'POST /api/carrier', { token })).status).toBe(405);
    expect((await ask(origin, 'GET /api/carrier', { token })).status).toBe(502);
    expect((await ask(origin, 'GET /api/carrier', { token })).status).toBe(200);
  });

  it('comes before the fault switch', async () => {
    emulator.set({ fault: 'gateway-timeout' });
    emulator.next('bad-gateway');
    expect((await lclxLogin(origin)).status).toBe(502);
    expect((await lclxLogin(origin)).status).toBe(504);
  });

  it('refuses what is no fault', () => {
    expect(() => emulator.next('nonsense' as 'never')).toThrow(TypeError);
  });
});

describe('set', () => {
  it('plays a fault on every request until it is unset', async () => {
    emulator.set({ fault: { kind: 'unavailable', retryAfter: 5 } });
    expect((await lclxLogin(origin)).headers['retry-after']).toBe('5');
    expect((await ask(origin, 'GET /api/route')).status).toBe(503);
    emulator.set({ fault: undefined });
    expect((await lclxLogin(origin)).status).toBe(200);
  });

  it('keeps the switches it does not name', async () => {
    emulator.set({ refusedStatus: 422 });
    emulator.set({ bom: true });
    const answer = await lclxLogin(origin, { password: 'wrong' });
    expect(answer.status).toBe(422);
    expect(answer.bytes[0]).toBe(0xef);
  });

  it.each([
    [{ nonsense: 1 }, /^Unknown switch "nonsense"/],
    [
      { refusedStatus: 418 },
      /^The switch "refusedStatus" takes one of 401, 200, 400, 403, 404, 422, not 418/,
    ],
    [{ fault: 'nonsense' }, /^The switch "fault" takes a fault or undefined, not "nonsense"/],
    [{ loginAnswer: { body: 'x' } }, /^The switch "loginAnswer" takes/],
    [{ loginAnswer: { status: 99 } }, /^The switch "loginAnswer" takes/],
  ])('refuses %j by name and changes nothing', async (bad, message) => {
    expect(() => emulator.set({ bom: true, ...bad } as Partial<LclxBehaviour>)).toThrow(message);
    expect(() => emulator.set({ bom: true, ...bad } as Partial<LclxBehaviour>)).toThrow(TypeError);
    expect((await lclxLogin(origin)).bytes[0]).not.toBe(0xef);
  });

  it('is checked at the start, too', async () => {
    const behaviour = { nonsense: 1 } as Partial<LclxBehaviour>;
    await expect(startLclxEmulator({ behaviour })).rejects.toThrow('Unknown switch "nonsense"');
  });
});

describe('advance', () => {
  it('moves the Date header and the moments of requests, both ways', async () => {
    emulator.advance(3_600_000);
    const later = await lclxLogin(origin);
    expect(Date.parse(String(later.headers['date'])) - Date.now()).toBeGreaterThan(3_590_000);
    expect(Number(emulator.requests[0]?.at) - Date.now()).toBeGreaterThan(3_590_000);
    emulator.advance(-7_200_000);
    const earlier = await lclxLogin(origin);
    expect(Date.parse(String(earlier.headers['date'])) - Date.now()).toBeLessThan(-3_590_000);
  });

  it('takes finite numbers only', () => {
    expect(() => emulator.advance(Number.NaN)).toThrow(TypeError);
  });
});

describe('reset', () => {
  it('goes back to the start: switches, tokens, data, requests, clock and queued faults', async () => {
    const started = await startLclxEmulator({ behaviour: { refusedStatus: 403 } });
    const token = await lclxToken(started.origin);
    const body = { requestIndex: 2, offer: 1, currencyId: 840 };
    const bids = async (of: string) => (await ask(started.origin, 'GET /api/quote/bid', { token: of })).text;
    const bidsBefore = await bids(token);
    await ask(started.origin, 'POST /api/quote/submitoffer', { token, body });
    expect(await bids(token)).not.toBe(bidsBefore);
    started.set({ refusedStatus: 422, fault: 'bad-gateway' });
    started.next('never');
    started.advance(1e9);

    started.reset();

    expect(started.requests).toEqual([]);
    expect((await ask(started.origin, 'GET /api/route', { token })).status).toBe(401);
    const refused = await lclxLogin(started.origin, { password: 'wrong' });
    expect(refused.status).toBe(403);
    expect(Math.abs(Date.parse(String(refused.headers['date'])) - Date.now())).toBeLessThan(5_000);
    expect(await bids(await lclxToken(started.origin))).toBe(bidsBefore);
    await started.stop();
  });
});

describe('stop', () => {
  it('ends the server, is harmless twice, and frees the port', async () => {
    await lclxLogin(origin);
    await Promise.all([emulator.stop(), emulator.stop()]);
    await emulator.stop();
    await expect(lclxLogin(origin)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const again = await startLclxEmulator({ port: Number(new URL(origin).port) });
    expect(again.origin).toBe(origin);
    await again.stop();
  });

  it('comes by itself at the end of an `await using` block', async () => {
    const disposed = await startLclxEmulator();
    await disposed[Symbol.asyncDispose]();
    await expect(lclxLogin(disposed.origin)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('start', () => {
  it('rejects when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startLclxEmulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    other.close();
  });

  it('listens on loopback only', () => {
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('shows the users with their passwords', async () => {
    expect(emulator.users[0]).toMatchObject({ email: 'demo@example.com', password: 'sample-password-1' });
    for (const user of emulator.users) {
      expect(user.email).toMatch(/@example\.com$/);
      expect((await lclxLogin(origin, user)).status).toBe(200);
    }
  });
});
