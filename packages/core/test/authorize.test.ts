import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { authorize, createToken, LatchkeyError, staticTokenSource, type TokenSource } from '../src/index.js';
import { agentOf, authorizations, FakeSource, leftOut, undicis, waysToSend } from './authorize-fixtures.js';
import { shown, thrownBy } from './failures.js';
import { startHttp } from './loopback.js';

if (leftOut) console.warn(leftOut);

const origin = 'https://api.example.com';

/** What `authorize` hands to what is inside, for one dispatch that nobody answers. */
function handedOver(
  options: Partial<Dispatcher.DispatchOptions>,
  source: TokenSource = new FakeSource(origin),
) {
  const calls: [Dispatcher.DispatchOptions, Dispatcher.DispatchHandler][] = [];
  const errors: unknown[] = [];
  const given = { origin, path: '/', method: 'GET', ...options } as Dispatcher.DispatchOptions;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => {},
    onResponseError: (_controller, error) => errors.push(error),
  };
  const dispatch = authorize(source)((...call) => calls.push(call) > 0);
  const returned = dispatch(given, handler);
  return { calls, errors, given, handler, returned };
}

function bearerOf(headers: unknown): unknown {
  return Array.isArray(headers) ? headers[1] : (headers as Record<string, unknown>)['authorization'];
}

describe('authorize', () => {
  it.each<[string, string | URL]>([
    ['as the source does', origin],
    ['as a URL', new URL(origin)],
    ['with a slash', `${origin}/`],
    ['with its port and in capitals', 'HTTPS://API.example.com:443'],
  ])('T8: signs a request that names the origin %s', (_, named) => {
    const { calls } = handedOver({ origin: named });
    expect(calls).toHaveLength(1);
    // As text, since undici's redirect handler takes a URL object for another origin than its text.
    expect(calls[0]![0]).toMatchObject({ origin, headers: { authorization: 'Bearer token-1' } });
  });

  it.each<[string, string | URL]>([
    ['plain http', 'http://api.example.com'],
    ['another port', 'https://api.example.com:8443'],
    ['a subdomain', 'https://www.api.example.com'],
    ['a parent domain', 'https://example.com'],
    ['a longer name', 'https://api.example.com.example.org'],
    ['the origin for userinfo', 'https://api.example.com@example.org'],
    ['the origin in a path', 'https://example.org/https://api.example.com'],
    ['a dot at the end', 'https://api.example.com.'],
    ['another origin as a URL', new URL('https://example.org')],
    ['what is no URL', 'api.example.com'],
    ['the origin and a path, which undici refuses', `${origin}/v3`],
    ['the origin and a query, which undici refuses', `${origin}?a`],
  ])('T8: leaves a request to %s as it is', (_, named) => {
    const { calls, given, handler } = handedOver({ origin: named });
    expect(calls).toEqual([[given, handler]]);
    expect(calls[0]![0]).toBe(given);
    expect(calls[0]![1]).toBe(handler);
  });

  it('T8: sends nothing where a request does not say where it goes', () => {
    const { calls, errors, returned } = handedOver({ origin: undefined as never });
    expect(calls).toEqual([]);
    expect(errors).toEqual([expect.objectContaining({ code: 'invalid_config' })]);
    expect(returned).toBe(true);
  });

  it('gives what is inside the last word on the return value', () => {
    const handler = { onRequestStart: () => {} };
    const options = { origin, path: '/', method: 'GET' };
    for (const returned of [true, false]) {
      expect(authorize(new FakeSource(origin))(() => returned)(options, handler)).toBe(returned);
    }
  });

  it('asks for no token where one is at hand, and dispatches at once', () => {
    const source = new FakeSource(origin);
    expect(handedOver({}, source).calls).toHaveLength(1);
    expect(source.asked).toEqual([]);
  });

  it('follows the source to its next token', async () => {
    const source = new FakeSource(origin);
    const authorized = authorize(source);
    const seen: unknown[] = [];
    const dispatch = authorized(({ headers }) => seen.push(bearerOf(headers)) > 0);
    const send = () => dispatch({ origin, path: '/', method: 'GET' }, { onRequestStart: () => {} });
    send();
    await source.getToken({ rejected: source.peek() });
    send();
    send();
    expect(seen).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
  });

  it.each([
    'http://api.example.com',
    'https://user:c4nary@api.example.com',
    'https://api.example.com/c4nary',
    'ftp://api.example.com',
    '',
  ])('T9: a source for %j is refused at construction', (bad) => {
    const error = thrownBy(() => authorize({ origin: bad, getToken: async () => createToken('a') }));
    expect(error.code).toBe('invalid_config');
    expect(shown(error)).not.toContain('c4nary');
  });

  it.each([
    ['a provider', { name: 'acme', origin, signIn: () => {} }],
    ['nothing', undefined],
    ['text', 'token'],
  ])('refuses %s in place of a source', (_, given) => {
    expect(thrownBy(() => authorize(given as never)).code).toBe('invalid_config');
  });

  it('takes what holds a source, such as a session', () => {
    const { calls } = handedOver({}, { source: new FakeSource(origin) } as never);
    expect(bearerOf(calls[0]![0].headers)).toBe('Bearer token-1');
  });
});

