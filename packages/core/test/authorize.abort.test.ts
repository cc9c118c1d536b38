import { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { authorize, LatchkeyError } from '../src/index.js';
import { agentOf, deferred, FakeSource, undicis, waysToSend, type Send } from './authorize-fixtures.js';
import { startHttp, type LoopbackServer } from './loopback.js';
import { until } from './upstreams.js';

/** Where a caller can be when it leaves: waiting for its first token, or for the one after a 401. */
const waits = [
  ['its first token', false],
  ['the token after a 401', true],
] as const;

/** Takes `token-2`, or any token where the first is not at hand. */
function startTaking(atHand: boolean): Promise<LoopbackServer> {
  return startHttp(({ headers }, response) => {
    const isRefused = atHand && headers.authorization === 'Bearer token-1';
    response.writeHead(isRefused ? 401 : 200).end('body');
  });
}

function thrownIn(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );
}

/** A handler in undici's new style, which keeps what it is told. */
function recorder(more: Dispatcher.DispatchHandler = {}) {
  const told: string[] = [];
  const seen: { controller?: Dispatcher.DispatchController; error?: unknown; context?: unknown } = {};
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: (controller, context: unknown) => {
      told.push('start');
      Object.assign(seen, { controller, context });
      more.onRequestStart?.(controller, context);
    },
    onResponseStart: (controller, status, headers) => {
      told.push(`head ${status}`);
      more.onResponseStart?.(controller, status, headers);
    },
    onResponseData: (_controller, chunk) => told.push(`data ${chunk.toString()}`),
    onResponseEnd: () => told.push('end'),
    onRequestUpgrade: () => told.push('upgrade'),
    onResponseError: (_controller, error) => {
      told.push('error');
      seen.error = error;
    },
  };
  return { handler, told, seen };
}

