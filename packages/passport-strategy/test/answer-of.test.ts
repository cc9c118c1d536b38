import { createSessions, LatchkeyError } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { answer, answerOf, SessionStrategy, Strategy } from '../src/index.js';
import { served } from './applications.js';
import { credentials, performed, type PartialRequest } from './harness.js';

const authenticationError = (status: number) =>
  Object.assign(new Error('x'), { name: 'AuthenticationError', status });

describe('answerOf', () => {
  it('tells from the info of a strategy what toHttpAnswer tells from its error', async () => {
    const error = new LatchkeyError('rate_limited', { retryAfterMs: 3000 });
    const provider = fakeProvider();
    provider.failNext(error);
    const request = { body: credentials };
    const { args } = await performed(new Strategy({ provider }), request);
    expect(answerOf({}, args[0])).toEqual(toHttpAnswer(error));
    expect(JSON.stringify(args[0])).toBe(
      '{"code":"rate_limited","message":"There were too many requests. Try again later."}',
    );
  });

  it.each<[string, unknown, string]>([
    ['an error of Latchkey', new LatchkeyError('timeout'), 'timeout'],
    ['an error of others', new TypeError('x'), 'internal_error'],
    [
      'an error of others with a code of ours',
      Object.assign(new Error(), { code: 'timeout' }),
      'internal_error',
    ],
    ['an info with a code', { code: 'account_disabled' }, 'account_disabled'],
    ['an info with another code', { code: 'E1' }, 'not_signed_in'],
    ['the challenge of another strategy', 'Basic realm="x"', 'not_signed_in'],
    ['nothing', undefined, 'not_signed_in'],
    ['no infos', [], 'not_signed_in'],
    ['several', ['Basic', { code: 'not_signed_in' }, { code: 'csrf_rejected' }], 'csrf_rejected'],
    ['an AuthenticationError with 400', authenticationError(400), 'invalid_input'],
    ['an AuthenticationError with 401', authenticationError(401), 'not_signed_in'],
    ['an AuthenticationError with 429', authenticationError(429), 'rate_limited'],
  ])('has an answer to %s', (_name, failure, code) => {
    expect(answerOf({}, failure).body.error).toBe(code);
  });

  it('goes by the words of verify, where these have a code', async () => {
    const info = { code: 'provider_not_allowed', message: 'Staff only' };
    const strategy = new Strategy({ provider: fakeProvider() }, (_result, done) => done(null, false, info));
    const { args } = await performed(strategy, { body: credentials });
    expect(args).toEqual([info, 401]);
    expect(answerOf({}, info).status).toBe(403);
  });

  it('answers nothing of an info to the client but its code', () => {
    const answered = answerOf({}, { code: 'invalid_credentials', message: 'the password is canary' });
    expect(JSON.stringify(answered)).not.toContain('canary');
  });

  it('has the cookie to clear among its headers, where no response is linked, as under Fastify', async () => {
    const sessions = createSessions({ providers: [fakeProvider()] });
    const headers = { cookie: `__Host-latchkey=${'A'.repeat(43)}` };
    const request: PartialRequest = { method: 'GET', headers };
    const { args } = await performed(new SessionStrategy({ sessions }), request);
    expect(answerOf(request, args[0]).headers).toMatchObject({
      'Set-Cookie': expect.stringMatching(/^__Host-latchkey=;/) as unknown,
      'WWW-Authenticate': 'Bearer realm="latchkey"',
    });
  });
});

describe('answerOf, where the response is linked to the request', () => {
  it('leaves the cookie out, which is set there already', async () => {
    const sessions = createSessions({ providers: [fakeProvider()] });
    const res = new ServerResponse(new IncomingMessage(new Socket()));
    const headers = { cookie: `__Host-latchkey=${'A'.repeat(43)}` };
    const request: PartialRequest = { method: 'GET', headers, res };
    const { args } = await performed(new SessionStrategy({ sessions }), request);
    expect(answerOf(request, args[0]).headers).not.toHaveProperty('Set-Cookie');
    expect(cleared(res)).toBe(1);
    answer(request, res, args[0]);
    expect(cleared(res)).toBe(1);
  });
});

describe('answer', () => {
  it("writes to Node's own response, once", async () => {
    await using app = await served((request, response) => {
      answer(request, response, new LatchkeyError('not_signed_in'), { realm: 'Acme' });
      answer(request, response, new LatchkeyError('timeout'));
    });
    const response = await app.get('/');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="Acme"');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ error: 'not_signed_in', message: 'Sign in to continue.' });
  });
});

/** How many cookies a response clears. */
function cleared(response: ServerResponse): number {
  return [response.getHeader('Set-Cookie')].flat().filter((cookie) => String(cookie).includes('Max-Age=0'))
    .length;
}