describe('headers', () => {
  const given: [string, () => unknown, expected: string][] = [
    ['none', () => undefined, ''],
    ['null', () => null, ''],
    ['an object', () => ({ 'X-One': '1', 'x-two': ['2', '3'] }), '1|2, 3'],
    ['an object without a prototype', () => ({ __proto__: null, 'x-one': '1' }), '1'],
    ['an object with an authorization that is undefined', () => ({ authorization: undefined }), ''],
    ['the same in capitals', () => ({ Authorization: undefined, 'x-one': '1' }), '1'],
    ['a list', () => ['X-One', '1', 'x-two', '2'], '1|2'],
    ['a list with a list in it', () => ['x-one', '1', 'x-two', ['2', '3']], '1|2, 3'],
    ['a list with a value of that name', () => ['x-one', 'authorization', 'x-two', '2'], 'authorization|2'],
    ['an empty list', () => [], ''],
    ['Headers', () => new Headers([['x-one', '1'], ['x-two', '2']]), '1|2'], // prettier-ignore
    ['a Map', () => new Map([['x-one', '1']]), '1'],
    ['pairs', () => [['x-one', '1'], ['x-two', '2']], '1|2'], // prettier-ignore
    [
      'what can be read once',
      function* () {
        yield ['x-one', '1'];
      },
      '1',
    ],
  ];

  it.each(undicis.flatMap(([name, undici]) => given.map((row) => [...row, name, undici] as const)))(
    'given as %s are sent with the token, and left as they were',
    async (_, make, expected, _name, undici) => {
      const server = await startHttp((_request, response) => response.end());
      const agent = agentOf(undici, [authorize(new FakeSource(server.origin))]);
      const headers = make() as Dispatcher.DispatchOptions['headers'];
      if (headers && !(Symbol.iterator in headers && !Array.isArray(headers))) Object.freeze(headers);
      const options = Object.freeze({ origin: server.origin, path: '/', method: 'POST' as const, headers });
      await (await agent.request(options as Dispatcher.RequestOptions)).body.text();
      expect(authorizations(server)).toEqual(['Bearer token-1']);
      const { 'x-one': one, 'x-two': two } = server.requests[0]!.headers;
      expect([one, two].filter((value) => value !== undefined).join('|')).toBe(expected);
    },
  );

  const own: [string, () => unknown][] = [
    ['an object', () => ({ authorization: 'Basic own' })],
    ['an object, in capitals', () => ({ AUTHORIZATION: 'Basic own' })],
    ['an object, with a list', () => ({ Authorization: ['Basic own'] })],
    [
      'an object, after one that is undefined',
      () => ({ authorization: undefined, Authorization: 'Basic own' }),
    ],
    ['a list, after one that is undefined', () => ['authorization', undefined, 'Authorization', 'Basic own']],
    ['a list', () => ['x-one', '1', 'Authorization', 'Basic own']],
    ['Headers', () => new Headers({ authorization: 'Basic own' })],
    ['a Map', () => new Map([['Authorization', 'Basic own']])],
    [
      'what can be read once',
      function* () {
        yield ['Authorization', 'Basic own'];
      },
    ],
  ];

  it.each(undicis.flatMap(([name, undici]) => own.map((row) => [...row, name, undici] as const)))(
    "T8: the caller's own Authorization in %s is left alone, and its 401 is the answer",
    async (_, make, _name, undici) => {
      const server = await startHttp((_request, response) => response.writeHead(401).end('no'));
      const source = new FakeSource(server.origin);
      const agent = agentOf(undici, [authorize(source)]);
      const headers = make() as Record<string, string>;
      const answer = await agent.request({ origin: server.origin, path: '/', method: 'GET', headers });
      expect([answer.statusCode, await answer.body.text()]).toEqual([401, 'no']);
      expect(authorizations(server)).toEqual(['Basic own']);
      expect(source.asked).toEqual([]);
      expect(source.taken).toEqual([]);
    },
  );

  it.each([
    ['an object', { authorization: 'Basic own' }],
    ['a list', ['authorization', 'Basic own']],
    ['null, which is sent as an empty one', { authorization: null }],
  ])("T8: a request with the caller's own Authorization in %s passes as it is", (_, headers) => {
    const { calls, given, handler } = handedOver({ headers: headers as never });
    expect(calls[0]![0]).toBe(given);
    expect(calls[0]![1]).toBe(handler);
  });

  it('T8: an Authorization that an object inherits is not sent by undici, and does not count', () => {
    const { calls } = handedOver({ headers: Object.create({ authorization: 'Basic own' }) as never });
    expect(bearerOf(calls[0]![0].headers)).toBe('Bearer token-1');
  });

  it('F4: a header named __proto__ stays a header', () => {
    const headers = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    const signed = handedOver({ headers }).calls[0]![0].headers as object;
    expect(Object.entries(signed)).toContainEqual(['__proto__', 'x']);
    expect(Object.getPrototypeOf(signed)).toBe(Object.prototype);
  });

  it('an iterable that throws fails the request', () => {
    const problem = new Error('spent');
    const headers = {
      [Symbol.iterator]: () => {
        throw problem;
      },
    };
    const { calls, errors } = handedOver({ headers: headers as never });
    expect([calls, errors]).toEqual([[], [problem]]);
  });
});