describe.each(undicis)('T3: with %s', (_, undici) => {
  const { pipeline: _unused, ...ways } = waysToSend(undici);

  describe.each(waits)('a caller that waits for %s', (_, atHand) => {
    it.each(Object.entries(ways))('and aborts %s has its reason at once, and nobody else', async (...row) => {
      const [, send] = row;
      const server = await startTaking(atHand);
      const source = new FakeSource(server.origin, { atHand });
      const login = deferred<undefined>();
      source.login = () => login.promise;
      const agent = agentOf(undici, [authorize(source)]);
      const callers = [new AbortController(), new AbortController(), new AbortController()] as const;
      const sent = callers.map(({ signal }) => send(agent, server.origin, { signal }));
      const outcomes = sent.map(thrownIn);
      await until(() => source.asked.length === 3);
      const received = server.requests.length;

      const reason = new Error('enough');
      callers[1].abort(reason);
      expect(await outcomes[1]).toBe(reason);
      // The source is told by a signal of this call; it never gets that of the caller, which is for the caller alone.
      expect(source.asked.map(({ signal }) => signal?.aborted)).toEqual([false, true, false]);
      for (const { signal } of callers)
        for (const asked of source.asked) expect(asked.signal).not.toBe(signal);

      login.resolve(undefined);
      expect(await Promise.all([sent[0], sent[2]])).toEqual(Array(2).fill({ status: 200, body: 'body' }));
      expect(server.requests.length).toBe(received + 2);
    });

    it('and aborts without a reason has that of undici', async () => {
      const server = await startTaking(atHand);
      const source = new FakeSource(server.origin, { atHand });
      source.login = () => new Promise(() => {});
      const { handler, told, seen } = recorder();
      agentOf(undici, [authorize(source)]).dispatch(
        { origin: server.origin, path: '/', method: 'GET' },
        handler,
      );
      await until(() => source.asked.length === 1);
      (seen.controller!.abort as () => void).call(seen.controller);
      expect(told).toEqual(['start', 'error']);
      expect(seen.error).toMatchObject({ code: 'UND_ERR_ABORTED' });
    });

    it('and has left is told no more, whatever comes of it', async () => {
      const server = await startTaking(atHand);
      for (const failure of [undefined, new LatchkeyError('timeout')]) {
        const source = new FakeSource(server.origin, { atHand });
        const login = deferred<undefined>();
        source.login = () => login.promise;
        const { handler, told, seen } = recorder();
        const agent = agentOf(undici, [authorize(source)]);
        const before = server.requests.length;
        agent.dispatch({ origin: server.origin, path: '/', method: 'GET' }, handler);
        await until(() => source.asked.length === 1);
        const reason = new Error('enough');
        seen.controller!.abort(reason);
        seen.controller!.abort(new Error('again'));
        expect(told).toEqual(['start', 'error']);
        expect([seen.error, seen.controller!.aborted, seen.controller!.reason]).toEqual([
          reason,
          true,
          reason,
        ]);
        if (failure) login.reject(failure);
        else login.resolve(undefined);
        await until(() => failure !== undefined || source.peek() !== undefined);
        // A request that comes after it and ends: whatever was to come of the first, has come.
        const last = { authorization: 'Basic own' };
        await ways['request']!(agent, server.origin, { headers: last });
        expect(told).toEqual(['start', 'error']);
        expect(server.requests.length).toBe(before + (atHand ? 2 : 1));
      }
    });

    it('is told of the start once, and keeps one controller to the end', async () => {
      const server = await startTaking(atHand);
      const source = new FakeSource(server.origin, { atHand });
      const controllers = new Set<unknown>();
      const { handler, told } = recorder({
        onRequestStart: (controller) => controllers.add(controller),
        onResponseStart: (controller) => controllers.add(controller),
      });
      agentOf(undici, [authorize(source)]).dispatch(
        { origin: server.origin, path: '/', method: 'GET' },
        handler,
      );
      await until(() => told.includes('end'));
      expect(told).toEqual(['start', 'head 200', 'data body', 'end']);
      expect(controllers.size).toBe(1);
    });

    it('can pause before the answer, and resume', async () => {
      const server = await startTaking(atHand);
      const source = new FakeSource(server.origin, { atHand });
      const login = deferred<undefined>();
      source.login = () => login.promise;
      const { handler, told, seen } = recorder();
      agentOf(undici, [authorize(source)]).dispatch(
        { origin: server.origin, path: '/', method: 'GET' },
        handler,
      );
      await until(() => source.asked.length === 1);
      expect(seen.controller).toMatchObject({ aborted: false, paused: false, reason: null });
      seen.controller!.pause();
      expect(seen.controller!.paused).toBe(true);
      login.resolve(undefined);
      await until(() => told.includes('head 200'));
      expect(told).toEqual(['start', 'head 200']);
      seen.controller!.resume();
      expect(seen.controller!.paused).toBe(false);
      await until(() => told.includes('end'));
      expect(told).toEqual(['start', 'head 200', 'data body', 'end']);
      expect(seen.controller!.rawHeaders).toBeTruthy();
      expect(seen.controller!.rawTrailers).toBeTruthy();
    });

    it('can abort when its request waits for a connection, at once, and it is not sent', async () => {
      const held = deferred<undefined>();
      const server = await startHttp(({ url, headers }, response) => {
        const isRefused = atHand && headers.authorization === 'Bearer token-1';
        const answer = () => response.writeHead(isRefused ? 401 : 200).end();
        if (url === '/hold') held.promise.then(answer, answer);
        else answer();
      });
      const source = new FakeSource(server.origin, { atHand });
      const login = deferred<undefined>();
      source.login = () => login.promise;
      const agent = agentOf(undici, [authorize(source)], { connections: 1, pipelining: 1 });
      const caller = new AbortController();
      const outcome = thrownIn(ways['request']!(agent, server.origin, { signal: caller.signal }));
      await until(() => source.asked.length === 1);
      const headers = { authorization: 'Basic own' };
      const holding = ways['request']!(agent, `${server.origin}/hold`, { headers });
      await until(() => server.requests.some(({ url }) => url === '/hold'));
      login.resolve(undefined);
      await until(() => source.peek() !== undefined);
      const reason = new Error('enough');
      caller.abort(reason);
      expect(await outcome).toBe(reason);
      held.resolve(undefined);
      await holding;
      // One that comes after it on the only connection.
      await ways['request']!(agent, `${server.origin}/last`, { headers });
      expect(server.requests.filter(({ url }) => url === '/')).toHaveLength(atHand ? 1 : 0);
    });

    it('and leaves is told nothing more, even by what heeds no abort', async () => {
      const source = new FakeSource('https://api.example.com', { atHand });
      const login = deferred<undefined>();
      source.login = () => login.promise;
      const inner: Dispatcher.DispatchHandler[] = [];
      const dispatch = authorize(source)((_options, handler) => inner.push(handler) > 0);
      const { handler, told, seen } = recorder();
      dispatch({ origin: source.origin, path: '/', method: 'GET' }, handler);
      const target = { aborted: false, paused: false, reason: null };
      const controller = { ...target, abort: () => {}, pause: () => {}, resume: () => {} };
      if (atHand) {
        inner[0]!.onRequestStart!(controller, undefined);
        inner[0]!.onResponseStart!(controller, 401, {});
        inner[0]!.onResponseEnd!(controller, {});
      }
      login.resolve(undefined);
      await until(() => inner.length === (atHand ? 2 : 1));
      const last = inner.at(-1)!;
      seen.controller!.abort(new Error('enough'));
      last.onRequestStart!(controller, undefined);
      last.onResponseStart!(controller, 200, {});
      last.onResponseData!(controller, Buffer.from('body'));
      last.onResponseEnd!(controller, {});
      last.onRequestUpgrade!(controller, 101, {}, new Duplex());
      last.onResponseError!(controller, new Error('aborted'));
      expect(told).toEqual(['start', 'error']);
      expect(seen.error).toMatchObject({ message: 'enough' });
    });

    it('and leaves at the very moment the token comes has nothing sent', async () => {
      for (let turns = 0; turns < 12; turns += 1) {
        const source = new FakeSource('https://api.example.com', { atHand });
        const inner: Dispatcher.DispatchHandler[] = [];
        const dispatch = authorize(source)((_options, handler) => inner.push(handler) > 0);
        const { handler, told, seen } = recorder();
        const login = deferred<undefined>();
        source.login = () => login.promise;
        dispatch({ origin: source.origin, path: '/', method: 'GET' }, handler);
        const target = { aborted: false, paused: false, reason: null };
        const controller = { ...target, abort: () => {}, pause: () => {}, resume: () => {} };
        if (atHand) {
          inner[0]!.onRequestStart!(controller, undefined);
          inner[0]!.onResponseStart!(controller, 401, {});
        }
        login.resolve(undefined);
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        const dispatched = inner.length;
        seen.controller!.abort(new Error('enough'));
        expect(told).toEqual(['start', 'error']);
        await new Promise((resolve) => setImmediate(resolve));
        expect(inner).toHaveLength(dispatched);
      }
    });

    it('can abort the answer that it has', async () => {
      const server = await startHttp(({ headers }, response) => {
        const isRefused = atHand && headers.authorization === 'Bearer token-1';
        if (isRefused) response.writeHead(401).end();
        else response.writeHead(200).write('and so on');
      });
      const agent = agentOf(undici, [authorize(new FakeSource(server.origin, { atHand }))]);
      const caller = new AbortController();
      const { body } = await agent.request({
        origin: server.origin,
        path: '/',
        method: 'GET',
        signal: caller.signal,
      });
      const reason = new Error('enough');
      caller.abort(reason);
      expect(await thrownIn(body.text())).toBe(reason);
      await until(() => server.sockets.size <= (atHand ? 1 : 0));
    });

    it('has the error of undici when the dispatcher ends meanwhile', async () => {
      const server = await startTaking(atHand);
      const source = new FakeSource(server.origin, { atHand });
      const login = deferred<undefined>();
      source.login = () => login.promise;
      const agent = agentOf(undici, [authorize(source)]);
      const outcome = thrownIn(ways['request']!(agent, server.origin));
      await until(() => source.asked.length === 1);
      await agent.destroy();
      login.resolve(undefined);
      expect(await outcome).toMatchObject({ code: 'UND_ERR_DESTROYED' });
    });
  });

  it.each(Object.entries<Send>(ways))(
    'a caller that has left before %s makes nobody sign in',
    async (...row) => {
      const [, send] = row;
      const server = await startTaking(false);
      const source = new FakeSource(server.origin, { atHand: false });
      const reason = new Error('enough');
      const outcomes: unknown[] = [];
      for (const interceptors of [[authorize(source)], []]) {
        const agent = agentOf(undici, interceptors);
        outcomes.push(await thrownIn(send(agent, server.origin, { signal: AbortSignal.abort(reason) })));
      }
      // `stream` of undici has an error of its own here.
      expect(outcomes[0]).toEqual(outcomes[1]);
      expect(outcomes[0]).toBeInstanceOf(Error);
      expect([source.asked.length, server.requests.length]).toEqual([0, 0]);
    },
  );

  it('a caller can abort before its answer, and during it, with a token at hand', async () => {
    const server = await startHttp(({ url }, response) => {
      if (url === '/body') response.write('and so on');
    });
    const source = new FakeSource(server.origin);
    const agent = agentOf(undici, [authorize(source)]);
    for (const path of ['/', '/body']) {
      const { handler, told, seen } = recorder();
      agent.dispatch({ origin: server.origin, path, method: 'GET' }, handler);
      const last = path === '/body' ? 'data and so on' : 'start';
      await until(() => told.includes(last) && server.requests.at(-1)?.url === path);
      const reason = new Error('enough');
      seen.controller!.abort(reason);
      expect(told.at(-1)).toBe('error');
      expect(told.filter((one) => one === 'error')).toHaveLength(1);
      expect(seen.error).toBe(reason);
      await until(() => server.sockets.size === 0);
    }
    expect(source.asked).toEqual([]);
  });

  it('a caller that has paused already has its 401 read to its end, and its answer held back', async () => {
    const server = await startTaking(true);
    const agent = agentOf(undici, [authorize(new FakeSource(server.origin))], { connections: 1 });
    const { handler, told, seen } = recorder({ onRequestStart: (controller) => controller.pause() });
    agent.dispatch({ origin: server.origin, path: '/', method: 'GET' }, handler);
    await until(() => told.includes('head 200'));
    expect(told).toEqual(['start', 'head 200']);
    seen.controller!.resume();
    await until(() => told.includes('end'));
    expect(server.accepted).toBe(1);
  });

  it('an abort between the tries of a retry inside ends the request at its next', async () => {
    const server = await startHttp((_request, response) => response.writeHead(503).end());
    const caller = new AbortController();
    const retry = undici.interceptors.retry({
      maxRetries: 5,
      retry: (_error, _context, done) => {
        caller.abort(new Error('enough'));
        setImmediate(() => done(null));
        return null;
      },
    });
    const agent = agentOf(undici, [retry, authorize(new FakeSource(server.origin))]);
    const sent = ways['request']!(agent, server.origin, { signal: caller.signal });
    await expect(sent).rejects.toThrow('enough');
    expect(server.requests).toHaveLength(1);
  });

  it('a stream that fails while its request waits for a token fails the request, and nothing else', async () => {
    const server = await startTaking(false);
    const source = new FakeSource(server.origin, { atHand: false });
    source.login = () => new Promise(() => {});
    const body = new Readable({ read: () => {} });
    const agent = agentOf(undici, [authorize(source)]);
    const outcome = thrownIn(ways['request']!(agent, server.origin, { method: 'POST', body }));
    await until(() => source.asked.length === 1);
    const problem = new Error('the file is gone');
    body.destroy(problem);
    expect(await outcome).toBe(problem);
    expect(source.asked[0]!.signal?.aborted).toBe(true);
    expect(server.accepted).toBe(0);
  });

  it('a stream whose request waited for a token is sent, and not listened to twice', async () => {
    const server = await startHttp(({ body }, response) => response.end(`got ${body}`));
    const source = new FakeSource(server.origin, { atHand: false });
    const body = Readable.from([Buffer.from('bytes')]);
    const agent = agentOf(undici, [authorize(source)]);
    expect(await ways['request']!(agent, server.origin, { method: 'POST', body })).toMatchObject({
      body: 'got bytes',
    });
    const bare = Readable.from([Buffer.from('bytes')]);
    await ways['request']!(agentOf(undici, []), server.origin, { method: 'POST', body: bare });
    expect(body.listenerCount('error')).toBe(bare.listenerCount('error'));
  });

  it('a handler that throws at its start fails with what it threw, as undici has it', async () => {
    const server = await startTaking(false);
    const problem = new Error('no room');
    const bare = recorder({
      onRequestStart: () => {
        throw problem;
      },
    });
    const options = { origin: server.origin, path: '/', method: 'GET' } as const;
    agentOf(undici, []).dispatch(options, bare.handler);
    await until(() => bare.told.length === 2);
    for (const atHand of [true, false]) {
      const source = new FakeSource(server.origin, { atHand });
      const { handler, told, seen } = recorder({
        onRequestStart: () => {
          throw problem;
        },
      });
      agentOf(undici, [authorize(source)]).dispatch(options, handler);
      await until(() => told.length === 2);
      expect(told).toEqual(bare.told);
      expect(seen.error).toBe(bare.seen.error);
      expect(source.asked).toEqual([]);
    }
    expect(server.requests).toEqual([]);
  });
});
