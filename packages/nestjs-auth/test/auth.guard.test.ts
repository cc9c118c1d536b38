import {
  LatchkeyError,
  memoryStore,
  tokenSource,
  type Entitlement,
  type Session,
  type Store,
} from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Module,
  Post,
  Req,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type ExceptionFilter,
  type ExecutionContext,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  AccessToken,
  AuthGuard,
  CurrentSession,
  CurrentUser,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  Realm,
  RequireAuth,
  RequireEntitlement,
} from '../src/index.js';
import { LatchkeyTestingModule, signIn } from '../src/testing/index.js';
import { listening, serve, silent } from './application.js';

@Controller('plain')
class PlainController {
  @Get() me(@CurrentUser() user: unknown) {
    return { user };
  }
  @Public() @Get('open') open(@CurrentUser() user: unknown) {
    return { user: user ?? 'not looked for' };
  }
  @OptionalAuth() @Get('optional') optional(
    @CurrentUser() user: unknown,
    @CurrentSession() session: unknown,
  ) {
    return { user, session };
  }
  @OptionalAuth() @Post('optional') change() {
    return {};
  }
  @Get('email') email(@CurrentUser('email') email: unknown, @CurrentUser('__proto__') proto: unknown) {
    return { email, proto: proto ?? 'none' };
  }
  @Get('session') session(@CurrentSession() { provider, expiresAt }: Session) {
    return { provider, hasEnd: expiresAt > 0 };
  }
  @Get('token') token(@AccessToken() token: string) {
    return { token };
  }
  @Get('request') request(@Req() request: { user?: unknown }) {
    return { user: request.user };
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get() open() {
    return { open: true };
  }
  @RequireAuth() @Get('closed') closed() {
    return { open: false };
  }
  @RequireEntitlement('prod') @Get('licensed') licensed() {
    return { open: false };
  }
  @Providers('test') @Get('ours') ours() {
    return { open: false };
  }
}

@RequireAuth()
@Controller('closed')
class ClosedController {
  @Get() closed() {
    return { open: false };
  }
  @Public() @Get('open') open() {
    return { open: true };
  }
}

@RequireEntitlement('prod')
@Providers('test')
@Controller('licensed')
class LicensedController {
  @Get() licensed() {
    return {};
  }
  @RequireEntitlement(({ name }: Entitlement) => name === 'Renderer') @Get('renderer') renderer() {
    return {};
  }
  @Providers('other') @Get('other') other() {
    return {};
  }
  @OptionalAuth() @Get('optional') optional() {
    return {};
  }
}

const controllers = [PlainController, OpenController, ClosedController, LicensedController];
const refused = { error: 'not_signed_in', message: 'Sign in to continue.' };

async function testing(user = {}) {
  const listens = await listening({
    imports: [LatchkeyTestingModule.forRoot({ providers: ['test', 'other'] })],
    controllers,
  });
  const { bearer, cookie } = await signIn(listens.app, user);
  return { ...listens, authorization: bearer, cookie };
}

describe('AuthGuard', () => {
  it('N2: requires somebody who is signed in, where nothing says otherwise', async () => {
    const { get, authorization } = await testing();
    const answer = await get('/plain');
    expect([answer.status, answer.body]).toEqual([401, refused]);
    expect((await get('/plain', { authorization })).status).toBe(200);
  });

  it('N2: goes by the handler before the class, in both directions', async () => {
    const { get, authorization } = await testing();
    const statuses = async (path: string) => [
      (await get(path)).status,
      (await get(path, { authorization })).status,
    ];
    expect(await statuses('/open')).toEqual([200, 200]);
    expect(await statuses('/open/closed')).toEqual([401, 200]);
    expect(await statuses('/closed')).toEqual([401, 200]);
    expect(await statuses('/closed/open')).toEqual([200, 200]);
  });

  it('N2: a handler that asks for a provider or an entitlement is not public, whatever its class says', async () => {
    const { get, authorization } = await testing();
    expect((await get('/open/licensed')).status).toBe(401);
    expect((await get('/open/licensed', { authorization })).status).toBe(403);
    expect((await get('/open/ours')).status).toBe(401);
    expect((await get('/open/ours', { authorization })).status).toBe(200);
  });

  it('N6: public routes touch neither store nor provider', async () => {
    const calls: string[] = [];
    const store = new Proxy(memoryStore(), {
      get(target, name, receiver) {
        calls.push(String(name));
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const provider = fakeProvider();
    const { get } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider], store })],
      controllers,
    });
    const authorization = `Bearer ${'x'.repeat(43)}`;
    calls.length = 0; // of boot, which looks at what it was given
    expect((await get('/plain/open', { authorization })).body).toEqual({ user: 'not looked for' });
    expect((await get('/auth/providers', { authorization })).status).toBe(200);
    expect(calls).toEqual([]);
    expect((await get('/plain', { authorization })).status).toBe(401);
    expect(calls).not.toEqual([]);
    expect(provider.calls).toEqual({ signIn: 0, renew: 0 });
  });

  it('N6: an optional route with a bad session has no user, and no 401', async () => {
    const { get, authorization } = await testing();
    const nobody = { user: null, session: null };
    expect((await get('/plain/optional')).body).toEqual(nobody);
    expect((await get('/plain/optional', { authorization: `Bearer ${'x'.repeat(43)}` })).body).toEqual(
      nobody,
    );
    expect((await get('/plain/optional', { cookie: 'latchkey=no' })).body).toEqual(nobody);
    expect((await get('/plain/optional', { authorization })).body).toMatchObject({
      user: { subject: 'user@example.com' },
      session: { provider: 'test' },
    });
  });

  it('S10: fails closed where the store is down, on optional routes as well', async () => {
    const down = () => Promise.reject(new Error('canary'));
    const store = { get: down, set: down, delete: down, replace: down, take: down, lease: down } as Store;
    const { get } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], store })],
      controllers,
    });
    const authorization = `Bearer ${'x'.repeat(43)}`;
    for (const path of ['/plain', '/plain/optional']) {
      const { status, body } = await get(path, { authorization });
      expect([status, body]).toEqual([
        503,
        { error: 'store_error', message: 'The store cannot be reached.' },
      ]);
    }
  });

  it('S3: refuses a request with the cookie that another site had sent, on optional routes as well', async () => {
    const { post, cookie } = await testing();
    const from = (site: string) => ({ cookie, 'sec-fetch-site': site });
    expect((await post('/plain/optional', {}, from('cross-site'))).status).toBe(403);
    expect((await post('/plain/optional', {}, from('same-site'))).status).toBe(403);
    expect((await post('/plain/optional', {}, from('same-origin'))).status).toBe(201);
  });

  it('lets only users of the providers that are named in', async () => {
    const { get, app, authorization } = await testing({ entitlements: ['prod'] });
    const other = await signIn(app, { provider: 'other', entitlements: ['prod'] });
    expect((await get('/licensed', { authorization })).status).toBe(200);
    const { status, body } = await get('/licensed', { authorization: other.bearer });
    expect([status, body]).toMatchObject([403, { error: 'provider_not_allowed' }]);
    expect((await get('/licensed/other', { authorization: other.bearer })).status).toBe(200);
    expect((await get('/licensed/other', { authorization })).status).toBe(403);
  });

  it('lets only those in who have the entitlement, by its id or by what it is', async () => {
    const renderer = { id: 'r', name: 'Renderer', active: true };
    const paths = ['/licensed', '/licensed/renderer', '/licensed/optional'];
    const statusesOf = async (...entitlements: (string | Entitlement)[]) => {
      const { get, authorization } = await testing({ entitlements });
      return Promise.all(paths.map(async (path) => (await get(path, { authorization })).status));
    };
    expect(await statusesOf()).toEqual([403, 403, 403]);
    expect(await statusesOf('prod')).toEqual([200, 403, 200]);
    expect(await statusesOf(renderer)).toEqual([403, 200, 403]);
    expect(await statusesOf({ id: 'prod', active: false }, { ...renderer, expiresAt: 1 })).toEqual([
      403, 403, 403,
    ]);
    const { get } = await testing();
    expect((await get('/licensed/optional')).status).toBe(401);
  });

  it('never says yes to an entitlement while the provider is down', async () => {
    const provider = {
      ...fakeProvider({ name: 'test' }),
      entitlements: () => Promise.reject(new LatchkeyError('upstream_unavailable')),
    };
    const { get, post } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider] })],
      controllers,
    });
    const signedIn = await post('/auth/test/sign-in', {
      email: 'user@example.com',
      password: 'correct horse',
      transport: 'bearer',
    });
    const { id } = signedIn.body as { id: string };
    const { status, body } = await get('/licensed', { authorization: `Bearer ${id}` });
    expect([status, body]).toMatchObject([503, { error: 'upstream_unavailable' }]);
  });

  it('gives handlers the user, a field of it, the session and an access token, and sets request.user', async () => {
    const { get, authorization } = await testing();
    const ask = async (path: string) => (await get(path, { authorization })).body;
    const user = {
      provider: 'test',
      subject: 'user@example.com',
      email: 'user@example.com',
      name: 'user@example.com',
    };
    expect(await ask('/plain')).toEqual({ user });
    expect(await ask('/plain/request')).toEqual({ user });
    expect(await ask('/plain/email')).toEqual({ email: 'user@example.com', proto: 'none' });
    expect(await ask('/plain/session')).toEqual({ provider: 'test', hasEnd: true });
    expect(await ask('/plain/token')).toEqual({ token: 'test-access-1' });
  });

  it.each(['Express', 'Fastify'] as const)(
    'never mixes users who come at the same time, on %s',
    async (adapter) => {
      const { app, get } = await listening(
        { imports: [LatchkeyTestingModule.forRoot()], controllers },
        { adapter },
      );
      const emails = Array.from({ length: 100 }, (_, at) => `user${at}@example.com`);
      const signedIn = await Promise.all(emails.map((email) => signIn(app, { email })));
      const answers = await Promise.all(
        signedIn.map(({ bearer }) => get('/plain/email', { authorization: bearer })),
      );
      expect(answers.map(({ body }) => (body as { email: string }).email)).toEqual(emails);
    },
  );

  it('contradictory decorators at one place do not get past the definition of the class', () => {
    const define = () => {
      class Contradictory {
        @Public() @RequireEntitlement('prod') both() {
          return {};
        }
      }
      return Contradictory;
    };
    expect(define).toThrow(/@Public\(\) lets everybody in/);
    expect(() => {
      @Providers('test')
      @Public()
      class Contradictory {}
      return Contradictory;
    }).toThrow(/@Public\(\) lets everybody in/);
  });

  it('N2: refuses what is not public in a context of a type that it does not know', async () => {
    const { app } = await testing();
    const guard = app.get(AuthGuard);
    const contextOf = (handler: keyof PlainController) =>
      ({
        getType: () => 'telegram',
        getClass: () => PlainController,
        getHandler: () => Reflect.get(PlainController.prototype, handler) as unknown,
        getArgByIndex: () => ({ headers: {} }),
      }) as unknown as ExecutionContext;
    await expect(guard.canActivate(contextOf('me'))).rejects.toMatchObject({ code: 'not_signed_in' });
    await expect(guard.canActivate(contextOf('optional'))).rejects.toMatchObject({ code: 'not_signed_in' });
    expect(guard.canActivate(contextOf('open'))).toBe(true);
  });

  it('N3: can be overridden in a test, as the global guard that it is', async () => {
    const module = await Test.createTestingModule({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })],
      controllers,
    })
      .setLogger(silent)
      .overrideProvider(AuthGuard)
      .useValue({ canActivate: () => true })
      .compile();
    const { get } = await serve(module.createNestApplication());
    expect((await get('/plain/optional')).status).toBe(200);
    expect((await get('/closed')).body).toEqual({ open: false });
  });

  it('guards only what asks for it, where it is not global', async () => {
    @UseGuards(AuthGuard)
    @Controller('guarded')
    class GuardedController {
      @Get() me(@CurrentUser('email') email: unknown) {
        return { email };
      }
    }
    @Module({ controllers: [GuardedController] })
    class FeatureModule {}
    const { app, get } = await listening({
      imports: [LatchkeyTestingModule.forRoot({ globalGuard: false }), FeatureModule],
      controllers: [PlainController],
    });
    const { bearer } = await signIn(app);
    expect((await get('/plain')).status).toBe(200);
    expect((await get('/guarded')).status).toBe(401);
    expect((await get('/guarded', { authorization: bearer })).body).toEqual({ email: 'user@example.com' });
    expect((await get('/auth/session')).status).toBe(401);
  });

  it('keeps two sets of providers apart', async () => {
    @Realm('staff')
    @Controller('staff')
    class StaffController {
      @Get() me(@CurrentUser('provider') provider: unknown) {
        return { provider };
      }
    }
    const { app, get } = await listening({
      imports: [
        LatchkeyTestingModule.forRoot(),
        LatchkeyTestingModule.forRoot({ name: 'staff', providers: ['internal'] }),
      ],
      controllers: [PlainController, StaffController],
    });
    const customer = await signIn(app);
    const colleague = await signIn(app, {}, { name: 'staff' });
    expect(colleague.cookie).toMatch(/^__Host-latchkey-staff=/);
    const both = `${customer.cookie}; ${colleague.cookie}`;
    expect((await get('/staff', { cookie: both })).body).toEqual({ provider: 'internal' });
    expect((await get('/plain/email', { cookie: both })).body).toMatchObject({ email: 'user@example.com' });
    const strange = await get('/staff', { authorization: customer.bearer });
    expect([strange.status, strange.header('www-authenticate')]).toEqual([
      401,
      'Bearer realm="staff", error="invalid_token", error_description="The access token is no longer accepted."',
    ]);
    const ended = await get('/staff', { cookie: colleague.cookie.replace(/=.*/, `=${'x'.repeat(43)}`) });
    expect(ended.cookies).toEqual([expect.stringMatching(/^__Host-latchkey-staff=; .*Max-Age=0/)]);
  });

  it('keeps two sets apart that share a provider and a store', async () => {
    @Realm('staff')
    @Controller('staff')
    class StaffController {
      @Get() me() {
        return {};
      }
    }
    const provider = fakeProvider();
    const store = memoryStore();
    const refusing = () => {
      throw new Error('no member of staff');
    };
    const { get, post } = await listening({
      imports: [
        LatchkeyModule.forRoot({ providers: [provider], store }),
        LatchkeyModule.forRoot({ name: 'staff', providers: [provider], store, user: refusing }),
      ],
      controllers: [PlainController, StaffController],
    });
    const customer = { email: 'user@example.com', password: 'correct horse', transport: 'bearer' };
    const { id } = (await post('/auth/fake/sign-in', customer)).body as { id: string };
    expect((await get('/plain', { authorization: `Bearer ${id}` })).status).toBe(200);
    expect((await get('/staff', { authorization: `Bearer ${id}` })).status).toBe(401);
    expect((await get('/staff', { cookie: `__Host-latchkey-staff=${id}` })).status).toBe(401);
  });

  it('gives the user that another guard found, where it did not look itself', async () => {
    const module = await Test.createTestingModule({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })],
      controllers,
    })
      .setLogger(silent)
      .overrideProvider(AuthGuard)
      .useValue({
        canActivate: (context: ExecutionContext) => {
          context.getArgByIndex<{ user?: unknown }>(0).user = { email: 'stub@example.com' };
          return true;
        },
      })
      .compile();
    const { get } = await serve(module.createNestApplication());
    expect((await get('/plain/email')).body).toMatchObject({ email: 'stub@example.com' });
  });

  it('lets nobody change what the next request of a token is given', async () => {
    const provider = fakeProvider({ name: 'test' });
    const { accessToken } = await provider.signIn({ email: 'user@example.com', password: 'correct horse' });
    @Controller('marked')
    class MarkedController {
      @Get() mark(@CurrentUser() user: Record<string, unknown>) {
        return { isMarked: Reflect.set(user, 'mark', true) };
      }
    }
    const { get } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider], upstreamTokens: 'test' })],
      controllers: [MarkedController],
    });
    expect((await get('/marked', { authorization: `Bearer ${accessToken}` })).body).toEqual({
      isMarked: false,
    });
  });

  it('says what is missing where a realm is none', async () => {
    @Realm('nowhere')
    @Controller('lost')
    class LostController {
      @Get() me() {
        return {};
      }
    }
    const { get } = await listening({
      imports: [LatchkeyTestingModule.forRoot()],
      controllers: [LostController],
    });
    const { status, body } = await get('/lost');
    expect([status, body]).toMatchObject([500, { error: 'invalid_config' }]);
  });

  it('takes the tokens of a provider in place of sessions, once that is said', async () => {
    const provider = fakeProvider({ name: 'test' });
    const { accessToken } = await provider.signIn({ email: 'user@example.com', password: 'correct horse' });
    const authorization = `Bearer ${accessToken}`;
    const off = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider] })],
      controllers,
    });
    expect((await off.get('/plain', { authorization })).status).toBe(401);
    const on = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider], upstreamTokens: 'test' })],
      controllers,
    });
    expect((await on.get('/plain/email', { authorization })).body).toMatchObject({
      email: 'user@example.com',
    });
    expect((await on.get('/plain/token', { authorization })).body).toEqual({ token: accessToken });
    expect((await on.get('/open/ours', { authorization })).status).toBe(200);
    expect((await on.get('/open/licensed', { authorization })).status).toBe(403);
    expect((await on.get('/auth/session', { authorization })).body).toEqual({
      identity: expect.objectContaining({ subject: 'user@example.com' }) as unknown,
    });
    expect((await on.get('/plain', { authorization: 'Bearer other' })).status).toBe(401);
  });

  it('S9: a service source with a wrong password inside a route answers 502 and signs nobody out', async () => {
    const provider = fakeProvider();
    const service = tokenSource(provider, { email: 'service@example.com', password: 'wrong' });
    @Controller('service')
    class ServiceController {
      @Get() async call() {
        return service.getToken();
      }
    }
    const { app, get } = await listening({
      imports: [LatchkeyTestingModule.forRoot()],
      controllers: [ServiceController, PlainController],
    });
    const { cookie } = await signIn(app);
    const { status, body, cookies, header } = await get('/service', { cookie });
    expect([status, body]).toEqual([
      502,
      { error: 'upstream_error', message: 'The provider answered with an error.' },
    ]);
    expect([cookies, header('www-authenticate')]).toEqual([[], null]);
    expect((await get('/plain', { cookie })).status).toBe(200);
    await service.close();
  });

  it('S7: a token that is refused upstream and cannot be renewed ends the session: 401, cookie cleared', async () => {
    @Controller('upstream')
    class UpstreamController {
      @Get() async call(@CurrentSession() { source }: Session) {
        const rejected = await source.getToken();
        return source.getToken({ rejected });
      }
    }
    const { app, get } = await listening({
      imports: [LatchkeyTestingModule.forRoot()],
      controllers: [UpstreamController, PlainController],
    });
    const { cookie } = await signIn(app);
    const { status, body, cookies, header } = await get('/upstream', { cookie });
    expect([status, body]).toMatchObject([401, { error: 'token_rejected' }]);
    expect(cookies).toEqual([expect.stringMatching(/^__Host-latchkey=; .*Max-Age=0/)]);
    expect(header('www-authenticate')).toMatch(/error="invalid_token"/);
    expect((await get('/plain', { cookie })).status).toBe(401);
  });

  it('gives filters that know only exceptions of Nest the right status and body', async () => {
    @Catch()
    class CatchAll implements ExceptionFilter {
      catch(error: unknown, host: ArgumentsHost) {
        const status = error instanceof HttpException ? error.getStatus() : 500;
        const body = error instanceof HttpException ? error.getResponse() : {};
        host
          .switchToHttp()
          .getResponse<{ status(code: number): { json(body: unknown): void } }>()
          .status(status)
          .json({ caught: body });
      }
    }
    @UseFilters(CatchAll)
    @Controller('caught')
    class CaughtController {
      @Get() me() {
        return {};
      }
    }
    const { get } = await listening({
      imports: [LatchkeyTestingModule.forRoot()],
      controllers: [CaughtController],
    });
    const { status, body } = await get('/caught');
    expect([status, body]).toEqual([401, { caught: refused }]);
  });
});
