import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isLatchkeyError, type ErrorCode, type Refusal, type Reply } from '../src/index.js';
import { failureOf } from './failures.js';
import { hasWholeRequest, startHttp, startRaw, startReplying } from './loopback.js';
import { anything, hastyClock, login, upstreamAt } from './upstreams.js';

const ok = 'HTTP/1.1 200 OK\r\n';

describe('the status of a reply', () => {
  it.each<[number, boolean, ErrorCode, boolean]>([
    [301, false, 'upstream_error', false],
    [400, false, 'upstream_error', false],
    [401, false, 'upstream_error', false],
    [401, true, 'token_rejected', false],
    [403, true, 'upstream_error', false],
    [404, false, 'upstream_error', false],
    [429, false, 'rate_limited', true],
    [500, false, 'upstream_error', true],
    [503, true, 'upstream_error', true],
    [599, false, 'upstream_error', true],
  ])('%i, with a token: %s, is %s', async (status, withToken, code, retryable) => {
    const server = await startHttp((_, response) => response.writeHead(status).end('{"a":1}'));
    const token = withToken ? 'token' : undefined;
    const error = await failureOf(upstreamAt(server.origin).json(login({ token })));
    expect(error).toMatchObject({ code, status, provider: 'acme', retryable });
  });

  it.each([200, 201, 202, 206, 226, 299])('%i is an answer', async (status) => {
    const server = await startHttp((_, response) => response.writeHead(status).end('{"a":1}'));
    expect(await upstreamAt(server.origin).json(login())).toEqual({ a: 1 });
  });

  it('204 and HEAD bring no body, which the schema is asked about', async () => {
    const server = await startHttp((request, response) =>
      response.writeHead(request.method === 'HEAD' ? 200 : 204, { 'content-length': 1e12 }).end(),
    );
    const upstream = upstreamAt(server.origin);
    expect(await upstream.json(anything({ method: 'HEAD' }))).toBeUndefined();
    const empty = await startReplying('HTTP/1.1 204 No Content\r\n\r\n');
    expect(await upstreamAt(empty.origin).json(anything())).toBeUndefined();
    const error = await failureOf(upstreamAt(empty.origin).json(anything({ schema: z.object({}) })));
    expect(error).toMatchObject({ code: 'invalid_response', status: 204 });
  });

  it('tells how long to wait, where the provider says so', async () => {
    const server = await startHttp((_, response) => response.writeHead(429, { 'retry-after': '7' }).end());
    expect(await failureOf(upstreamAt(server.origin).json(login()))).toMatchObject({ retryAfterMs: 7_000 });
  });
});

describe('refused', () => {
  it('sees every status with headers and body, 200 too and before the schema', async () => {
    const server = await startHttp(({ url }, response) => {
      response.setHeader('X-Many', ['a', 'b']);
      response.writeHead(Number(url.slice(1))).end('{"message":"no"}');
    });
    const seen: Reply[] = [];
    for (const status of [200, 201, 302, 400, 401, 404, 429, 500]) {
      const request = login({
        path: `/${status}`,
        schema: z.never(),
        refused: (reply) => {
          seen.push(reply);
          return { code: 'account_locked', upstreamCode: 'E-5', retryAfterMs: 9 };
        },
      });
      const error = await failureOf(upstreamAt(server.origin).json(request));
      expect(error).toMatchObject({ code: 'account_locked', status, upstreamCode: 'E-5', retryAfterMs: 9 });
      expect(error.message).toBe(
        `acme answered ${status}. The account is locked after too many failures. Try again later.`,
      );
      expect(seen.at(-1)).toMatchObject({ status, headers: { 'x-many': 'a, b' }, body: { message: 'no' } });
    }
  });

  it('sees text where the body is no JSON', async () => {
    const server = await startHttp((_, response) => response.end('<h1>Locked</h1>'));
    const refused = ({ body }: Reply) =>
      String(body).includes('Locked') ? { code: 'account_locked' as const } : undefined;
    expect((await failureOf(upstreamAt(server.origin).json(login({ refused })))).code).toBe('account_locked');
  });

  it('leaves to the status and the schema what it says nothing of', async () => {
    const server = await startHttp(({ url }, response) => response.writeHead(Number(url.slice(1))).end('5'));
    const upstream = upstreamAt(server.origin);
    const refused = () => undefined;
    expect(await upstream.json(login({ path: '/200', refused, schema: z.number() }))).toBe(5);
    expect((await failureOf(upstream.json(login({ path: '/418', refused })))).code).toBe('upstream_error');
  });

  it.each(['two words', 'x'.repeat(65), '', 'a\r\nb', '<b>'])(
    'does not get %j out as a code',
    async (upstreamCode) => {
      const server = await startHttp((_, response) => response.end('1'));
      const refused = () => ({ code: 'account_locked' as const, upstreamCode });
      const error = await failureOf(upstreamAt(server.origin).json(login({ refused })));
      expect('upstreamCode' in error).toBe(false);
    },
  );

  it.each<[string, Parameters<typeof login>[0]]>([
    [
      'refused',
      {
        refused: () => {
          throw new TypeError('unexpected');
        },
      },
    ],
    [
      'the schema',
      {
        schema: z.unknown().transform(() => {
          throw new TypeError('unexpected');
        }),
      },
    ],
  ])('F2: what %s throws is an invalid_response with the cause', async (_, request) => {
    const server = await startHttp((_request, response) => response.end('1'));
    const error = await failureOf(upstreamAt(server.origin).json(login(request)));
    expect(error).toMatchObject({ code: 'invalid_response', status: 200 });
    expect(error.cause).toMatchObject({ name: 'TypeError', message: 'unexpected' });
  });
});

