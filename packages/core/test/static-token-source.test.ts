import { describe, expect, it } from 'vitest';
import { createToken, staticTokenSource } from '../src/index.js';
import { failureOf, shown, thrownBy } from './failures.js';
import { upstreamAt } from './upstreams.js';

const origin = 'https://api.example.com';

describe('staticTokenSource', () => {
  it('always gives the same token', async () => {
    const source = staticTokenSource('c4nary-token', origin);
    const token = await source.getToken();
    expect(token.value).toBe('c4nary-token');
    expect(await source.getToken({})).toBe(token);
    expect(await source.getToken({ rejected: createToken('another') })).toBe(token);
  });

  it('F3: shows its token nowhere', async () => {
    const source = staticTokenSource('c4nary-token', origin);
    expect(shown(source)).not.toContain('c4nary');
    expect(shown(await failureOf(source.getToken({ rejected: await source.getToken() })))).not.toContain(
      'c4nary',
    );
  });

  it('has no other token when its own was refused', async () => {
    const source = staticTokenSource('abc', origin);
    expect((await failureOf(source.getToken({ rejected: createToken('abc') }))).code).toBe('token_rejected');
    expect((await source.getToken()).value).toBe('abc');
  });

  it('rejects with the reason of an aborted signal', async () => {
    const reason = new Error('enough');
    const call = staticTokenSource('abc', origin).getToken({ signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });

  it('names the origin in its one spelling, and no upstream', () => {
    const source = staticTokenSource('abc', 'https://API.example.com:443/');
    expect(source.origin).toBe(origin);
    expect('upstream' in source).toBe(false);
    expect(Object.isFrozen(source)).toBe(true);
  });

  it('goes through the upstream of the provider that it is for', () => {
    const upstream = upstreamAt(origin);
    const source = staticTokenSource('abc', { origin, upstream });
    expect(source.upstream).toBe(upstream);
    expect(source.origin).toBe(origin);
  });

  it.each([
    ['', origin],
    ['c4nary token', origin],
    ['c4nary\r\nX-Injected: 1', origin],
    ['c4nary'.repeat(40_000), origin],
    ['c4nary', 'http://api.example.com'],
    ['c4nary', 'https://user:c4nary@api.example.com'],
    ['c4nary', 'https://api.example.com/path'],
    ['c4nary', ''],
  ])('T9: %.20j for %j is refused at construction, and not repeated', (value, place) => {
    const error = thrownBy(() => staticTokenSource(value, place));
    expect(error.code).toBe('invalid_config');
    expect(shown(error)).not.toContain('c4nary');
  });

  it('T9: a provider with an origin that is none is refused too', () => {
    const place = { origin: 'http://api.example.com', upstream: upstreamAt(origin) };
    expect(thrownBy(() => staticTokenSource('abc', place)).code).toBe('invalid_config');
  });
});
