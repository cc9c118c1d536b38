import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createUpstream } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, shown, thrownBy } from './failures.js';
import { startHttp, startReplying } from './loopback.js';
import { anything, upstreamAt } from './upstreams.js';

const good = { name: 'acme', origin: 'https://api.example.com' };

function refused(options: object) {
  return thrownBy(() => createUpstream({ ...good, ...options }));
}

describe('the options of createUpstream', () => {
  it('give a frozen upstream with a name and the one spelling of its origin', () => {
    const upstream = upstreamAt('HTTPS://API.example.com:443/');
    expect(upstream).toMatchObject(good);
    expect(Object.isFrozen(upstream)).toBe(true);
  });

  it.each<[string, object, RegExp]>([
    ['no name', { name: undefined }, /name must be text/],
    ['an empty name', { name: '' }, /name must be lower-case letters/],
    ['no origin', { origin: undefined }, /origin must be text/],
    ['an origin with a path', { origin: 'https://api.example.com/v3' }, /origin must end after/],
    ['a dispatcher of another kind', { dispatcher: { fetch: () => {} } }, /dispatcher must be a dispatcher/],
    ['a dispatcher that is null', { dispatcher: null }, /dispatcher must be a dispatcher/],
    ['no time', { timeoutMs: 0 }, /timeoutMs must be above 0/],
    ['negative time', { timeoutMs: -1 }, /timeoutMs must be above 0/],
    ['endless time', { timeoutMs: Infinity }, /timeoutMs must be above 0/],
    ['too much time', { timeoutMs: 600_001 }, /at most 600000/],
    ['time as text', { timeoutMs: '15000' }, /timeoutMs must be above 0/],
    ['a limit of 0', { maxResponseBytes: 0 }, /maxResponseBytes must be above 0/],
    [
      'a limit that no text can reach',
      { maxResponseBytes: 2 ** 30 },
      /maxResponseBytes must be at most 256 MiB/,
    ],
    ['a limit that is not whole', { maxResponseBytes: 1.5 }, /maxResponseBytes must be a whole number/],
    ['an endless limit', { maxResponseBytes: Infinity }, /maxResponseBytes must be a whole number/],
    ['a clock that cannot sleep', { clock: { now: () => 0, monotonic: () => 0 } }, /clock must be a clock/],
    ['a user agent with CR/LF', { userAgent: 'a\r\nX-Injected: 1' }, /userAgent must be/],
    ['an empty user agent', { userAgent: '' }, /userAgent must be/],
    ['a user agent beyond ASCII', { userAgent: 'ünicode' }, /userAgent must be/],
    ['an option that there is none of', { timeout: 5 }, /has no "timeout"/],
  ])('refuse %s', (_, options, said) => {
    const error = refused(options);
    expect(error.code).toBe('invalid_config');
    expect(error.message).toMatch(said);
  });

  it('tell every problem in one message', () => {
    const { message } = refused({ origin: 'x', timeoutMs: 0, userAgent: '', extra: 1 });
    for (const part of ['origin', 'timeoutMs', 'userAgent', 'extra']) expect(message).toContain(part);
  });

  it.each(['http://api.example.com', 'http://10.0.0.1', 'http://localhost.example.com'])(
    'T9: plain http to %s is refused at construction',
    (origin) => {
      expect(refused({ origin })).toMatchObject({
        code: 'invalid_config',
        message: 'The options of the upstream acme cannot be used: origin must be https, save on loopback.',
      });
    },
  );

  it('T9: userinfo in the origin is refused at construction, and not repeated', () => {
    const error = refused({ origin: 'https://user:c4nary@api.example.com' });
    expect(error.message).toContain('origin must not hold a user name or a password');
    expect(shown(error)).not.toContain('c4nary');
  });
});

describe('a request of an upstream', () => {
  it('names this package and its version, or what it is told to', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
    const server = await startHttp((_, response) => response.end('1'));
    await upstreamAt(server.origin).json(anything());
    await upstreamAt(server.origin, { userAgent: 'acme-sync/2 (ops)' }).json(anything());
    expect(server.requests.map(({ headers }) => headers['user-agent'])).toEqual([
      `latchkey/${version}`,
      'acme-sync/2 (ops)',
    ]);
  });

  it('asks for JSON, packed or not, and sends a body as JSON', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin);
    await upstream.json(anything({ path: '/a?b=1', query: { c: ['x', 'y'] } }));
    await upstream.json(anything({ method: 'PUT', body: { name: 'Zoë' } }));
    const [get, put] = server.requests;
    expect(get).toMatchObject({ method: 'GET', url: '/a?b=1&c=x&c=y', body: '' });
    expect(get!.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
    });
    expect(Object.keys(get!.headers)).not.toContain('content-type');
    expect(Object.keys(get!.headers)).not.toContain('authorization');
    expect(put).toMatchObject({ method: 'PUT', url: '/', body: '{"name":"Zoë"}' });
    expect(put!.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '15' });
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)('%s can carry a body', async (method) => {
    const server = await startHttp((_, response) => response.end('1'));
    await upstreamAt(server.origin).json(anything({ method, body: [1] }));
    expect(server.requests).toMatchObject([{ method, body: '[1]' }]);
  });

  it('that JSON cannot hold is refused with the name of the provider, and not sent', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin);
    const cycle: Record<string, unknown> = { password: 'c4nary' };
    cycle['c4naryField'] = cycle;
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    for (const body of [cycle, { size: 5n }, deep]) {
      const error = await failureOf(upstream.json(anything({ method: 'POST', body })));
      expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
      expect(shown(error)).not.toContain('c4nary');
    }
    expect(server.requests).toEqual([]);
  });

  it('is given a time within the options, by default 15 seconds', async () => {
    const server = await startHttp(() => {});
    const clock = virtualClock();
    const outcome = failureOf(upstreamAt(server.origin, { clock }).json(anything()));
    await clock.advance(14_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: 'timeout', message: 'acme did not answer within 15000 ms.' });
  });

  it('is bounded to 8 MiB of reply by default', async () => {
    const body = (length: number) => `"${'x'.repeat(length - 2)}"`;
    const most = 8 * 1024 * 1024;
    const fits = await startReplying('HTTP/1.1 200 OK\r\n\r\n', body(most));
    expect(await upstreamAt(fits.origin).json(anything())).toHaveLength(most - 2);
    const larger = await startReplying('HTTP/1.1 200 OK\r\n\r\n', body(most + 1));
    expect((await failureOf(upstreamAt(larger.origin).json(anything()))).code).toBe('invalid_response');
  });
});
