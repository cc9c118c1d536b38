import { describe, expect, it } from 'vitest';
import { fetch as undiciFetch } from 'undici';
import { authorizedFetch } from '../src/index.js';
import { failureOf } from './failures.js';
import { heldSource } from './held-source.js';
import { startHttp, type LoopbackServer } from './loopback.js';

const statuses = [301, 302, 303, 307, 308] as const;
const senders: [string, typeof fetch][] = [
  ['the global fetch', (...args) => fetch(...args)],
  ['the fetch of undici', undiciFetch as unknown as typeof fetch],
];

/** A server that redirects `/from` to where `location` says, and answers `welcome` to the rest when it is signed. */
async function redirecting(status: number, location: (origin: string) => string) {
  const server: LoopbackServer = await startHttp(({ url, headers }, response) => {
    if (url === '/from')
      return void response.writeHead(status, { location: location(server.origin) }).end('gone');
    response.statusCode = headers.authorization === 'Bearer token-1' ? 200 : 401;
    response.end('welcome');
  });
  return { server, source: heldSource(server.origin) };
}

/** Another origin, which keeps what it is told. */
async function elsewhere(status = 200) {
  return startHttp((_, response) => response.writeHead(status).end('elsewhere'));
}

describe.each(senders)('authorizedFetch over %s', (_name, send) => {
  describe.each(statuses)('a %i', (status) => {
    it.each<[string, (other: LoopbackServer) => string]>([
      ['another port', ({ origin }) => `${origin}/to`],
      ['another host', ({ port }) => `http://localhost:${port}/to`],
      ['a URL without a scheme', ({ port }) => `//127.0.0.1:${port}/to`],
      ['a URL whose user looks like the origin', ({ port }) => `http://127.0.0.1:${port}/to#@origin`],
    ])('T8: to %s takes no token there', async (_, to) => {
      const other = await elsewhere();
      const { server, source } = await redirecting(status, () => to(other));
      const response = await authorizedFetch(source, { fetch: send })('/from', {
        headers: { cookie: 'a=b', 'x-kept': 'yes' },
      });
      expect([await response.text(), response.redirected]).toEqual(['elsewhere', true]);
      expect(response.url.startsWith(new URL(to(other), server.origin).origin)).toBe(true);
      const [received] = other.requests;
      expect(received!.headers).toMatchObject({ 'x-kept': 'yes' });
      expect(received!.headers).not.toHaveProperty('authorization');
      expect(received!.headers).not.toHaveProperty('cookie');
      expect(JSON.stringify(received)).not.toContain('token-');
      expect(server.requests[0]!.headers.authorization).toBe('Bearer token-1');
    });

    it('T8: that stays keeps the token', async () => {
      const { server, source } = await redirecting(status, () => '/to');
      const response = await authorizedFetch(source, { fetch: send })('/from');
      expect([response.status, response.redirected, response.url]).toEqual([
        200,
        true,
        `${server.origin}/to`,
      ]);
      expect(server.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
        ['/from', 'Bearer token-1'],
        ['/to', 'Bearer token-1'],
      ]);
    });

    it('T8: to another scheme at this port takes no token there', async () => {
      const { source } = await redirecting(status, (origin) => `${origin.replace('http:', 'https:')}/to`);
      await expect(authorizedFetch(source, { fetch: send })('/from')).rejects.toThrow(TypeError);
      expect(source.taken).toEqual(['token-1']);
    });

    it('T2: a 401 of another origin is no refusal of the token', async () => {
      const other = await elsewhere(401);
      const { source } = await redirecting(status, () => other.origin);
      expect((await authorizedFetch(source, { fetch: send })('/from')).status).toBe(401);
      expect(source.rejected).toEqual([]);
      expect(other.requests).toHaveLength(1);
    });

    it('T8: that comes back from elsewhere is not followed', async () => {
      const { server, source } = await redirecting(status, () => other.origin);
      const other = await startHttp((_, response) =>
        response.writeHead(status, { location: `${server.origin}/to` }).end(),
      );
      const error = await failureOf(authorizedFetch(source, { fetch: send })('/from'));
      expect(error.code).toBe('upstream_error');
      expect(server.requests.map(({ url }) => url)).toEqual(['/from']);
    });

    it('T10: a 401 after it is that of the last request alone', async () => {
      const server = await startHttp(({ url, headers }, response) => {
        if (url === '/from') return void response.writeHead(status, { location: '/to' }).end();
        response.writeHead(headers.authorization === 'Bearer token-2' ? 200 : 401).end();
      });
      const source = heldSource(server.origin);
      const response = await authorizedFetch(source, { fetch: send })('/from', {
        method: 'POST',
        body: 'text',
      });
      expect(response.status).toBe(200);
      expect(server.requests.map(({ url }) => url)).toEqual(['/from', '/to', '/to']);
    });

    it('changes method and body as the Fetch standard says', async () => {
      const keeps = status === 307 || status === 308;
      for (const [method, becomes] of [
        ['POST', keeps ? 'POST' : 'GET'],
        ['PUT', status === 303 ? 'GET' : 'PUT'],
        ['GET', 'GET'],
        ['HEAD', 'HEAD'],
      ] as const) {
        const { server, source } = await redirecting(status, () => '/to');
        const withBody = method === 'POST' || method === 'PUT';
        const init: RequestInit = withBody
          ? { method, body: 'text', headers: { 'x-kept': '1' } }
          : { method };
        const given = await authorizedFetch(source, { fetch: send })('/from', init);
        expect(given.status).toBe(200);
        const [, second] = server.requests;
        expect([second!.method, second!.body]).toEqual([
          becomes,
          withBody && becomes === method ? 'text' : '',
        ]);
        expect('content-type' in second!.headers).toBe(withBody && becomes === method);
        // The platform alone does the same.
        const plain = await redirecting(status, () => '/to');
        await send(`${plain.server.origin}/from`, init).catch(() => undefined);
        expect(plain.server.requests.map((one) => one.method)).toEqual([method, becomes]);
      }
    });

    it('with redirect: manual is the answer, and with error it fails', async () => {
      const other = await elsewhere();
      const { server, source } = await redirecting(status, () => other.origin);
      const go = authorizedFetch(source, { fetch: send });
      expect(await go('/from', { redirect: 'manual' })).toMatchObject({ status, redirected: false });
      await expect(go('/from', { redirect: 'error' })).rejects.toThrow(TypeError);
      if (send !== undiciFetch) {
        const request = new Request(`${server.origin}/from`, { redirect: 'manual' });
        expect((await go(request)).status).toBe(status);
      }
      expect(other.requests).toEqual([]);
    });
  });

  it('a body that was a stream cannot be sent to where a 307 leads', async () => {
    const { server, source } = await redirecting(307, () => '/to');
    const body = new Blob(['text']).stream();
    const call = authorizedFetch(source, { fetch: send })('/from', { method: 'POST', body, duplex: 'half' });
    await expect(call).rejects.toThrow(TypeError);
    expect(server.requests).toHaveLength(1);
  });

  it.each(['http://', 'ftp://127.0.0.1/', 'javascript:alert(1)'])('refuses a redirect to %s', async (to) => {
    const { source } = await redirecting(302, () => to);
    await expect(authorizedFetch(source, { fetch: send })('/from')).rejects.toThrow(TypeError);
  });

  it('follows twenty redirects and no more', async () => {
    const server = await startHttp(({ url }, response) => {
      const left = Number(url.slice(1));
      response.writeHead(left > 0 ? 302 : 200, left > 0 ? { location: `/${left - 1}#part` } : {}).end();
    });
    const go = authorizedFetch(heldSource(server.origin), { fetch: send });
    expect((await go('/20')).status).toBe(200);
    await expect(go('/21')).rejects.toThrow(TypeError);
  });

  it('a redirect without a location is the answer', async () => {
    const server = await startHttp((_, response) => response.writeHead(302).end('where?'));
    const response = await authorizedFetch(heldSource(server.origin), { fetch: send })('/');
    expect([response.status, await response.text()]).toEqual([302, 'where?']);
  });
});

describe('authorizedFetch with a Request', () => {
  it("keeps the Request's headers, method and signal over a redirect", async () => {
    const { server, source } = await redirecting(307, () => '/to');
    const abort = new AbortController();
    const request = new Request(`${server.origin}/from`, {
      method: 'DELETE',
      headers: { 'x-kept': 'yes' },
      signal: abort.signal,
    });
    expect((await authorizedFetch(source)(request)).status).toBe(200);
    expect(server.requests[1]).toMatchObject({ method: 'DELETE', headers: { 'x-kept': 'yes' } });
    abort.abort();
    await expect(authorizedFetch(source)(request)).rejects.toThrow();
    expect(server.requests).toHaveLength(2);
  });
});
