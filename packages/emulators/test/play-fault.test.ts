import { createConnection } from 'node:net';
import { Writable } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, type LclxEmulator, startLclxEmulator } from '../src/index.js';
import { streamPadding } from '../src/padded-answer.js';
import { ask, begin, lclxLogin, lclxToken, turns, until } from './ask.js';

let emulator: LclxEmulator;
let origin: string;

beforeEach(async () => {
  emulator = await startLclxEmulator();
  ({ origin } = emulator);
});
afterEach(() => emulator.stop());

/** The login's answer without the fault, the same every time. */
async function plainLogin() {
  emulator.set({ sameToken: true });
  return (await lclxLogin(origin)).text;
}

function faultyLogin(fault: Fault) {
  emulator.next(fault);
  return lclxLogin(origin);
}

describe('faults on the real answer', () => {
  it('slow-headers: not a byte before the delay is over, then the real answer', async () => {
    const plain = await plainLogin();
    const sentAt = performance.now();
    const answer = await faultyLogin({ kind: 'slow-headers', delayMs: 150 });
    // Timers may be a little early by the other clock.
    expect(performance.now() - sentAt).toBeGreaterThan(145);
    expect(answer.text).toBe(plain);
  });

  it('slow-headers: ends with the emulator when that stops first', async () => {
    const asking = faultyLogin({ kind: 'slow-headers', delayMs: 3_600_000 });
    asking.catch(() => undefined);
    await until(() => emulator.requests.length === 1);
    await emulator.stop();
    await expect(asking).rejects.toHaveProperty('code', expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/));
  });

  it('slow-body: the headers at once, then the real body byte by byte', async () => {
    const plain = await plainLogin();
    emulator.next({ kind: 'slow-body', intervalMs: 1 });
    const answer = await begin(origin, 'POST /api/login', {
      body: { email: 'demo@example.com', password: 'sample-password-1' },
    });
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(plain)));
    const pieces: Buffer[] = [];
    for await (const piece of answer.body) pieces.push(piece as Buffer);
    expect(pieces[0]).toHaveLength(1);
    expect(Buffer.concat(pieces).toString()).toBe(plain);
  });

  it('reset-mid-body: half of the real body, then a reset', async () => {
    const plain = await plainLogin();
    emulator.next('reset-mid-body');
    const answer = await begin(origin, 'POST /api/login', {
      body: { email: 'demo@example.com', password: 'sample-password-1' },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-length']).toBe(String(Buffer.byteLength(plain)));
    let received = '';
    const reading = (async () => {
      for await (const piece of answer.body) received += String(piece);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(received).toBe(plain.slice(0, plain.length >> 1));
  });

  it('reset-mid-body: an empty body is declared and never comes', async () => {
    emulator.set({ refusal: 'empty' });
    emulator.next('reset-mid-body');
    await expect(ask(origin, 'GET /api/route')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('truncated-json: a complete message whose JSON is cut', async () => {
    const plain = await plainLogin();
    const answer = await faultyLogin('truncated-json');
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(plain.slice(0, plain.length >> 1));
    expect(() => answer.json()).toThrow(SyntaxError);
  });

  it('truncated-json: an empty body becomes broken JSON too', async () => {
    emulator.set({ refusal: 'empty' });
    emulator.next('truncated-json');
    expect((await ask(origin, 'GET /api/route')).text).toBe('{');
  });

  it('wrong-content-type: the real answer labelled as HTML', async () => {
    const plain = await plainLogin();
    const answer = await faultyLogin('wrong-content-type');
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toBe(plain);
  });

  it('bom: the real answer behind a byte order mark', async () => {
    const plain = await plainLogin();
    const answer = await faultyLogin('bom');
    expect([...answer.bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect(answer.bytes.subarray(3).toString()).toBe(plain);
  });

  it.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br', brotliDecompressSync],
  ] as const)('gzip: the real answer compressed with %s', async (encoding, unpacked) => {
    const plain = await plainLogin();
    const answer = await faultyLogin({ kind: 'gzip', encoding });
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(unpacked(answer.bytes).toString()).toBe(plain);
  });

  it('token-crlf: the real answer with CR and LF in the token', async () => {
    const answer = await faultyLogin('token-crlf');
    expect(answer.at('user.access_token')).toMatch(/^token\r\nX-Injected: yes\r\n/);
    expect(answer.at('user.email')).toBe('demo@example.com');
  });

  it('token-huge: the real answer with a token of so many bytes', async () => {
    expect((await faultyLogin('token-huge')).at('user.access_token')).toBe('a'.repeat(204_800));
    expect((await faultyLogin({ kind: 'token-huge', bytes: 9 })).at('user.access_token')).toBe('aaaaaaaaa');
  });

  it('token faults leave an answer without a token as it is', async () => {
    const token = await lclxToken(origin);
    const plain = await ask(origin, 'GET /api/carrier', { token });
    emulator.next('token-huge');
    expect((await ask(origin, 'GET /api/carrier', { token })).text).toBe(plain.text);
  });

  it('token faults reach a token behind a byte order mark', async () => {
    emulator.set({ bom: true });
    expect((await faultyLogin({ kind: 'token-huge', bytes: 9 })).text).toContain(
      '"access_token":"aaaaaaaaa"',
    );
  });

  it('close: the real answer, and a new connection for the next request', async () => {
    const dispatcher = new Agent({ connections: 1 });
    let connections = 0;
    dispatcher.on('connect', () => connections++);
    const token = await lclxToken(origin);
    const carrier = () => ask(origin, 'GET /api/carrier', { token, dispatcher });
    await carrier();
    await carrier();
    expect(connections).toBe(1);
    emulator.next('close');
    const closing = await carrier();
    expect(closing.status).toBe(200);
    expect(closing.headers['connection']).toBe('close');
    await carrier();
    expect(connections).toBe(2);
    await dispatcher.close();
  });
});

describe('faults instead of an answer', () => {
  it('never: nothing comes until the emulator stops', async () => {
    emulator.next('never');
    const asking = lclxLogin(origin);
    let settled = false;
    asking.catch(() => undefined).finally(() => (settled = true));
    await until(() => emulator.requests.length === 1);
    // A later request is answered, on another connection, while this one still waits.
    expect((await lclxLogin(origin)).status).toBe(200);
    expect(settled).toBe(false);
    await emulator.stop();
    await expect(asking).rejects.toHaveProperty('code', expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET/));
  });

  it('reset: the connection is reset without an answer', async () => {
    await expect(faultyLogin('reset')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(emulator.requests).toHaveLength(1);
  });

  it('garbage: the answer is not HTTP', async () => {
    await expect(faultyLogin('garbage')).rejects.toMatchObject({ name: 'HTTPParserError' });
  });

  it.each([
    ['html-500', 500],
    ['bad-gateway', 502],
    ['gateway-timeout', 504],
  ] as const)('%s: status %i with an HTML page', async (kind, status) => {
    const answer = await faultyLogin(kind);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('<html>');
  });

  it.each([
    ['unavailable', 503],
    ['rate-limited', 429],
  ] as const)('%s: status %i with Retry-After in every form', async (kind, status) => {
    const answer = await faultyLogin(kind);
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe('1');
    expect((await faultyLogin({ kind, retryAfter: 30 })).headers['retry-after']).toBe('30');
    const date = 'Fri, 31 Dec 2027 23:59:59 GMT';
    expect((await faultyLogin({ kind, retryAfter: date })).headers['retry-after']).toBe(date);
    expect((await faultyLogin({ kind, retryAfter: false })).headers).not.toHaveProperty('retry-after');
  });

  it('form date: Retry-After as an HTTP date by the clock of the emulator', async () => {
    emulator.advance(86_400_000);
    const answer = await faultyLogin({ kind: 'rate-limited', retryAfter: 60, form: 'date' });
    const header = String(answer.headers['retry-after']);
    expect(header).toMatch(/ GMT$/);
    const distance = Date.parse(header) - Date.parse(String(answer.headers['date']));
    expect(distance).toBeGreaterThanOrEqual(59_000);
    expect(distance).toBeLessThanOrEqual(61_000);
  });

  it.each([301, 302, 303, 307, 308] as const)(
    'redirect: status %i to another origin that leads back here',
    async (status) => {
      const answer = await faultyLogin({ kind: 'redirect', status });
      expect(answer.status).toBe(status);
      expect(answer.headers['location']).toBe(`http://localhost:${new URL(origin).port}/api/login`);
      expect(answer.bytes).toHaveLength(0);
    },
  );

  it('redirect: to a location of choice', async () => {
    const answer = await faultyLogin({ kind: 'redirect', location: '//example.com/' });
    expect(answer.status).toBe(307);
    expect(answer.headers['location']).toBe('//example.com/');
  });

  it('echo: the request comes back, secrets included', async () => {
    emulator.next('echo');
    const body = { email: 'demo@example.com', password: 'CANARY' };
    const answer = await ask(origin, 'POST /api/login', { body, token: 'CANARY-TOKEN' });
    expect(answer.status).toBe(400);
    expect(answer.at('body')).toEqual(body);
    expect(answer.at('headers.authorization')).toBe('Bearer CANARY-TOKEN');
    expect((await faultyLogin({ kind: 'echo', status: 503 })).status).toBe(503);
  });

  it('wrong-shape: valid JSON that nobody documented', async () => {
    const answer = await faultyLogin('wrong-shape');
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ unexpected: [1, 'two', null] });
    expect((await faultyLogin({ kind: 'wrong-shape', json: null })).json()).toBe(null);
  });

  it('deep-nesting: arrays inside arrays', async () => {
    expect((await faultyLogin({ kind: 'deep-nesting', depth: 3 })).text).toBe('[[[]]]');
    expect((await faultyLogin('deep-nesting')).bytes).toHaveLength(200_000);
  });

  it.each(['chunked', 'declared'] as const)('huge-body: valid JSON of so many bytes, %s', async (length) => {
    const answer = await faultyLogin({ kind: 'huge-body', bytes: 1_000_001, length });
    expect(answer.headers['content-length']).toBe(length === 'declared' ? '1000001' : undefined);
    expect(answer.headers['transfer-encoding']).toBe(length === 'declared' ? undefined : 'chunked');
    expect(answer.bytes).toHaveLength(1_000_001);
    expect(answer.at('padding')).toMatch(/^ +$/);
  });

  it('huge-body: a client that leaves ends it', async () => {
    emulator.next('huge-body');
    const answer = await begin(origin, 'POST /api/login', { body: {} });
    for await (const piece of answer.body) {
      expect(String(piece)).toContain('{"padding":"');
      break;
    }
    // The body was destroyed by the break; the emulator answers on.
    expect((await lclxLogin(origin)).status).toBe(200);
  });

  it('gzip-bomb: a small body that unpacks to a large one', async () => {
    const answer = await faultyLogin({ kind: 'gzip-bomb', bytes: 10_000_000 });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.bytes.length).toBeLessThan(20_000);
    const unpacked = gunzipSync(answer.bytes);
    expect(unpacked).toHaveLength(10_000_000);
    expect(unpacked.subarray(0, 13).toString()).toBe('{"padding":" ');
    expect(unpacked.subarray(-3).toString()).toBe(' "}');
  });

  it.each([false, true])(
    'padding is made no faster than it is taken and stops with the sink (gzip: %s)',
    async (gzip) => {
      let taken = 0;
      let goOn: (() => void) | undefined;
      const sink = new Writable({
        write(piece: Buffer, _encoding, done) {
          taken += piece.length;
          goOn = done;
        },
      });
      const source = streamPadding(sink, { bytes: 2 ** 40, gzip });
      await until(() => goOn !== undefined);
      await turns(50);
      expect(taken + sink.writableLength).toBeLessThan(1_000_000);
      expect(source.destroyed).toBe(false);
      sink.destroy();
      await until(() => source.destroyed);
    },
  );

  it('do not run the route', async () => {
    const token = await lclxToken(origin);
    const kinds = [
      'html-500',
      'bad-gateway',
      'unavailable',
      'gateway-timeout',
      'rate-limited',
      'redirect',
      'echo',
    ] as const;
    const count = async () =>
      Object.keys((await ask(origin, 'GET /api/quote/bid', { token })).at('bids') as object).length;
    const body = { requestIndex: 2, offer: 1, currencyId: 840 };
    const before = await count();
    for (const kind of [...kinds, 'wrong-shape', 'deep-nesting'] as const) {
      emulator.next(kind);
      await ask(origin, 'POST /api/quote/submitoffer', { token, body });
    }
    expect(await count()).toBe(before);
    emulator.next('truncated-json');
    await ask(origin, 'POST /api/quote/submitoffer', { token, body });
    expect(await count()).toBe(before + 1);
  });
});

describe('when the emulator itself cannot answer', () => {
  it('it says so with a 500 and lives on', async () => {
    emulator.next({ kind: 'redirect', location: 'http://example.com/\r\nx: y' });
    const answer = await lclxLogin(origin);
    expect(answer.status).toBe(500);
    expect(answer.at('message')).toMatch(/^The emulator could not answer: /);
    expect((await lclxLogin(origin)).status).toBe(200);
  });

  it('a client that leaves in the middle of its request is not recorded', async () => {
    const { port } = new URL(origin);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    const head = 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"email"';
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    await turns(20);
    socket.destroy();
    expect((await lclxLogin(origin)).status).toBe(200);
    expect(emulator.requests).toHaveLength(1);
  });
});
