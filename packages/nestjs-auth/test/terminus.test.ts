import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUpstream, systemClock, type Clock, type Upstream } from '@latchkey/core';
import { fakeProvider, virtualClock } from '@latchkey/core/testing';
import { Controller, Get, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { LatchkeyModule, Public, type LatchkeyModuleExtras } from '../src/index.js';
import { LatchkeyHealthIndicator } from '../src/terminus/index.js';
import { adapters, listening, moduleOf, silent } from './application.js';

@Public()
@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(LatchkeyHealthIndicator) private readonly latchkey: LatchkeyHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  all(): Promise<unknown> {
    return this.health.check([() => this.latchkey.check('providers')]);
  }

  @Get('health/one')
  @HealthCheck()
  one(): Promise<unknown> {
    return this.health.check([() => this.latchkey.check('sign-in', { provider: 'one' })]);
  }
}

/** A provider whose HTTP side is a server of the test, and what that was asked. */
async function providerAt(
  name: string,
  listener: RequestListener,
  options: {
    readonly clock?: Clock;
    readonly timeoutMs?: number;
    readonly pace?: { requests: number; perMs: number };
  } = {},
) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(
      `${request.method} ${request.url} ${request.headers.authorization ?? '-'} ${request.headers.cookie ?? '-'}`,
    );
    listener(request, response);
  });
  const origin = await opened(server);
  const upstream = createUpstream({ name, origin, ...options });
  onTestFinished(() => upstream.close());
  return { provider: { ...fakeProvider({ name }), upstream }, requests, upstream };
}

