import { LatchkeyError, memoryStore } from '@latchkey/core';
import { fakeProvider, virtualClock } from '@latchkey/core/testing';
import {
  BadRequestException,
  Catch,
  RequestMethod,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type ExceptionFilter,
  type LoggerService,
} from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { LatchkeyModule, type LatchkeyModuleOptions } from '../src/index.js';
import { isUnreadableBody } from '../src/unreadable-body.js';
import { listening, silent } from './application.js';

const user = { email: 'user@example.com', password: 'correct horse' };

async function serving(options: Partial<LatchkeyModuleOptions> = {}) {
  const provider = fakeProvider();
  const imports = [LatchkeyModule.forRoot({ providers: [provider], ...options })];
  return { provider, ...(await listening({ imports })) };
}

describe('the routes to sign in and out', () => {
  it('S1: replace the session that the caller had, and take no id from outside', async () => {
    const { get, post } = await serving();
    const first = (await post('/auth/fake/sign-in', { ...user, transport: 'bearer' })).body as { id: string };
    const authorization = `Bearer ${first.id}`;
    const second = await post('/auth/fake/sign-in', { ...user, transport: 'bearer' }, { authorization });
    expect((second.body as { id: string }).id).not.toBe(first.id);
    expect((await get('/auth/session', { authorization })).status).toBe(401);
    const planted = `__Host-latchkey=${'x'.repeat(43)}`;
    const { cookies } = await post('/auth/fake/sign-in', user, { cookie: planted, 'sec-fetch-site': 'none' });
    expect(cookies).toEqual([
      expect.stringMatching(/^__Host-latchkey=(?!x{43})[\w-]{43}; Path=\/; HttpOnly;/),
    ]);
  });

  it.each(['Express', 'Fastify'] as const)(
    'F3: on %s quote nothing of a body that is no JSON',
    async (adapter) => {
      const imports = [LatchkeyModule.forRoot({ providers: [fakeProvider()] })];
      const { origin } = await listening({ imports }, { adapter });
      for (const body of [
        '{"password":canary}',
        '{"password":"canary',
        '{"password":"canary"} more',
        '{"password":"canary\u0001"}',
        'canary',
      ]) {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${origin}/auth/fake/sign-in`, { method: 'POST', headers, body });
        expect([body, answer.status, await answer.text()]).toEqual([
          body,
          400,
          '{"error":"invalid_input","message":"The request is not usable as it is."}',
        ]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
    },
  );

  it.each([
    ['{', true],
    ['{"a":1', true],
    ['{"a":1,}', true],
    ['{"a":1}x', true],
    ['{"a":x}', true],
    ['{"a":"', true],
    ['{"a":"\n"}', true],
    ['{"a":1.}', true],
    ['{"a":-}', true],
    ['{"a":1e}', true],
    ['[1 2]', true],
    ['', true],
    ['undefined', true],
  ])('know by its text alone, as Nest 11 tells it, that %j is no JSON: %s', (body, isNoJson) => {
    const exception = new BadRequestException(messageOf(body));
    expect([exception.message, isUnreadableBody(exception)]).toEqual([exception.message, isNoJson]);
  });

  it('leave alone what an application says of JSON itself', () => {
    const own = new BadRequestException({ field: 'filter', message: 'The query filter is not valid JSON' });
    const wrapped = new BadRequestException('Unexpected end of JSON input', { cause: new Error('mine') });
    const others = [own, wrapped, new BadRequestException('Expected a name'), new Error('is not valid JSON')];
    expect(others.map(isUnreadableBody)).toEqual([false, false, false, false]);
  });

  it('keep a session only where the client said it wants it', async () => {
    const { post } = await serving();
    const cookie = await post('/auth/fake/sign-in', user);
    expect([cookie.cookies.length, Object.keys(cookie.body as object)]).toEqual([
      1,
      ['identity', 'expiresAt'],
    ]);
    const bearer = await post('/auth/fake/sign-in', { ...user, transport: 'bearer' });
    expect([bearer.cookies.length, Object.keys(bearer.body as object)]).toEqual([
      0,
      ['identity', 'expiresAt', 'id'],
    ]);
  });

  it.each<[Partial<LatchkeyModuleOptions>, unknown, number]>([
    [{}, 'header', 400],
    [{}, ['cookie'], 400],
    [{ cookie: false }, 'cookie', 400],
    [{ cookie: false }, undefined, 200],
    [{ bearer: false }, 'bearer', 400],
    [{ bearer: false }, undefined, 200],
  ])('with %o take transport %o: %i', async (options, transport, status) => {
    const { post, provider } = await serving(options);
    expect((await post('/auth/fake/sign-in', { ...user, transport })).status).toBe(status);
    expect(provider.calls.signIn).toBe(status === 200 ? 1 : 0);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty object', {}],
    ['a list', [user]],
    ['no password', { email: user.email }],
    ['an empty password', { ...user, password: '' }],
    ['a list for text', { ...user, password: [user.password] }],
    ['an object for text', { ...user, email: { $ne: '' } }],
    ['a NUL', { ...user, password: 'a\0b' }],
    ['a lone surrogate', { ...user, password: 'a\ud800' }],
  ])('F4: answer 400 to %s, and ask nobody', async (_, body) => {
    const { post, provider } = await serving();
    const { status, body: said } = await post('/auth/fake/sign-in', body);
    expect([status, said]).toEqual([
      400,
      { error: 'invalid_input', message: 'The request is not usable as it is.' },
    ]);
    expect(provider.calls.signIn).toBe(0);
  });

  it('S6: sign out twice, and clear the cookie by the attributes that it was set with', async () => {
    const { post } = await serving({ cookie: { domain: 'example.com', sameSite: 'strict' } });
    const signedIn = await post('/auth/fake/sign-in', user);
    const [cookie = ''] = signedIn.cookies;
    const headers = { cookie: cookie.split(';')[0] ?? '', 'sec-fetch-site': 'same-origin' };
    for (const _ of [1, 2]) {
      const { status, cookies } = await post('/auth/sign-out', undefined, headers);
      expect([status, cookies]).toEqual([
        204,
        [
          '__Secure-latchkey=; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Strict; Max-Age=0; ' +
            'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
        ],
      ]);
    }
  });

  it('S3: do not sign out, nor in, whom another site sent', async () => {
    const { get, post, provider } = await serving();
    const signedIn = await post('/auth/fake/sign-in', user);
    const cookie = signedIn.cookies[0]?.split(';')[0] ?? '';
    const out = await post('/auth/sign-out', undefined, { cookie, 'sec-fetch-site': 'cross-site' });
    expect([out.status, out.cookies]).toEqual([403, []]);
    // A browser that leaves the cookie out, as of a form of another site, would still heed what clears it.
    const bare = await post('/auth/sign-out', undefined, { 'sec-fetch-site': 'cross-site' });
    expect([bare.status, bare.cookies]).toEqual([403, []]);
    expect((await get('/auth/session', { cookie })).status).toBe(200);
    const foreign = { origin: 'https://evil.example' };
    expect((await post('/auth/fake/sign-in', user, foreign)).status).toBe(403);
    expect((await post('/auth/fake/sign-in', user, { ...foreign, authorization: 'Bearer x' })).status).toBe(
      403,
    );
    expect(provider.calls.signIn).toBe(1);
    const off = await serving({ csrf: false });
    expect((await off.post('/auth/fake/sign-in', user, foreign)).status).toBe(200);
  });

  it('S10: clear the cookie also where the store is down', async () => {
    const store = { ...memoryStore(), delete: () => Promise.reject(new Error('down')) };
    const { post } = await serving({ store });
    const signedIn = await post('/auth/fake/sign-in', user);
    const cookie = signedIn.cookies[0]?.split(';')[0] ?? '';
    const { status, cookies } = await post('/auth/sign-out', undefined, {
      cookie,
      'sec-fetch-site': 'same-origin',
    });
    expect([status, cookies]).toEqual([503, [expect.stringMatching(/^__Host-latchkey=; /)]]);
  });

  it('S5: count tries by the client, which the application may name', async () => {
    const clock = virtualClock();
    const { post } = await serving({
      client: ({ headers }) => String(headers['x-client']),
      sessions: { clock, throttle: { accountAndClient: { tries: 1, perMs: 60_000 } } },
    });
    const wrong = { ...user, password: 'wrong' };
    const tried = async (client: string) => {
      const { status, header } = await post('/auth/fake/sign-in', wrong, { 'x-client': client });
      return [status, header('retry-after')];
    };
    expect(await tried('192.0.2.1')).toEqual([401, null]);
    expect(await tried('192.0.2.1')).toEqual([429, '60']);
    expect(await tried('192.0.2.2')).toEqual([401, null]);
  });

  it('tell of a second factor that the provider asks for', async () => {
    const fake = fakeProvider();
    const provider = { ...fake, oneTime: ['twoFactorCode'] };
    const { get, post } = await serving({ providers: [provider] });
    expect((await get('/auth/providers')).body).toEqual({
      providers: [{ name: 'fake', secondFactor: true }],
    });
    fake.failNext(new LatchkeyError('second_factor_required'));
    expect((await post('/auth/fake/sign-in', user)).body).toMatchObject({ error: 'second_factor_required' });
    expect((await post('/auth/fake/sign-in', { ...user, twoFactorCode: '' })).status).toBe(200);
  });

  it('stay where they are under versioning and a global prefix', async () => {
    for (const type of [VersioningType.URI, VersioningType.HEADER, VersioningType.MEDIA_TYPE] as const) {
      const { post, get } = await listening(
        { imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] },
        {
          prepare: (app) => {
            app.setGlobalPrefix('api', { exclude: [{ path: 'auth/providers', method: RequestMethod.GET }] });
            app.enableVersioning({ type, header: 'x-version', key: 'v=', defaultVersion: '2' });
          },
        },
      );
      expect((await post('/api/auth/fake/sign-in', user)).status).toBe(200);
      expect((await get('/auth/providers')).status).toBe(200);
    }
  });

  it('answer as they should also where the application catches all errors by itself', async () => {
    class CatchAll implements ExceptionFilter {
      catch(_: unknown, host: ArgumentsHost) {
        host.switchToHttp().getResponse<{ sendStatus(status: number): void }>().sendStatus(500);
      }
    }
    Catch()(CatchAll);
    const { post } = await listening(
      { imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] },
      { prepare: (app) => app.useGlobalFilters(new CatchAll()) },
    );
    expect((await post('/auth/fake/sign-in', { ...user, password: 'wrong' })).status).toBe(401);
  });

  it('pass a global ValidationPipe, which has nothing to say about them', async () => {
    const said: unknown[] = [];
    const logger: LoggerService = { ...silent, warn: (message) => void said.push(message) };
    const { post } = await listening(
      { imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] },
      {
        logger,
        prepare: (app) =>
          app.useGlobalPipes(
            new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
          ),
      },
    );
    expect((await post('/auth/fake/sign-in', user)).status).toBe(200);
    expect(said).toEqual([]);
  });
});

function messageOf(body: string): string {
  try {
    JSON.parse(body);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It is JSON.');
}
