import { describe, expect, it } from 'vitest';
import { signedUpstream, staticTokenSource } from '../src/index.js';
import { failureOf, thrownBy } from './failures.js';
import { startHttp } from './loopback.js';
import { anything, upstreamAt } from './upstreams.js';

describe('signedUpstream', () => {
  it('sends the token of the source, through the upstream that the source brings', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin, { userAgent: 'of the source' });
    const source = staticTokenSource('abc', { origin: server.origin, upstream });
    for (const given of [source, { source }]) {
      const signed = signedUpstream(given, { name: 'other' });
      expect(signed.name).toBe('acme');
      expect(await signed.json(anything())).toBe(1);
    }
    expect(server.requests.map(({ headers }) => headers)).toMatchObject([
      { authorization: 'Bearer abc', 'user-agent': 'of the source' },
      { authorization: 'Bearer abc', 'user-agent': 'of the source' },
    ]);
  });

  it('makes an upstream for the origin of a source that brings none', async () => {
    const server = await startHttp(({ url }, response) =>
      response.writeHead(url === '/' ? 200 : 401).end('1'),
    );
    const signed = signedUpstream(staticTokenSource('abc', server.origin), {
      name: 'acme',
      userAgent: 'mine',
    });
    expect(await signed.json(anything())).toBe(1);
    expect(server.requests[0]!.headers).toMatchObject({ authorization: 'Bearer abc', 'user-agent': 'mine' });
    expect((await failureOf(signed.json(anything({ path: '/x' })))).code).toBe('token_rejected');
  });

  it('T8: a source with the upstream of another origin sends nothing', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin);
    const source = staticTokenSource('abc', { origin: 'https://api.example.com', upstream });
    const error = await failureOf(signedUpstream(source, { name: 'acme' }).json(anything()));
    expect(error.code).toBe('invalid_config');
    expect(server.accepted).toBe(0);
  });

  it('refuses options that are not usable', () => {
    const source = staticTokenSource('abc', 'https://api.example.com');
    expect(thrownBy(() => signedUpstream(source, { name: '', timeoutMs: 0 })).code).toBe('invalid_config');
  });
});
