import { isLatchkeyError, memoryStore, Sessions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import {
  LatchkeyModule,
  SignInService,
  sessionsToken,
  type LatchkeyModuleAsyncOptions,
  type LatchkeyModuleExtras,
  type LatchkeyModuleOptions,
} from '../src/index.js';
import { listening, moduleOf } from './application.js';

const user = { email: 'user@example.com', password: 'correct horse' };

async function bootError(imported: ReturnType<typeof LatchkeyModule.forRoot>): Promise<unknown> {
  const creating = NestFactory.createApplicationContext(moduleOf({ imports: [imported] }), {
    abortOnError: false,
    logger: false,
  });
  return creating.then(
    async (app) => {
      await app.close();
      return undefined;
    },
    (error: unknown) => error,
  );
}

describe('LatchkeyModule', () => {
  it('N1: takes options as they are', async () => {
    const { post } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] });
    expect((await post('/auth/fake/sign-in', user)).status).toBe(200);
  });

  @Injectable()
  class Factory {
    createLatchkeyOptions(): LatchkeyModuleOptions {
      return { providers: [fakeProvider({ name: 'made' })] };
    }
  }
  @Module({ providers: [Factory], exports: [Factory] })
  class FactoryModule {}

  it.each<[string, LatchkeyModuleAsyncOptions]>([
    ['useFactory', { useFactory: () => ({ providers: [fakeProvider({ name: 'made' })] }) }],
    [
      'useFactory that is async, with inject',
      {
        imports: [FactoryModule],
        inject: [Factory],
        useFactory: async (factory: Factory) => Promise.resolve(factory.createLatchkeyOptions()),
      },
    ],
    ['useClass', { useClass: Factory }],
    ['useExisting', { imports: [FactoryModule], useExisting: Factory }],
  ])('N1: takes options from %s', async (_, options) => {
    const { post, get } = await listening({ imports: [LatchkeyModule.forRootAsync(options)] });
    expect((await post('/auth/made/sign-in', user)).status).toBe(200);
    expect((await get('/auth/session')).status).toBe(401);
  });

  it('N1: tells of all that is wrong with options at once, at boot, and shows no value', async () => {
    const error = await bootError(
      LatchkeyModule.forRoot({
        providers: [fakeProvider(), fakeProvider()],
        cookie: { name: 'canary name', sameSite: 'canary' as never },
        csrf: { origins: ['canary'] },
        sessions: { maxAgeMs: -4711 },
        path: 5 as never,
      }),
    );
    expect(isLatchkeyError(error, 'invalid_config')).toBe(true);
    const { message } = error as Error;
    expect(message).toBe(
      'The options of LatchkeyModule cannot be used: path must be text. ' +
        "The options of the session cookie cannot be used: name must be a cookie name; sameSite must be 'lax', 'strict' or 'none'. " +
        'The options of the same-origin check cannot be used: origins.0 must be an origin such as https://app.example.com, without a path. ' +
        'The options of createSessions() cannot be used: providers must have a name each; maxAgeMs must be above 0.',
    );
  });

  it('N1: tells of the cookie and the same-origin check also where its own options are wrong', async () => {
    const error = await bootError(
      LatchkeyModule.forRoot({
        providers: [],
        shutdownGraceMs: -1,
        cookie: { secure: 'no' as never },
        csrf: { origins: ['canary'] },
      }),
    );
    expect((error as Error).message).toBe(
      'The options of LatchkeyModule cannot be used: providers must be a list of providers, one at least; ' +
        'shutdownGraceMs must be 0 or more. ' +
        'The options of the session cookie cannot be used: secure must be true or false. ' +
        'The options of the same-origin check cannot be used: origins.0 must be an origin such as https://app.example.com, without a path.',
    );
  });

  it.each<[string, object, RegExp]>([
    ['no providers', { providers: [] }, /providers must be a list of providers, one at least/],
    ['nothing', {}, /providers must be a list/],
    ['an option that is none', { providers: [fakeProvider()], cookies: {} }, /has no "cookies"/],
    [
      'neither cookie nor bearer',
      { providers: [fakeProvider()], cookie: false, bearer: false },
      /bearer must not be false with cookie: false/,
    ],
    [
      'providers among the options of sessions',
      { providers: [fakeProvider()], sessions: { providers: [] } },
      /sessions must not have providers, store or user/,
    ],
    ['a store that is none', { providers: [fakeProvider()], store: {} }, /store must be a store/],
    [
      'tokens of a provider that is none of them',
      { providers: [fakeProvider()], upstreamTokens: { provider: 'other' } },
      /upstreamTokens.provider is none of the providers/,
    ],
    [
      'tokens of no provider',
      { providers: [fakeProvider()], upstreamTokens: {} },
      /upstreamTokens must be the name of a provider/,
    ],
    [
      'tokens of a provider that cannot tell whose they are',
      {
        providers: [fakeProvider()],
        upstreamTokens: { provider: { ...fakeProvider(), verifiesAudience: false } },
      },
      /owns must be given/,
    ],
    [
      'a credential source that is none',
      { providers: [fakeProvider()], credentialFrom: { rpc: 'token' } },
      /credentialFrom.rpc must be a function/,
    ],
    [
      'a grace that is no time',
      { providers: [fakeProvider()], shutdownGraceMs: NaN },
      /shutdownGraceMs must be a number/,
    ],
  ])('N1: refuses %s', async (_, options, message) => {
    const error = await bootError(LatchkeyModule.forRoot(options as LatchkeyModuleOptions));
    expect(isLatchkeyError(error, 'invalid_config')).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  it.each<keyof LatchkeyModuleExtras>(['isGlobal', 'globalGuard', 'controller', 'path', 'name'])(
    'N1: says that %s must stand beside the factory',
    async (extra) => {
      const useFactory = () => ({ providers: [fakeProvider()], [extra]: true }) as never;
      const error = await bootError(LatchkeyModule.forRootAsync({ useFactory }));
      expect((error as Error).message).toContain(`${extra} must stand beside the factory`);
    },
  );

  it('refuses two sets of providers without a name', async () => {
    const twice = moduleOf({
      imports: [
        LatchkeyModule.forRoot({ providers: [fakeProvider()] }),
        LatchkeyModule.forRoot({ providers: [fakeProvider({ name: 'second' })] }),
      ],
    });
    const app = await NestFactory.create(twice, { abortOnError: false, logger: false });
    await expect(app.init()).rejects.toMatchObject({ code: 'invalid_config' });
    await app.close();
  });

  it('refuses two sets of providers of one name', async () => {
    const twice = moduleOf({
      imports: [
        LatchkeyModule.forRoot({ name: 'staff', providers: [fakeProvider()] }),
        LatchkeyModule.forRoot({ name: 'staff', path: 'other', providers: [fakeProvider()] }),
      ],
    });
    const app = await NestFactory.create(twice, { abortOnError: false, logger: false });
    await expect(app.init()).rejects.toMatchObject({ code: 'invalid_config' });
    await app.close();
  });

  it('has the routes elsewhere, or not at all', async () => {
    const moved = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], path: 'account/access' })],
    });
    expect((await moved.get('/account/access/providers')).body).toEqual({
      providers: [{ name: 'fake', secondFactor: false }],
    });
    expect((await moved.get('/auth/providers')).status).toBe(404);
    const none = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], controller: false })],
    });
    expect((await none.get('/auth/providers')).status).toBe(404);
  });

  it('gives Sessions and SignInService to any module, of a named set by their tokens', async () => {
    @Injectable()
    class Consumer {
      constructor(
        @Inject(Sessions) readonly sessions: Sessions,
        @Inject(SignInService) readonly signIns: SignInService,
        @Inject(sessionsToken('staff')) readonly staff: Sessions,
      ) {}
    }
    @Module({ providers: [Consumer] })
    class FeatureModule {}
    const { app } = await listening({
      imports: [
        FeatureModule,
        LatchkeyModule.forRoot({ providers: [fakeProvider()] }),
        LatchkeyModule.forRoot({ name: 'staff', providers: [fakeProvider({ name: 'internal' })] }),
      ],
    });
    const { sessions, staff, signIns } = app.get(Consumer, { strict: false });
    expect([sessions.providers, staff.providers]).toEqual([['fake'], ['internal']]);
    expect(signIns.providers()).toEqual([{ name: 'fake', secondFactor: false }]);
  });

  it('keeps sessions in the store that is given, and leaves that open', async () => {
    const store = memoryStore();
    const { post, app } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], store })],
    });
    const { body } = await post('/auth/fake/sign-in', { ...user, transport: 'bearer' });
    await app.close();
    const again = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], store })],
    });
    const { id } = body as { id: string };
    expect((await again.get('/auth/session', { authorization: `Bearer ${id}` })).status).toBe(200);
  });

  it('has the user hook give the user, or refuse', async () => {
    const { post } = await listening({
      imports: [
        LatchkeyModule.forRoot({
          providers: [fakeProvider()],
          user: ({ account: { email } }) => {
            if (email !== 'nobody@example.com') throw new Error('canary');
          },
        }),
      ],
    });
    const refused = await post('/auth/fake/sign-in', user);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      500,
      '{"statusCode":500,"message":"Internal server error"}',
    ]);
  });
});
