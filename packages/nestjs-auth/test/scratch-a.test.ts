import 'reflect-metadata';
import { Controller, Get, Req, Post } from '@nestjs/common';
import { expect, it } from 'vitest';
import { LatchkeyModule, CurrentUser, Public, OptionalAuth } from '../src/index.js';
import { signIn, testOptions } from '../src/testing/index.js';
import { listening } from './application.js';

@Controller('t')
class T {
  @OptionalAuth() @Get('opt') opt(@Req() r: any, @CurrentUser() u: any) { return { req: r.user ?? null, cur: u }; }
  @Get('mut') mut(@CurrentUser() u: any) { try { u.x = 1; return { ok: true }; } catch (e) { return { e: String(e) }; } }
}
it('signout cross-site no cookie', async () => {
  const { post, get, app } = await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions() } as never)], controllers: [T] });
  const a = await post('/auth/sign-out', undefined, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' });
  console.log('signout', a.status, a.cookies);
  const { bearer, cookie } = await signIn(app, { email: 'user@example.com' });
  const b = await post('/auth/sign-out', undefined, { 'sec-fetch-site': 'cross-site', cookie, authorization: 'Basic xx' });
  console.log('signout basic', b.status, b.cookies);
  console.log((await get('/t/mut', { cookie })).body);
});
it('problems', () => {
});
it('all problems', async () => {
  for (const o of [{ providers: [], shutdownGraceMs: -1, cookie: { name: 'bad name' }, csrf: { origins: ['x*'] }, sessions: { maxAgeMs: -1 } }, { ...testOptions(), cookie: { name: 'bad name' }, csrf: { origins: ['x*'] }, sessions: { maxAgeMs: -1 }, upstreamTokens: 'nope' }]) {
    await listening({ imports: [LatchkeyModule.forRoot(o as never)] }).catch((e) => console.log('PROBLEMS:', e.message));
  }
});
it('named twice', async () => {
  await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions(), name: 'staff', path: 'a' } as never), LatchkeyModule.forRoot({ ...testOptions(), name: 'staff', path: 'b' } as never)] }).then(() => console.log('TWICE NAMED BOOTED'), (e) => console.log(e.message));
});
it('upstream frozen?', async () => {
  const o = testOptions();
  const { get, app } = await listening({ imports: [LatchkeyModule.forRoot({ ...o, upstreamTokens: { provider: 'test', owns: () => true } } as never)], controllers: [T] });
  const { session } = await signIn(app, {});
  const tok = (await session.source.getToken()).value;
  const h = { authorization: 'Bearer ' + tok };
  console.log((await get('/t/mut', h)).body, (await get('/t/opt', h)).body);
});
