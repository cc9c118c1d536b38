import 'reflect-metadata';
import { createSessions, LatchkeyError, memoryStore, type Identity } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import { answerOf, SessionStrategy, Strategy, type SignInResult } from '@latchkey/passport-strategy';
import {
  Controller,
  Get,
  HttpException,
  Logger,
  Module,
  Post,
  Req,
  UseGuards,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

Logger.overrideLogger(false);

const user = { email: 'user@example.com', password: 'correct horse' };

const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

interface SignedInRequest {
  readonly user: Identity;
  readonly authInfo: { readonly id: string };
}

// As the README of the strategies has it.
function telling(name: string) {
  return class extends AuthGuard(name) {
    override handleRequest<User>(error: unknown, signedIn: User, info: unknown, context: ExecutionContext) {
      if (!error && signedIn) return signedIn;
      const http = context.switchToHttp();
      const { status, headers, body } = answerOf(http.getRequest<object>(), error ?? info);
      const response = http.getResponse<{ header(name: string, value: string): unknown }>();
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      throw new HttpException(body, status);
    }
  };
}

@Controller()
class SignInController {
  @Post('sign-in')
  @UseGuards(telling('fake'))
  signIn(@Req() { user: { email }, authInfo: { id } }: SignedInRequest) {
    return { id, email };
  }

  @Post('bare')
  @UseGuards(AuthGuard('fake'))
  bare() {
    return {};
  }

  @Get('me')
  @UseGuards(telling('latchkey-session'))
  me(@Req() { user: { subject } }: SignedInRequest) {
    return { subject };
  }

  @Post('me')
  @UseGuards(telling('latchkey-session'))
  change() {
    return {};
  }
}

/** P6: both strategies as `PassportStrategy(…)`, under the guards that @nestjs/passport makes. */
describe.each(['Express', 'Fastify'] as const)('on %s', (platform) => {
  const provider = fakeProvider({
    users: Array.from({ length: 50 }, (_, at) => ({
      email: `user${at}@example.com`,
      password: 'secret',
    })).concat(user),
  });
  const sessions = createSessions({ providers: [provider], store: memoryStore() });
  let app: INestApplication;
  let origin: string;

  class SignInStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({ provider, sessions });
    }
    override async validate({ identity }: SignInResult) {
      return Promise.resolve({ ...identity, email: `checked ${identity.email}` });
    }
  }

  class KnownAgainStrategy extends PassportStrategy(SessionStrategy) {
    constructor() {
      super({ sessions });
    }
    override validate({ identity }: { readonly identity: Identity }) {
      return identity;
    }
  }

  @Module({ controllers: [SignInController], providers: [SignInStrategy, KnownAgainStrategy] })
  class AppModule {}

  beforeAll(async () => {
    app = await NestFactory.create(AppModule, adapters[platform]());
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await sessions.close();
    await provider.upstream.close();
  });

  const signIn = (body: object, headers: Record<string, string> = {}) =>
    fetch(`${origin}/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('P6: signs in through AuthGuard, and knows the user again by the session', async () => {
    const response = await signIn(user);
    expect(response.status).toBe(201);
    const { id, email } = (await response.json()) as { id: string; email: string };
    expect(email).toBe('checked user@example.com');
    const [cookie = ''] = sessionCookie(id).split(';');
    for (const headers of [{ cookie }, { authorization: `Bearer ${id}` }]) {
      const me = await fetch(`${origin}/me`, { headers });
      expect([me.status, await me.json()]).toEqual([200, { subject: user.email }]);
    }
    const nobody = await fetch(`${origin}/me`);
    expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="latchkey"']);
    const ended = await fetch(`${origin}/me`, { headers: { cookie: cookie.replace(id, 'x'.repeat(43)) } });
    expect(ended.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-latchkey=; .*Max-Age=0/)]);
    expect((await fetch(`${origin}/me`, { method: 'POST', headers: { cookie } })).status).toBe(403);
  });

  it('P6: refuses a wrong password, in Nest’s words or, with handleRequest, in ours', async () => {
    const bare = await fetch(`${origin}/bare`, {
      method: 'POST',
      body: new URLSearchParams({ ...user, password: 'wrong' }),
    });
    expect([bare.status, await bare.json()]).toMatchObject([401, { message: 'Unauthorized' }]);
    const told = await signIn({ ...user, password: 'wrong' });
    expect([told.status, await told.json()]).toMatchObject([401, { error: 'invalid_credentials' }]);
    const missing = await signIn({ email: user.email });
    expect([missing.status, await missing.json()]).toMatchObject([400, { error: 'invalid_input' }]);
  });

  it('P5: tells how long to wait', async () => {
    provider.failNext(new LatchkeyError('rate_limited', { retryAfterMs: 7_000 }));
    const response = await signIn(user);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('P5: keeps the status of a provider that is down', async () => {
    provider.failNext('upstream_unavailable');
    const response = await signIn(user);
    expect([response.status, await response.json()]).toMatchObject([503, { error: 'upstream_unavailable' }]);
  });

  it('never mixes users who sign in at the same time', async () => {
    const emails = Array.from({ length: 50 }, (_, at) => `user${at}@example.com`);
    const answers = await Promise.all(
      emails.map(
        async (email) => (await signIn({ email, password: 'secret' })).json() as Promise<{ email: string }>,
      ),
    );
    expect(answers.map(({ email }) => email)).toEqual(emails.map((email) => `checked ${email}`));
  });
});

it('P6: compiles as PassportStrategy(Strategy), with the options in their types', async () => {
  const provider = fakeProvider();
  class TypedStrategy extends PassportStrategy(Strategy, 'typed') {
    constructor() {
      super({ provider });
    }
    override validate({ identity }: SignInResult) {
      return identity;
    }
  }
  expect(new TypedStrategy()).toBeInstanceOf(Strategy);
  await provider.upstream.close();
});