describe('the body of a reply', () => {
  const json = '{"a":[1,"ü"]}';

  it.each<[string, string, string | Uint8Array]>([
    ['a byte order mark', '', `\ufeff${json}`],
    ['no content type', '', json],
    ['text/html', 'Content-Type: text/html\r\n', json],
    ['another charset', 'Content-Type: application/json; charset=latin1\r\n', json],
    ['gzip', 'Content-Encoding: gzip\r\n', gzipSync(json)],
    ['deflate', 'Content-Encoding: deflate\r\n', deflateSync(json)],
    ['raw deflate', 'Content-Encoding: deflate\r\n', deflateRawSync(json)],
    ['br', 'Content-Encoding: br\r\n', brotliCompressSync(json)],
    ['chunks', 'Transfer-Encoding: chunked\r\n', `5\r\n{"a":\r\n9\r\n[1,"ü"]}\r\n0\r\n\r\n`],
  ])('is read with %s', async (_, headers, body) => {
    const server = await startReplying(`${ok}${headers}\r\n`, body);
    expect(await upstreamAt(server.origin).json(anything())).toEqual({ a: [1, 'ü'] });
  });

  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['HTML', '', '<html></html>', /the body is not JSON/],
    ['truncated JSON', '', '{"a":[1', /the body is not JSON/],
    ['an unknown coding', 'Content-Encoding: zstd\r\n', 'x', /not asked for/],
    ['a broken coding', 'Content-Encoding: gzip\r\n', 'x', /does not unpack/],
    ['the wrong shape', '', '{"a":5,"b":{"c":null}}', /a is not string; b\.c is not number/],
    ['another type', '', '[1]', /the body is not object/],
    ['no HTTP', 'broken header\r\n', '', /not HTTP/],
    ['headers that are too large', `X-Large: ${'x'.repeat(100_000)}\r\n`, '', /headers that are too large/],
  ])('F1: %s is an invalid_response', async (_, headers, body, said) => {
    const server = await startReplying(`${ok}${headers}\r\n`, body);
    const schema = z.object({ a: z.string(), b: z.object({ c: z.number() }) });
    const error = await failureOf(upstreamAt(server.origin).json(login({ schema })));
    expect(error).toMatchObject({ code: 'invalid_response', provider: 'acme', retryable: false });
    expect(error.message).toMatch(said);
  });

  it.each<[string, string]>([
    ['a declared body', 'Content-Length: 50\r\n\r\n{"a":1}'],
    ['a declared body of a connection that closes', 'Content-Length: 50\r\nConnection: close\r\n\r\n{"a":1}'],
    ['a chunked body', 'Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n'],
  ])('F1: %s that is broken off is upstream_unavailable, though it is JSON so far', async (_, reply) => {
    const server = await startReplying(`${ok}${reply}`);
    const error = await failureOf(upstreamAt(server.origin).json(login()));
    expect(error).toMatchObject({ code: 'upstream_unavailable', retryable: true });
  });

  it('F1: a chunked body that is broken off where the connection closes anyway is no answer either', async () => {
    const server = await startReplying(
      `${ok}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n5\r\n`,
    );
    expect((await failureOf(upstreamAt(server.origin).json(login()))).code).toBe('invalid_response');
  });

  it('F1: nested 100,000 deep is read, or does not fit', async () => {
    const depth = 100_000;
    const server = await startReplying(`${ok}\r\n`, '['.repeat(depth), ']'.repeat(depth));
    const upstream = upstreamAt(server.origin);
    expect(await upstream.json(login({ schema: z.array(z.unknown()) }))).toHaveLength(1);
    type Nested = Nested[];
    const nested: z.ZodType<Nested> = z.lazy(() => z.array(nested));
    expect((await failureOf(upstream.json(login({ schema: nested })))).code).toBe('invalid_response');
  });

  it('F4: a field named __proto__ pollutes nothing', async () => {
    const server = await startReplying(
      `${ok}\r\n{"__proto__":{"polluted":1},"constructor":{"polluted":1},"a":1}`,
    );
    for (const schema of [z.looseObject({ a: z.number() }), z.record(z.string(), z.unknown())]) {
      const answer = await upstreamAt(server.origin).json(login({ schema }));
      expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
      expect('polluted' in {}).toBe(false);
    }
  });

  it('F2: any bytes, status and headers give an answer of the schema or a LatchkeyError', async () => {
    let reply: Uint8Array = Buffer.of();
    const server = await startRaw((socket, received) => {
      if (hasWholeRequest(received)) socket.end(reply);
    });
    const upstream = upstreamAt(server.origin, {
      clock: hastyClock,
      timeoutMs: 5_000,
      maxResponseBytes: 5_000,
    });
    const schema = z.object({ token: z.string() });
    const line = fc.oneof(
      fc.integer({ min: 100, max: 999 }).map((status) => `HTTP/1.1 ${status} Some\r\n`),
      fc.string(),
    );
    const headers = fc.array(
      fc.oneof(
        fc.constantFrom(
          'Content-Encoding: gzip',
          'Content-Length: 5',
          'Transfer-Encoding: chunked',
          'Connection: close',
        ),
        fc.constantFrom(
          'Retry-After: 1',
          'Content-Encoding: br',
          'Location: //evil.example',
          '__proto__: x',
          'Upgrade: x',
        ),
        fc.string(),
      ),
      { maxLength: 4 },
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.from('{"token":"x"}')),
      fc.constant(gzipSync('{"token":"x"}')),
    );
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(line, headers, body, fc.boolean(), async (first, fields, rest, withToken) => {
        reply = Buffer.concat([
          Buffer.from(`${first}${fields.map((field) => `${field}\r\n`).join('')}\r\n`),
          rest,
        ]);
        try {
          const answer = await upstream.json(login({ schema, token: withToken ? 'abc' : undefined }));
          expect(schema.parse(answer)).toEqual(answer);
          answers += 1;
        } catch (error) {
          if (!isLatchkeyError(error)) throw error;
        }
      }),
      { numRuns: 300, examples: [['HTTP/1.1 200 OK\r\n', [], Buffer.from('{"token":"x"}'), true]] },
    );
    expect(answers).toBeGreaterThan(0);
  });
});

describe('a refused function that is wrong', () => {
  it.each<[string, unknown]>([
    ['a code that there is not', { code: 'nope' }],
    ['a promise', Promise.resolve(undefined)],
  ])('and gives %s is an internal_error', async (_, given) => {
    const { origin } = await startHttp((_request, response) => response.end('{}'));
    const error = await failureOf(upstreamAt(origin).json(anything({ refused: () => given as Refusal })));
    expect(error).toMatchObject({ code: 'internal_error', provider: 'acme', status: 200 });
  });
});

it('T8: says of a redirect that it is one, and not followed', async () => {
  const { origin } = await startHttp((_, response) => response.writeHead(302, { location: '/' }).end());
  const { message } = await failureOf(upstreamAt(origin).json(anything()));
  expect(message).toBe(
    'acme answered 302, a redirect, which is not followed. The provider answered with an error.',
  );
});