async function opened(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answering =
  (status: number): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<p>secret of the provider</p>');
const never: RequestListener = () => undefined;
const reset: RequestListener = (request) => request.socket.resetAndDestroy();

/** The indicator of an application with these providers, which does not listen. */
async function indicatorOf(
  providers: readonly object[],
  { extras = {} }: { readonly extras?: LatchkeyModuleExtras } = {},
) {
  const module = moduleOf({
    imports: [TerminusModule, LatchkeyModule.forRoot({ providers: providers as never, ...extras })],
    providers: [LatchkeyHealthIndicator],
  });
  const app = await NestFactory.createApplicationContext(module, { logger: silent, abortOnError: false });
  onTestFinished(() => app.close());
  return { app, indicator: app.get(LatchkeyHealthIndicator) };
}

describe.each(Object.keys(adapters) as (keyof typeof adapters)[])('a health route on %s', (adapter) => {
  it('answers 200 when every provider answers, and 503 with the one that does not', async () => {
    const one = await providerAt('one', answering(200));
    const two = await providerAt('two', answering(401));
    const { get } = await listening(
      {
        imports: [TerminusModule, LatchkeyModule.forRoot({ providers: [one.provider, two.provider] })],
        controllers: [HealthController],
        providers: [LatchkeyHealthIndicator],
      },
      { adapter },
    );
    const healthy = await get('/health');
    expect(healthy.status).toBe(200);
    expect(healthy.body).toEqual({
      status: 'ok',
      info: { providers: { status: 'up', providers: { one: { status: 'up' }, two: { status: 'up' } } } },
      error: {},
      details: { providers: { status: 'up', providers: { one: { status: 'up' }, two: { status: 'up' } } } },
    });
    expect((await get('/health/one')).body).toEqual({
      status: 'ok',
      info: { 'sign-in': { status: 'up' } },
      error: {},
      details: { 'sign-in': { status: 'up' } },
    });
    expect([...one.requests, ...two.requests]).toEqual(['HEAD / - -', 'HEAD / - -']);
  });

  it('answers 503 with the code and nothing of what the provider sent', async () => {
    const one = await providerAt('one', answering(200));
    const two = await providerAt('two', answering(500));
    const { get } = await listening(
      {
        imports: [TerminusModule, LatchkeyModule.forRoot({ providers: [one.provider, two.provider] })],
        controllers: [HealthController],
        providers: [LatchkeyHealthIndicator],
      },
      { adapter },
    );
    const { status, body } = await get('/health');
    expect(status).toBe(503);
    const providers = { one: { status: 'up' }, two: { status: 'down', code: 'upstream_error' } };
    expect(body).toEqual({
      status: 'error',
      info: {},
      error: { providers: { status: 'down', providers } },
      details: { providers: { status: 'down', providers } },
    });
  });
});

describe('LatchkeyHealthIndicator', () => {
  it.each([200, 204, 302, 401, 404, 405, 429])('counts %i as an answer', async (status) => {
    const { provider, requests } = await providerAt('one', (_, response) =>
      response.writeHead(status, { location: 'https://elsewhere.example/' }).end(),
    );
    const { indicator } = await indicatorOf([provider]);
    expect(await indicator.check('it', { provider: 'one' })).toEqual({ it: { status: 'up' } });
    expect(requests).toEqual(['HEAD / - -']);
  });

  it.each([
    [500, 1],
    [503, 3],
  ])('counts %i as down, asked %i times', async (status, times) => {
    const { provider, requests } = await providerAt('one', answering(status));
    const { indicator } = await indicatorOf([provider]);
    expect(await indicator.check('it', { provider: 'one' })).toEqual({
      it: { status: 'down', code: 'upstream_error' },
    });
    expect(requests).toHaveLength(times);
  });

  it('counts a connection that is reset as down', async () => {
    const { provider } = await providerAt('one', reset);
    const { indicator } = await indicatorOf([provider]);
    expect(await indicator.check('it', { provider: 'one' })).toEqual({
      it: { status: 'down', code: 'upstream_unavailable' },
    });
  });

  it('counts a fake provider, which has no network, as down', async () => {
    const { indicator } = await indicatorOf([fakeProvider()]);
    expect(await indicator.check('it')).toEqual({
      it: { status: 'down', providers: { fake: { status: 'down', code: 'upstream_unavailable' } } },
    });
  });

  it('waits for 3 seconds by default, and as long as it is told to', async () => {
    const clock = virtualClock();
    const { provider } = await providerAt('one', never, { clock });
    const { indicator } = await indicatorOf([provider]);
    const states: string[] = [];
    const told = (name: string) => (result: { it: { status: string; code?: string } }) =>
      states.push(`${name} ${result.it.status} ${result.it.code} at ${clock.monotonic()}`);
    const checks = [
      indicator.check('it', { provider: 'one' }).then(told('default')),
      indicator.check('it', { provider: 'one', timeoutMs: 500 }).then(told('short')),
      indicator.check('it', { provider: 'one', timeoutMs: 4_000 }).then(told('long')),
    ];
    await clock.advance(3_500);
    // Who comes when its time has passed already need not wait.
    await indicator.check('it', { provider: 'one', timeoutMs: 2_000 }).then(told('late'));
    await clock.advance(500);
    await Promise.all(checks);
    expect(states).toEqual([
      'short down timeout at 500',
      'default down timeout at 3000',
      'late down timeout at 3500',
      'long down timeout at 4000',
    ]);
  });

  it('ends the request that nobody waits for any more, and asks again when that is due', async () => {
    const clock = virtualClock();
    let closed = 0;
    const { provider, requests } = await providerAt(
      'one',
      (request, response) => {
        if (requests.length > 1) answering(200)(request, response);
        else request.socket.on('close', () => (closed += 1));
      },
      { clock },
    );
    const { indicator } = await indicatorOf([provider]);
    const check = () => indicator.check('it', { provider: 'one' });
    const first = check();
    await until(() => requests.length === 1);
    await clock.advance(3_000);
    expect(await first).toEqual({ it: { status: 'down', code: 'timeout' } });
    await until(() => closed === 1);
    await clock.advance(6_999);
    expect(await check()).toEqual({ it: { status: 'down', code: 'timeout' } });
    await clock.advance(1);
    expect(await check()).toEqual({ it: { status: 'up' } });
    expect(requests).toHaveLength(2);
  });

  it('asks once in 10 seconds, however many ask', async () => {
    const clock = virtualClock();
    const { provider, requests } = await providerAt('one', answering(200), { clock });
    const { indicator } = await indicatorOf([provider]);
    const ask = (options = {}) => indicator.check('it', { provider: 'one', ...options });
    await Promise.all(Array.from({ length: 50 }, () => ask({ cacheMs: 0 })));
    expect(clock.sleepers).toBe(0);
    await clock.advance(9_999);
    await ask();
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    await Promise.all([ask(), indicator.check('all')]);
    expect(requests).toHaveLength(2);
    await clock.advance(100);
    await ask({ cacheMs: 101 });
    expect(requests).toHaveLength(2);
    await ask({ cacheMs: 100 });
    expect(requests).toHaveLength(3);
  });

  it('goes by the time that the answer took, for those who come later, too', async () => {
    const clock = virtualClock();
    const held: (() => void)[] = [];
    const { provider, requests } = await providerAt('one', (_, response) => held.push(() => response.end()), {
      clock,
    });
    const { indicator } = await indicatorOf([provider]);
    const first = indicator.check('it', { provider: 'one' });
    await until(() => held.length === 1);
    await clock.advance(2_000);
    held[0]?.();
    expect(await first).toEqual({ it: { status: 'up' } });
    expect(await indicator.check('it', { provider: 'one', timeoutMs: 1_999 })).toEqual({
      it: { status: 'down', code: 'timeout' },
    });
    expect(await indicator.check('it', { provider: 'one', timeoutMs: 2_000 })).toEqual({
      it: { status: 'up' },
    });
    expect(requests).toHaveLength(1);
  });

  it('keeps a failure as long as an answer', async () => {
    const clock = virtualClock();
    let status = 500;
    const { provider, requests } = await providerAt(
      'one',
      (request, response) => answering(status)(request, response),
      { clock },
    );
    const { indicator } = await indicatorOf([provider]);
    const down = { it: { status: 'down', code: 'upstream_error' } };
    expect(await indicator.check('it', { provider: 'one' })).toEqual(down);
    status = 200;
    await clock.advance(9_999);
    expect(await indicator.check('it', { provider: 'one' })).toEqual(down);
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    expect(await indicator.check('it', { provider: 'one' })).toEqual({ it: { status: 'up' } });
  });

  it('does not call a provider down whose limit kept it from being asked', async () => {
    const clock = virtualClock();
    const { provider, upstream } = await providerAt('one', answering(429), {
      clock,
      pace: { requests: 1, perMs: 1_000 },
    });
    const call = () => upstream.json({ path: '/', schema: z.unknown() }).catch(() => undefined);
    await call();
    const waiting = [call(), call()];
    const { indicator } = await indicatorOf([provider]);
    expect(await indicator.check('it', { provider: 'one' })).toEqual({
      it: { status: 'up', code: 'rate_limited' },
    });
    await upstream.close();
    await Promise.all(waiting);
  });

  it('asks the HTTP side that the provider was made with', async () => {
    const asked: unknown[] = [];
    const upstream: Upstream = {
      name: 'own',
      origin: 'https://own.example',
      clock: systemClock,
      skewMs: () => 0,
      json: async ({ method, path, token, source, body }) => {
        asked.push({ method, path, token, source, body });
        return undefined as never;
      },
      close: async () => undefined,
    };
    const { indicator } = await indicatorOf([{ ...fakeProvider({ name: 'own' }), upstream }]);
    expect(await indicator.check('it', { provider: 'own' })).toEqual({ it: { status: 'up' } });
    expect(asked).toEqual([{ method: 'HEAD', path: '/' }]);
  });

  it.each<[string, object, string]>([
    ['a provider that is not known', { provider: 'nobody' }, 'unknown_provider'],
    ['a set of providers that is not there', { realm: 'nowhere' }, 'invalid_config'],
    ['a timeout that is none', { timeoutMs: Number.NaN }, 'invalid_config'],
    ['an option that is not known', { timeout: 5 }, 'invalid_config'],
  ])('calls %s down, and throws nothing', async (_, options, code) => {
    const { indicator } = await indicatorOf([fakeProvider()]);
    expect(await indicator.check('it', options)).toEqual({ it: { status: 'down', code } });
  });

  it('calls a provider down whose HTTP side throws what it should not', async () => {
    const { provider } = await providerAt('one', never);
    let asked = 0;
    const json = () => {
      asked += 1;
      return Promise.reject(new Error('with a secret in it'));
    };
    const { indicator } = await indicatorOf([{ ...provider, upstream: { ...provider.upstream, json } }]);
    const down = { it: { status: 'down', code: 'internal_error' } };
    expect(await indicator.check('it', { provider: 'one' })).toEqual(down);
    expect(await indicator.check('it', { provider: 'one' })).toEqual(down);
    expect(asked).toBe(1);
    expect(await indicator.check('it', { provider: 'one', cacheMs: 0 })).toEqual(down);
    expect(asked).toBe(2);
  });

  it('knows the providers of a set with a name', async () => {
    const { provider } = await providerAt('one', answering(200));
    const { indicator } = await indicatorOf([provider], { extras: { name: 'partners' } });
    expect(await indicator.check('it', { realm: 'partners', provider: 'one' })).toEqual({
      it: { status: 'up' },
    });
    expect(await indicator.check('it', { provider: 'one' })).toEqual({
      it: { status: 'down', code: 'invalid_config' },
    });
  });

  it('ends what is under way when the application is closed, and asks no more', async () => {
    const { provider, requests } = await providerAt('one', never);
    const other = await providerAt('other', never);
    const { app, indicator } = await indicatorOf([provider, other.provider]);
    const check = (name: string) => indicator.check('it', { provider: name, cacheMs: 0 });
    const underWay = check('one');
    await until(() => requests.length === 1);
    await app.close();
    await app.close();
    const down = { it: { status: 'down', code: 'closed' } };
    expect(await underWay).toEqual(down);
    expect(await check('one')).toEqual(down);
    expect(await check('other')).toEqual(down);
    expect([...requests, ...other.requests]).toHaveLength(1);
  });
});

/** Lets the event loop go on until it holds; the time limit of the test is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
