// An application of Nest with nothing installed but what every one has. It is plain JavaScript, so decorators are called.
import 'reflect-metadata';
import { fakeProvider } from '@latchkey/core/testing';
import { LatchkeyModule } from '@latchkey/nestjs-auth';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

class AppController {
  me() {
    return { known: true };
  }
}
Controller()(AppController);
Get('me')(AppController.prototype, 'me', Object.getOwnPropertyDescriptor(AppController.prototype, 'me'));

class AppModule {}
Module({
  imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })],
  controllers: [AppController],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
const origin = await app.getUrl();
const refused = await fetch(`${origin}/me`);
const signedIn = await fetch(`${origin}/auth/fake/sign-in`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ email: 'user@example.com', password: 'correct horse' }),
});
const [cookie] = signedIn.headers.get('set-cookie').split(';');
const me = await fetch(`${origin}/me`, { headers: { cookie } });
await app.close();

const statuses = [refused, signedIn, me].map(({ status }) => status).join(', ');
console.log(statuses === '401, 200, 200' ? 'ok' : statuses);
