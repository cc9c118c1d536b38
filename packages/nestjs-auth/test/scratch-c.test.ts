import 'reflect-metadata';
import { Controller, Get, Req, Post, Body } from '@nestjs/common';
import { memoryStore } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { it } from 'vitest';
import { LatchkeyModule, CurrentUser, Realm, Sessions, sessionsToken } from '../src/index.js';
import { listening } from './application.js';

@Realm('staff') @Controller('staff') class Staff { @Get() s(@CurrentUser() u: any) { return { u }; } @Post() p(){ return {ok:1}; } }
it('shared store two sets', async () => {
  const store = memoryStore();
  const { app, get, post } = await listening({ imports: [
    LatchkeyModule.forRoot({ providers: [fakeProvider({ name: 'x' })], store } as never),
    LatchkeyModule.forRoot({ name: 'staff', providers: [fakeProvider({ name: 'x' })], store, user: () => { throw new Error('not staff'); } } as never)], controllers: [Staff] });
  const { id } = await app.get(Sessions).signIn('x' as never, { email: 'user@example.com', password: 'correct horse' } as never);
  const denied = await post('/auth/staff/x/sign-in', { email: 'user@example.com', password: 'correct horse' });
  console.log('STAFF sign-in', denied.status);
  console.log('STAFF bearer', await get('/staff', { authorization: 'Bearer ' + id }).then(r => [r.status, JSON.stringify(r.body)]));
  console.log('STAFF cookie', await get('/staff', { cookie: '__Host-latchkey-staff=' + id }).then(r => [r.status]));
});
it('different providers share store: signout via other realm', async () => {
  const store = memoryStore();
  const { app, get, post } = await listening({ imports: [
    LatchkeyModule.forRoot({ providers: [fakeProvider({ name: 'x' })], store } as never),
    LatchkeyModule.forRoot({ name: 'staff', providers: [fakeProvider({ name: 'y' })], store } as never)], controllers: [Staff] });
  const { id } = await app.get(Sessions).signIn('x' as never, { email: 'user@example.com', password: 'correct horse' } as never);
  console.log('Y', (await get('/staff', { authorization: 'Bearer ' + id })).status);
});
it('http post optional csrf; HEAD etc', async () => {});
it('event name vs emitter throwing', async () => {
  class L { @OnEvent('latchkey.sign-in', { suppressErrors: false } as never) h() { throw new Error('listener'); } }
  const { post } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] } as never), EventEmitterModule.forRoot()], providers: [L] });
  console.log('EV', (await post('/auth/fake/sign-in', { email: 'user@example.com', password: 'correct horse' })).status);
});
it('path slash', async () => {
  for (const path of ['', '/', 'a/:tenant']) {
    const { post, get } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()], path } as never)] });
    console.log('PATH', path, (await get(path === '' || path === '/' ? '/session' : '/a/1/session')).status);
  }
});
