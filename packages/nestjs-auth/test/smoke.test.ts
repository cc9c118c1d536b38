import 'reflect-metadata';
import { fakeProvider } from '@latchkey/core/testing';
import { Controller, Get, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { expect, it } from 'vitest';
import { CurrentUser, LatchkeyModule, Public } from '../src/index.js';

Logger.overrideLogger(['error', 'warn']);

@Controller()
class AppController {
  @Get('me') me(@CurrentUser() user: CurrentUser) {
    return user;
  }
  @Public() @Get('open') open() {
    return { open: true };
  }
}

it.each([() => new ExpressAdapter(), () => new FastifyAdapter()])('smokes', async (adapter) => {
  @Module({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })], controllers: [AppController] })
  class AppModule {}
  const app = await NestFactory.create(AppModule, adapter());
  await app.listen(0, '127.0.0.1');
  const origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const show = async (path: string, init?: RequestInit) => {
    const r = await fetch(origin + path, init);
    return [r.status, await r.text(), ...['www-authenticate', 'retry-after', 'set-cookie', 'cache-control'].map((h) => r.headers.get(h))];
  };
  console.log(await show('/open'), await show('/me'), await show('/auth/providers'), await show('/auth/session'));
  const json = (body: object) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  console.log(await show('/auth/fake/sign-in', json({ email: 'user@example.com', password: 'wrong' })));
  console.log(await show('/auth/nope/sign-in', json({ email: 'user@example.com', password: 'wrong' })));
  const ok = await show('/auth/fake/sign-in', json({ email: 'user@example.com', password: 'correct horse', twoFactorCode: '', transport: 'bearer' }));
  console.log(ok);
  const { id } = JSON.parse(ok[1] as string) as { id: string };
  console.log(await show('/me', { headers: { authorization: `Bearer ${id}` } }));
  console.log(await show('/me', { headers: { cookie: `__Host-latchkey=${id}` } }));
  console.log(await show('/auth/sign-out', { method: 'POST', headers: { cookie: `__Host-latchkey=${id}`, 'sec-fetch-site': 'same-origin' } }));
  console.log(await show('/me', { headers: { cookie: `__Host-latchkey=${id}` } }));
  console.log(await show('/auth/sign-out', { method: 'POST' }));
  await app.close();
  await app.close();
  expect(1).toBe(1);
});
