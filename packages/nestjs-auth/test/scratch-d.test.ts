import 'reflect-metadata';
import { Controller, Get, Req, Post, VersioningType } from '@nestjs/common';
import { memoryStore } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { inspect } from 'node:util';
import { it } from 'vitest';
import { LatchkeyModule, CurrentUser, Realm, Sessions, AuthGuard, OptionalAuth } from '../src/index.js';
import { rememberHandshake } from '../src/index.js';
import { signIn, testOptions } from '../src/testing/index.js';
import { listening } from './application.js';
@Controller({ path: 'v', version: '1' }) class V { @Get() v() { return 1; } }
class G { h(u: any) {} }
OptionalAuth()(G.prototype, 'h', Object.getOwnPropertyDescriptor(G.prototype, 'h')!);
it('versions', async () => {
  for (const type of [VersioningType.URI, VersioningType.HEADER, VersioningType.MEDIA_TYPE]) {
    const { get } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] } as never)], controllers: [V] }, { prepare: (a) => a.enableVersioning({ type, header: 'x-v', key: 'v=', defaultVersion: '1' } as never) });
    console.log('VER', type, (await get('/auth/session')).status, (await get('/v1/auth/session')).status, (await get('/auth/session', { 'x-v': '1', accept: 'application/json;v=1' })).status);
  }
});
it('ws stale user', async () => {
  const { app } = await listening({ imports: [LatchkeyModule.forRoot({ ...testOptions(), bearer: false } as never)] });
  const { id, cookie, bearer } = await signIn(app, {});
  const client: any = {}; const req: any = { headers: { cookie, origin: 'http://h', host: 'h' } };
  rememberHandshake(client, req);
  const args = () => [client, {}, 'm'];
  const ctx = (a: any[]) => ({ getType: () => 'ws', getClass: () => G, getHandler: () => G.prototype.h, getArgs: () => a, getArgByIndex: (i: number) => a[i] }) as never;
  const g = app.get(AuthGuard);
  console.log(await g.canActivate(ctx(args())), req.user?.email);
  await app.get(Sessions).signOut(id);
  console.log('after signout', await g.canActivate(ctx(args())), 'request.user still', req.user?.email);
  // socket.io auth.token with bearer:false
  const s = await signIn(app, { email: 'b@example.com' });
  const io: any = { handshake: { headers: {}, auth: { token: s.id } } };
  const a = [io, {}, 'm'];
  await g.canActivate(ctx(a));
  const { callerOf } = await import('../src/caller.js');
  console.log('bearer:false, auth.token ->', callerOf(ctx(a))?.identity.email);
});
