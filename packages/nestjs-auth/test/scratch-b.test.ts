import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Req, Post, Module, UseGuards, Query, ValidationPipe } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { memoryStore, createSessions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { inspect } from 'node:util';
import { it, vi } from 'vitest';
import { AuthGuard, LatchkeyModule, CurrentUser, Public, OptionalAuth, Sessions, RequireEntitlement, Providers, RequireAuth, CurrentSession } from '../src/index.js';
import { signIn, testOptions } from '../src/testing/index.js';
import { listening, serve, silent } from './application.js';

@Controller('t')
class T {
  @OptionalAuth() @Get('opt') opt(@Req() r: any, @CurrentUser() u: any) { return { req: r.user ?? null, cur: u }; }
  @Get('who') who(@CurrentUser() u: any, @Req() r: any) { return { cur: u ?? 'none', req: r.user ?? 'none' }; }
  @Get('insp') insp(@Req() r: any) { return { has: inspect(r, { depth: 3 }).match(/test-access[^']*/g) ?? [] , keys: Object.keys(r).filter(k => /latch|user/i.test(k)) }; }
}
@RequireEntitlement('prod') class Base { @Get('x') x() { return { x: 1 }; } }
@Controller('sub') class Sub extends Base { }
@Public() class PBase { }
@Controller('sub2') class Sub2 extends PBase { @Get('x') x() { return { x: 2 }; } }

it('override guard with one that sets request.user', async () => {
  const module = await Test.createTestingModule({ imports: [LatchkeyModule.forRoot({ ...testOptions() } as never)], controllers: [T] }).setLogger(silent)
    .overrideProvider(AuthGuard).useValue({ canActivate: (c: any) => { c.switchToHttp().getRequest().user = { id: 7 }; return true; } }).compile();
  const { get } = await serve(module.createNestApplication());
  console.log('OVERRIDE', (await get('/t/who')).body);
});
it('inherit', async () => {
  const { get } = await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions() } as never)], controllers: [Sub, Sub2] }).catch((e) => { console.log('INHERIT boot', e.message); return { get: async () => ({ status: 'none', body: '' }) } as never; });
  console.log('INHERIT', (await get('/sub/x')).status, (await get('/sub2/x')).status);
});
it('two processes share a memory store', async () => {
  const store = memoryStore();
  const provider = fakeProvider();
  const { app, get } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [provider], store } as never)], controllers: [T] });
  const other = createSessions({ providers: [provider], store });
  const s = app.get(Sessions);
  const { id } = await s.signIn('fake', { email: 'user@example.com', password: 'correct horse' });
  await s.get(id);
  console.log('peek', !!s.peek(id), (await get('/t/insp', { authorization: 'Bearer ' + id })).body);
  await other.signOutEverywhere({ provider: 'fake', subject: 'user@example.com' });
  console.log('peek after everywhere', !!s.peek(id), (await get('/t/who', { authorization: 'Bearer ' + id })).status);
  const two = await s.signIn('fake', { email: 'user@example.com', password: 'correct horse' });
  await s.get(two.id); console.log('peek2', !!s.peek(two.id), 'old', !!s.peek(id));
  await other.signOut(two.id);
  console.log('after', !!s.peek(two.id));
  const three = await s.signIn('fake', { email: 'user@example.com', password: 'correct horse' });
  await s.get(three.id);
  await s.close();
  console.log('closed', !!s.peek(three.id));
  await other.close();
});
it('subclass/thenable', async () => {
  const p = fakeProvider();
  const { app, get } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [p] } as never)], controllers: [T] });
});
it('sign-out of a store error with bearer; sign-in after bearer', async () => {
  const { app, get, post } = await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions(), bearer: false, upstreamTokens: { provider: 'test' } } as never)], controllers: [T] });
  const { bearer, cookie } = await signIn(app, {});
  const r = await get('/t/who', { authorization: bearer }); console.log('bearer false', r.status, r.header('www-authenticate'));
  const r2 = await get('/t/who', { authorization: 'Bearer nope' }); console.log('bearer false upstream', r2.status, r2.header('www-authenticate'));
  const o = await post('/auth/sign-out', undefined, { authorization: bearer, cookie }); console.log('signout bearer false', o.status, o.cookies, (await get('/t/who', { cookie })).status);
});
it('conditional controllers', async () => {
  const { post, get } = await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions() } as never)], controllers: [T] });
  for (const b of [undefined, [], 'x', { email: 'user@example.com', password: 'correct horse', constructor: 1 }, { email: { $ne: 1 }, password: 'x' }]) {
    const r = await post('/auth/test/sign-in', b); console.log(r.status, r.body);
  }
  const r = await post('/auth/__proto__/sign-in', { email: 'a', password: 'b' }); console.log(r.status, r.body);
});
