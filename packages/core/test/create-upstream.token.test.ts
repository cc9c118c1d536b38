import { describe, expect, it } from 'vitest';
import {
  createToken,
  LatchkeyError,
  staticTokenSource,
  tokenSourceOf,
  type GetTokenOptions,
  type TokenSource,
} from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, shown, thrownBy, unhandledDuring } from './failures.js';
import { startHttp, type LoopbackServer } from './loopback.js';
import { anything, login, until, upstreamAt, withoutBackOff } from './upstreams.js';

/** A server that takes these tokens and answers 401 to all others. */
function startTaking(...tokens: string[]): Promise<LoopbackServer> {
  return startHttp(({ headers }, response) => {
    const isGood = tokens.some((token) => headers.authorization === `Bearer ${token}`);
    response.writeHead(isGood ? 200 : 401).end('{"a":1}');
  });
}

/** A source that gives these tokens one after another, and the last one ever after. */
function sourceOf(origin: string, ...values: string[]) {
  const asked: GetTokenOptions[] = [];
  const source: TokenSource = {
    origin,
    getToken: async (options = {}) => {
      asked.push(options);
      return createToken(values[Math.min(asked.length, values.length) - 1]!);
    },
  };
  return { source, asked };
}

const bearers = ({ requests }: LoopbackServer) => requests.map(({ headers }) => headers.authorization);

describe('a token', () => {
  it.each([
    ['as text', 'abc.def|1:2'],
    ['as a token', createToken('abc.def|1:2')],
  ])('given %s is sent as a bearer', async (_, token) => {
    const server = await startTaking('abc.def|1:2');
    expect(await upstreamAt(server.origin).json(login({ token }))).toEqual({ a: 1 });
    expect(bearers(server)).toEqual(['Bearer abc.def|1:2']);
  });

  it('that is refused is not renewed and not sent again', async () => {
    const server = await startTaking();
    const error = await failureOf(upstreamAt(server.origin).json(anything({ token: 'old' })));
    expect(error).toMatchObject({ code: 'token_rejected', status: 401, provider: 'acme', retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    'c4nary\r\nX-Injected: 1',
    'c4nary\n',
    'c4nary\0',
    '',
    ' ',
    'tökenc4nary',
    'c4nary'.repeat(40_000),
  ])('F4: %.20j cannot be sent: nothing is sent and it is not repeated', async (value) => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin);
    const token = { value };
    const source: TokenSource = { origin: server.origin, getToken: async () => token };
    for (const request of [{ token: value }, { token }, { source }]) {
      const error = await failureOf(upstream.json(anything(request)));
      expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
      expect(shown(error)).not.toContain('c4nary');
    }
    expect(server.accepted).toBe(0);
  });
});

