import type { LatchkeyEvent } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { Injectable } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { expect, it } from 'vitest';
import { LatchkeyModule } from '../src/index.js';
import { listening } from './application.js';

const user = { email: 'user@example.com', password: 'correct horse' };

@Injectable()
class Listener {
  readonly heard: LatchkeyEvent[] = [];
  readonly signIns: LatchkeyEvent[] = [];

  @OnEvent('latchkey.*') hear(event: LatchkeyEvent) {
    this.heard.push(event);
  }
  @OnEvent('latchkey.sign-in') hearSignIn(event: LatchkeyEvent) {
    this.signIns.push(event);
  }
}

it('tells the event emitter of Nest what happens, and onEvent as well', async () => {
  const told: LatchkeyEvent[] = [];
  const { app, post } = await listening({
    imports: [
      LatchkeyModule.forRoot({
        providers: [fakeProvider()],
        sessions: { onEvent: (event) => void told.push(event) },
      }),
      EventEmitterModule.forRoot({ wildcard: true }),
    ],
    providers: [Listener],
  });
  await post('/auth/fake/sign-in', { ...user, password: 'canary' });
  await post('/auth/fake/sign-in', user);
  const { heard, signIns } = app.get(Listener);
  expect(heard.map(({ type, provider }) => [type, provider])).toEqual([
    ['sign-in-refused', 'fake'],
    ['sign-in', 'fake'],
    ['session-start', 'fake'],
  ]);
  expect(signIns).toEqual([heard[1]]);
  expect(told).toEqual(heard);
  expect(JSON.stringify(heard)).not.toMatch(/canary|@example.com/);
});

it('needs no event emitter', async () => {
  const { post } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] });
  expect((await post('/auth/fake/sign-in', user)).status).toBe(200);
});
