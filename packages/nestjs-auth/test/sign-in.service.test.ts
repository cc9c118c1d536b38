import { LatchkeyError } from '@latchkey/core';
import type { HttpAnswer } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import { Catch, Controller, Get, Inject, Post, UseFilters, type ArgumentsHost } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { LatchkeyModule, Public, SignInService, type ClientRequest } from '../src/index.js';
import { adapters, listening } from './application.js';

describe('SignInService.answerTo', () => {
  const thrown = new Map<string, unknown>([
    ['throttled', new LatchkeyError('rate_limited', { retryAfterMs: 61_000 })],
    ['of-a-service', new LatchkeyError('invalid_credentials', { actor: 'service' })],
    ['foreign', new Error('a mishap')],
  ]);

  /** As a filter that shows pages would use it. */
  @Catch()
  class Told {
    constructor(
      @Inject(SignInService) private readonly signIns: SignInService,
      @Inject(HttpAdapterHost) private readonly adapters: HttpAdapterHost,
    ) {}

    catch(error: unknown, host: ArgumentsHost): void {
      const answer: HttpAnswer | undefined = this.signIns.answerTo(
        error,
        host.getArgByIndex<ClientRequest>(0),
      );
      this.adapters.httpAdapter.reply(
        host.getArgByIndex<object>(1),
        { answer: answer ?? 'none of ours' },
        200,
      );
    }
  }

  @UseFilters(Told)
  @Controller()
  class Pages {
    @Get('account')
    account() {
      return {};
    }

    @Post('orders')
    order() {
      return {};
    }

    @Public()
    @Get('throttled')
    throttled() {
      throw thrown.get('throttled');
    }

    @Public()
    @Get('of-a-service')
    ofService() {
      throw thrown.get('of-a-service');
    }

    @Public()
    @Get('foreign')
    foreign() {
      throw thrown.get('foreign');
    }
  }

  const serving = (adapter: keyof typeof adapters) =>
    listening(
      { imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })], controllers: [Pages] },
      { adapter },
    );

  describe.each(Object.keys(adapters) as (keyof typeof adapters)[])('on %s', (adapter) => {
    it('tells of what the guard throws', async () => {
      const { get } = await serving(adapter);
      expect((await get('/account')).body).toEqual({
        answer: {
          status: 401,
          headers: { 'Cache-Control': 'no-store', 'WWW-Authenticate': 'Bearer realm="latchkey"' },
          body: { error: 'not_signed_in', message: expect.any(String) as string },
        },
      });
    });

    it('has the cookie cleared of a session that has ended, and only of that', async () => {
      const { get, post } = await serving(adapter);
      const cookie = `__Host-latchkey=${'a'.repeat(43)}`;
      const { answer } = (await get('/account', { cookie })).body as { answer: HttpAnswer };
      expect(answer.headers['Set-Cookie']).toMatch(/^__Host-latchkey=; .*Max-Age=0/);
      const foreign = { cookie, 'sec-fetch-site': 'cross-site' };
      const refused = (await post('/orders', {}, foreign)).body as { answer: HttpAnswer };
      expect([refused.answer.status, refused.answer.headers['Set-Cookie']]).toEqual([403, undefined]);
    });

    it('tells of errors thrown by handlers: when to try again, and nothing of a service', async () => {
      const { get } = await serving(adapter);
      expect((await get('/throttled')).body).toMatchObject({
        answer: { status: 429, headers: { 'Retry-After': '61' }, body: { error: 'rate_limited' } },
      });
      expect((await get('/of-a-service')).body).toMatchObject({
        answer: { status: 502, body: { error: 'upstream_error' } },
      });
    });

    it('quotes nothing of a body that is no JSON', async () => {
      const { origin } = await serving(adapter);
      const headers = { 'content-type': 'application/json' };
      const asked = await fetch(`${origin}/orders`, { method: 'POST', headers, body: '{"password":canary}' });
      expect(await asked.text()).not.toContain('canary');
    });

    it('knows nothing of errors of others', async () => {
      const { get } = await serving(adapter);
      expect((await get('/foreign')).body).toEqual({ answer: 'none of ours' });
    });
  });
});