describe.each(undicis)('with %s', (_, undici) => {
  const ways = waysToSend(undici);

  it.each(Object.keys(ways))('%s is signed, with a token at hand and without', async (way) => {
    const server = await startHttp(({ body }, response) => response.end(`got ${body}`));
    for (const atHand of [true, false]) {
      const source = new FakeSource(server.origin, { atHand });
      const agent = agentOf(undici, [authorize(source)]);
      const options = way === 'pipeline' ? {} : { method: 'POST', body: 'text' };
      const answer = await ways[way]!(agent, `${server.origin}/a`, options);
      expect(answer).toEqual({ status: 200, body: way === 'pipeline' ? 'got ' : 'got text' });
      expect(source.taken).toEqual(['token-1']);
    }
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-1']);
  });

  it('a source without peek is asked for each request', async () => {
    const server = await startHttp((_request, response) => response.end());
    let asked = 0;
    const getToken = async () => createToken(`token-${++asked}`);
    const agent = agentOf(undici, [authorize({ origin: server.origin, getToken })]);
    await ways['request']!(agent, server.origin);
    await ways['request']!(agent, server.origin);
    expect(authorizations(server)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('a source whose peek throws is asked', async () => {
    const server = await startHttp((_request, response) => response.end());
    const source = new FakeSource(server.origin);
    source.peek = () => {
      throw new Error('no peeking');
    };
    await ways['request']!(agentOf(undici, [authorize(source)]), server.origin);
    expect(authorizations(server)).toEqual(['Bearer token-1']);
  });

  it.each(Object.keys(ways))('%s without a token fails with the error of the source, unsent', async (way) => {
    const server = await startHttp((_request, response) => response.end());
    const failure = new LatchkeyError('account_locked', { actor: 'service' });
    const throwing = () => {
      throw failure;
    };
    const sources: TokenSource[] = [
      { origin: server.origin, getToken: async () => Promise.reject(failure) },
      { origin: server.origin, getToken: throwing },
      { origin: server.origin, getToken: async () => Promise.reject(failure), peek: () => undefined },
    ];
    for (const source of sources) {
      const sent = ways[way]!(agentOf(undici, [authorize(source)]), server.origin);
      const error = await sent.then(
        () => 'sent',
        (thrown: unknown) => thrown,
      );
      // `fetch` has an error of its own, and ours as its cause.
      expect(way.endsWith('fetch') ? (error as Error).cause : error).toBe(failure);
    }
    expect(server.accepted).toBe(0);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'c4nary'],
    ['a token without a value', {}],
    ['a token that would be two headers', { value: 'c4nary\r\nx-injected: 1' }],
    ['a token that no header holds', { value: 'tökenc4nary' }],
  ])('F4: a source that gives %s fails the request, which is not sent', async (_name, token) => {
    const server = await startHttp((_request, response) => response.end());
    for (const extra of [{}, { peek: () => token }]) {
      const source = { origin: server.origin, getToken: async () => token, ...extra } as TokenSource;
      const error: unknown = await ways['request']!(
        agentOf(undici, [authorize(source)]),
        server.origin,
      ).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'internal_error' });
      expect(shown(error)).not.toContain('c4nary');
    }
    expect(server.accepted).toBe(0);
  });

  it.each([
    [200, ['token-1']],
    [204, ['token-1']],
    [304, ['token-1']],
    [307, ['token-1']],
    [400, []],
    [403, []],
    [500, []],
  ])('the source is told that an answer of %i came to its token: %j', async (status, taken) => {
    const server = await startHttp((_request, response) => response.writeHead(status).end());
    for (const atHand of [true, false]) {
      const source = new FakeSource(server.origin, { atHand });
      await ways['request']!(agentOf(undici, [authorize(source)]), server.origin);
      expect(source.taken).toEqual(taken);
      expect(source.logins).toBe(1);
    }
  });

  it('an answer does not hang on what the source makes of it', async () => {
    const server = await startHttp((_request, response) => response.end('fine'));
    const source = new FakeSource(server.origin);
    source.accepted = () => {
      throw new Error('not now');
    };
    const agent = agentOf(undici, [authorize(source)]);
    expect(await ways['request']!(agent, server.origin)).toEqual({ status: 200, body: 'fine' });
  });

  it('an answer to another origin is nothing to the source', async () => {
    const server = await startHttp((_request, response) => response.writeHead(401).end('no'));
    const source = new FakeSource(origin);
    const agent = agentOf(undici, [authorize(source)]);
    for (const send of Object.values(ways)) {
      expect(await send(agent, server.origin)).toEqual({ status: 401, body: 'no' });
    }
    expect(new Set(authorizations(server))).toEqual(new Set([undefined]));
    expect([source.asked, source.taken]).toEqual([[], []]);
  });

  it('two sources share one agent', async () => {
    const servers = [
      await startHttp((_request, response) => response.end()),
      await startHttp((_request, response) => response.end()),
    ] as const;
    const agent = agentOf(
      undici,
      servers.map((server, at) => authorize(staticTokenSource(`token-of-${at}`, server.origin))),
    );
    for (const server of servers) await ways['request']!(agent, server.origin);
    expect(servers.map(authorizations)).toEqual([['Bearer token-of-0'], ['Bearer token-of-1']]);
  });
});
