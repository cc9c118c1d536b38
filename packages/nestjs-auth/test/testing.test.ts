import { isLatchkeyError } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import {
  CurrentUser,
  LATCHKEY_OPTIONS,
  LatchkeyModule,
  Providers,
  RequireEntitlement,
} from '../src/index.js';
import { LatchkeyTestingModule, signIn, testOptions, testProvider } from '../src/testing/index.js';
import { listening, serve, silent } from './application.js';

@Providers('real')
@Controller('me')
class MeController {
  @Get() me(@CurrentUser('name') name: unknown) {
    return { name };
  }
  @RequireEntitlement('prod') @Get('licensed') licensed() {
    return {};
  }
}

// Nothing listens there: a sign-in that went to the provider would fail.
@Module({
  imports: [
    LatchkeyModule.forRoot({ providers: [fakeProvider({ name: 'real', users: [] })], path: 'access' }),
  ],
  controllers: [MeController],
})
class AppModule {}

describe('an application under test', () => {
  it('keeps its routes and rules, with providers in memory in the place of its own', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(silent)
      .overrideProvider(LATCHKEY_OPTIONS)
      .useValue(testOptions({ providers: ['real'] }))
      .compile();
    const { app, get, post } = await serve(module.createNestApplication());
    const { cookie, bearer, session } = await signIn(app, { name: 'Sample User' });
    expect(session.identity.subject).toBe('user@example.com');
    expect((await get('/me', { cookie })).body).toEqual({ name: 'Sample User' });
    expect((await get('/me/licensed', { authorization: bearer })).status).toBe(403);
    const other = await signIn(app, { email: 'other@example.com', entitlements: ['prod'] });
    expect((await get('/me/licensed', { authorization: other.bearer })).status).toBe(200);
    expect((await post('/access/real/sign-in', { email: 'x@example.com', password: 'x' })).status).toBe(401);
  });

  it('has LatchkeyTestingModule for modules by themselves', async () => {
    const { app, get } = await listening({
      imports: [LatchkeyTestingModule.forRoot({ providers: ['test', 'real'] })],
      controllers: [MeController],
    });
    const first = await signIn(app);
    expect((await get('/me', { cookie: first.cookie })).status).toBe(403);
    const second = await signIn(app, { provider: 'real' });
    expect((await get('/me', { cookie: second.cookie })).status).toBe(200);
  });

  it('changes of a user what is given, and keeps the rest', async () => {
    const provider = testProvider('real', { users: [{ email: 'a@example.com', entitlements: ['prod'] }] });
    const { app, get } = await listening({
      imports: [LatchkeyTestingModule.forRoot({ providers: [provider] })],
      controllers: [MeController],
    });
    const { bearer } = await signIn(app, { email: 'a@example.com', name: 'Renamed' });
    expect((await get('/me', { authorization: bearer })).body).toEqual({ name: 'Renamed' });
    expect((await get('/me/licensed', { authorization: bearer })).status).toBe(200);
    const none = await signIn(app, { email: 'a@example.com', entitlements: [] });
    expect((await get('/me/licensed', { authorization: none.bearer })).status).toBe(403);
  });

  it('signs nobody in at a real provider', async () => {
    const { app } = await listening({ imports: [AppModule] });
    const error: unknown = await signIn(app).catch((error: unknown) => error);
    expect(isLatchkeyError(error, 'invalid_config')).toBe(true);
  });
});