describe('a token source', () => {
  it('is asked once for a token that is good', async () => {
    const server = await startTaking('good');
    const { source, asked } = sourceOf(server.origin, 'good');
    expect(await upstreamAt(server.origin).json(anything({ source }))).toEqual({ a: 1 });
    expect(asked).toHaveLength(1);
    expect(asked[0]).not.toHaveProperty('rejected');
  });

  it.each([
    ['GET', anything()],
    ['POST', login()],
  ])('T10: is told of a refused token once, and %s is sent once more', async (_, request) => {
    const server = await startTaking('new');
    const { source, asked } = sourceOf(server.origin, 'old', 'new');
    expect(await upstreamAt(server.origin).json({ ...request, source })).toEqual({ a: 1 });
    expect(asked).toHaveLength(2);
    expect(asked[1]!.rejected!.value).toBe('old');
    expect(bearers(server)).toEqual(['Bearer old', 'Bearer new']);
    expect(new Set(server.requests.map(({ body }) => body)).size).toBe(1);
  });

  it('T10: a second refusal comes out as token_rejected', async () => {
    const server = await startTaking();
    const { source, asked } = sourceOf(server.origin, 'old', 'new', 'newer');
    const error = await failureOf(upstreamAt(server.origin).json(anything({ source })));
    expect(error).toMatchObject({ code: 'token_rejected', status: 401 });
    expect(asked).toHaveLength(2);
    expect(bearers(server)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('T10: a refusal that only the provider recognises renews too, 403 by itself does not', async () => {
    const server = await startHttp(({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer new' ? 200 : 403).end('{"a":1}'),
    );
    const upstream = upstreamAt(server.origin);
    const plain = sourceOf(server.origin, 'old', 'new');
    expect((await failureOf(upstream.json(anything(plain)))).code).toBe('upstream_error');
    expect(plain.asked).toHaveLength(1);
    const told = sourceOf(server.origin, 'old', 'new');
    const refused = ({ status }: { status: number }) =>
      status === 403 ? { code: 'token_rejected' as const } : undefined;
    expect(await upstream.json(anything({ ...told, refused }))).toEqual({ a: 1 });
    expect(told.asked).toHaveLength(2);
  });

  it('that has no other token to give says so', async () => {
    const server = await startTaking();
    const source = staticTokenSource('old', server.origin);
    const error = await failureOf(upstreamAt(server.origin).json(anything({ source })));
    // What the provider answered is known here, and not to the source.
    expect(error).toMatchObject({ code: 'token_rejected', provider: 'acme', status: 401 });
    expect(server.requests).toHaveLength(1);
  });

  it('that fails fails the call with its own error, at first and when it renews', async () => {
    const server = await startTaking();
    const failure = new LatchkeyError('invalid_credentials', { actor: 'service' });
    for (const good of [0, 1]) {
      let asked = 0;
      const getToken = async () => {
        asked += 1;
        if (asked > good) throw failure;
        return createToken('old');
      };
      const call = upstreamAt(server.origin).json(anything({ source: { origin: server.origin, getToken } }));
      expect(await failureOf(call)).toBe(failure);
    }
    expect(server.requests).toHaveLength(1);
  });

  it.each([0, 1])('that hangs, having given %i tokens, is bounded by the deadline', async (given) => {
    const server = await startTaking();
    const clock = virtualClock();
    const signals: (AbortSignal | undefined)[] = [];
    const source: TokenSource = {
      origin: server.origin,
      getToken: ({ signal } = {}) => {
        signals.push(signal);
        return signals.length > given ? new Promise(() => {}) : Promise.resolve(createToken('old'));
      },
    };
    const unhandled = await unhandledDuring(async () => {
      const call = failureOf(upstreamAt(server.origin, { clock }).json(anything({ source })));
      await until(() => signals.length === given + 1);
      await clock.advance(15_000);
      expect(await call).toMatchObject({ code: 'timeout', provider: 'acme' });
    });
    expect(unhandled).toEqual([]);
    expect(signals.at(-1)!.aborted).toBe(true);
    expect(clock.sleepers).toBe(0);
  });

  it('T3: that hangs does not hold a caller who has gone, and is never handed the signal of that caller', async () => {
    const server = await startTaking();
    const controller = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    const source: TokenSource = {
      origin: server.origin,
      getToken: ({ signal } = {}) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    const call = upstreamAt(server.origin).json(anything({ source, signal: controller.signal }));
    const outcome = expect(call).rejects.toBe('gone');
    controller.abort('gone');
    await outcome;
    expect(signals).toHaveLength(1);
    expect(signals[0]).not.toBe(controller.signal);
    expect(server.accepted).toBe(0);
  });

  it('makes no difference to a request that fails for another reason', async () => {
    const server = await startHttp((_, response) => response.writeHead(503).end());
    const { source, asked } = sourceOf(server.origin, 'good');
    const clock = virtualClock();
    const call = upstreamAt(server.origin, { clock }).json(anything({ source }));
    expect((await withoutBackOff(clock, failureOf(call))).code).toBe('upstream_error');
    expect(asked).toHaveLength(1);
    expect(bearers(server)).toEqual(['Bearer good', 'Bearer good', 'Bearer good']);
  });

  it('shares one deadline between the refused request and its repeat', async () => {
    const server = await startHttp(({ headers }, response) => {
      if (headers.authorization === 'Bearer old') response.writeHead(401).end();
    });
    const { source } = sourceOf(server.origin, 'old', 'new');
    const clock = virtualClock();
    await clock.advance(1);
    const call = failureOf(upstreamAt(server.origin, { clock, timeoutMs: 100 }).json(anything({ source })));
    await until(() => server.requests.length === 2);
    expect(clock.sleepers).toBe(1);
    await clock.advance(100);
    expect((await call).code).toBe('timeout');
  });
});

describe('what is no token', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a source that fails with an error of its own', () => Promise.reject(new Error('vault: c4nary'))],
    ['a source that gives nothing', () => Promise.resolve(undefined)],
    ['a source that gives text', () => Promise.resolve('c4nary')],
  ])('%s is an internal_error, and nothing is sent', async (_, getToken) => {
    const server = await startTaking();
    const source = { origin: server.origin, getToken } as TokenSource;
    const error = await failureOf(upstreamAt(server.origin).json(anything({ source })));
    expect(error).toMatchObject({ code: 'internal_error', provider: 'acme' });
    expect(error.cause).toBeInstanceOf(Error);
    expect(server.requests).toHaveLength(0);
  });

  it('a token beside a source is refused: it would not be clear which is meant', async () => {
    const server = await startTaking('a', 'b');
    const { source } = sourceOf(server.origin, 'a');
    expect(await failureOf(upstreamAt(server.origin).json(anything({ source, token: 'b' })))).toMatchObject({
      code: 'invalid_input',
    });
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    ['a provider', { name: 'acme', origin: 'https://example.com', signIn: () => {} }],
    ['nothing', undefined],
    ['text', 'token'],
  ])('%s in place of a source is refused with advice', (_, given) => {
    expect(thrownBy(() => tokenSourceOf(given as never))).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('staticTokenSource(grant.accessToken, provider)') as string,
    });
  });
});
