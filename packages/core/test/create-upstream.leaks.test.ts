import { Agent, type Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toHttpAnswer } from '../src/http/index.js';
import { createToken, type Reply, type UpstreamRequest } from '../src/index.js';
import { failureOf, shown } from './failures.js';
import { deadOrigin, hasWholeRequest, startHttp, startRaw, startReplying } from './loopback.js';
import { hastyClock, login, upstreamAt } from './upstreams.js';

// With characters that JSON writes in another way, so that a quoted body holds it in another form than it was given.
const password = 'pass-c4nary-"quoted"\\ünï\n-c4nary';
const token = 'token_c4nary_91f3';
const given = 'given_c4nary_5e77';
const secret = { email: 'a@example.com', password };

/** Signs in, and asserts that the error shows nothing marked, whatever is done with it. */
async function expectNoLeak(
  origin: string,
  request: Partial<UpstreamRequest<unknown>> = {},
  dispatcher?: Dispatcher,
) {
  const upstream = upstreamAt(origin, {
    clock: hastyClock,
    timeoutMs: 2_000,
    maxResponseBytes: 20_000,
    dispatcher,
  });
  const schema = z.object({ access: z.object({ value: z.string() }) });
  for (const carried of [
    { body: secret, token },
    { body: { deep: [secret] }, token: createToken(token) },
  ]) {
    for (const method of ['POST', 'GET'] as const) {
      const error = await failureOf(upstream.json(login({ schema, method, ...carried, ...request })));
      expect(shown(error)).not.toContain('c4nary');
      expect(JSON.stringify(toHttpAnswer(error))).not.toContain('c4nary');
    }
  }
}

const echo = JSON.stringify({ authorization: `Bearer ${token}`, body: secret, access: given });

describe('F3: neither password nor token is in the error', () => {
  it.each([200, 201, 302, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504, 599])(
    'of a server that answers %i with all it was sent, as headers and body',
    async (status) => {
      const server = await startHttp(({ headers, body }, response) => {
        response.setHeader('X-Echo', `${headers.authorization ?? ''} ${encodeURIComponent(body)}`);
        response.setHeader('Location', `/?${encodeURIComponent(body)}&${token}`);
        response.setHeader('Retry-After', token);
        response
          .writeHead(status, token)
          .end(JSON.stringify({ ...headers, body, code: token, error: password }));
      });
      await expectNoLeak(server.origin);
      expect(server.requests.length).toBeGreaterThanOrEqual(4);
    },
  );

  it.each<[string, string]>([
    ['HTML', `HTTP/1.1 200 OK\r\n\r\n<pre>${echo}</pre>`],
    ['broken JSON', `HTTP/1.1 200 OK\r\n\r\n${echo.slice(0, -1)}`],
    ['a bare token', `HTTP/1.1 200 OK\r\n\r\n${given}`],
    ['JSON of another shape', `HTTP/1.1 200 OK\r\n\r\n${echo}`],
    ['secrets as keys', `HTTP/1.1 200 OK\r\n\r\n{"access":{"${given}":1,"${token}":2},"${given}":{}}`],
    ['no HTTP at all', echo],
    ['no HTTP, at length', echo.repeat(200)],
    ['a broken status line', `HTTP/1.1 ${token} ${given}\r\n\r\n`],
    ['a broken header', `HTTP/1.1 200 OK\r\n${token} ${given}\r\n\r\n`],
    ['a broken length', `HTTP/1.1 200 OK\r\nContent-Length: ${token}\r\n\r\n`],
    ['a broken chunk', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${token}\r\n${given}`],
    ['a broken coding', `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n${echo}`],
    ['a coding of its own', `HTTP/1.1 200 OK\r\nContent-Encoding: ${token}\r\n\r\n${echo}`],
    ['headers that are too large', `HTTP/1.1 200 OK\r\nX: ${echo.repeat(500)}\r\n\r\n`],
    ['a body that is too large', `HTTP/1.1 200 OK\r\n\r\n"${token.repeat(2_000)}"`],
    ['a body that is broken off', `HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n${echo}`],
    ['an upgrade', `HTTP/1.1 101 ${token}\r\nUpgrade: ${token}\r\nConnection: upgrade\r\n\r\n${echo}`],
  ])('of %s', async (_, reply) => {
    await expectNoLeak((await startReplying(Buffer.from(reply, 'latin1'))).origin);
  });

  it('of a reply whose keys are the secrets that were sent, where any key will do', async () => {
    const server = await startReplying(
      'HTTP/1.1 200 OK\r\n\r\n',
      JSON.stringify({ [token]: 1, [password]: 2 }),
    );
    await expectNoLeak(server.origin, { schema: z.record(z.string(), z.string()) });
  });

  it('of a connection that is refused', async () => {
    await expectNoLeak(await deadOrigin());
  });

  it('of a connection that is reset', async () => {
    const server = await startRaw((socket, received) => {
      if (hasWholeRequest(received)) socket.write(echo.slice(0, 5), () => socket.resetAndDestroy());
    });
    await expectNoLeak(server.origin);
  });

  it('of a server that never answers', async () => {
    const server = await startHttp(() => {});
    const upstream = upstreamAt(server.origin, { timeoutMs: 30 });
    const error = await failureOf(upstream.json(login({ body: secret, token })));
    expect(error.code).toBe('timeout');
    expect(shown(error)).not.toContain('c4nary');
  });

  it.each<[string, (reply: Reply) => never]>([
    [
      'the whole reply',
      ({ body }) => {
        throw new Error(JSON.stringify(body));
      },
    ],
    [
      'a text of it',
      ({ body }) => {
        throw new TypeError(`odd: ${(body as { access: string }).access}`);
      },
    ],
    [
      'no error at all',
      ({ body }) => {
        throw body;
      },
    ],
    [
      'a cause and more',
      ({ body }) => {
        throw Object.assign(new Error('odd', { cause: body }), { body, code: JSON.stringify(body) });
      },
    ],
  ])('of a provider whose reading of the reply throws %s', async (_, throwing) => {
    const server = await startReplying(`HTTP/1.1 200 OK\r\n\r\n`, echo);
    await expectNoLeak(server.origin, { refused: throwing });
    const schema = z.unknown().transform((body) => throwing({ status: 200, headers: {}, body }));
    await expectNoLeak(server.origin, { schema });
  });

  it('of a reply whose code is the secret itself', async () => {
    const server = await startReplying(`HTTP/1.1 400 No\r\n\r\n`, echo);
    for (const upstreamCode of [token, `E-${token}`, password, `Bearer ${token}`]) {
      await expectNoLeak(server.origin, { refused: () => ({ code: 'invalid_credentials', upstreamCode }) });
    }
  });

  it('of a dispatcher whose errors quote the request', async () => {
    const agent = new Agent().compose(() => ({ headers, body, path }, handler) => {
      const text = JSON.stringify({ headers, path }) + (typeof body === 'string' ? body : '');
      const error = Object.assign(new Error(`cannot send ${text}`), { request: text, code: `E ${token}` });
      handler.onResponseError?.(undefined as never, error);
      return true;
    });
    await expectNoLeak('http://127.0.0.1:9', {}, agent);
  });

  it('of credentials that look alike, where one holds the other', async () => {
    const server = await startReplying(`HTTP/1.1 200 OK\r\n\r\n{}`);
    const body = { hint: 'pass-c4n', password: 'pass-c4nary-long' };
    const refused = () => {
      throw new Error(`no ${body.password}`);
    };
    const error = await failureOf(upstreamAt(server.origin).json(login({ body, refused })));
    expect(shown(error)).not.toContain('ary-long');
  });
});
