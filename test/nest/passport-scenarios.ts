import { createSessions, LatchkeyError, memoryStore, type Identity } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider } from '@latchkey/core/testing';
import { answerOf, SessionStrategy, Strategy } from '@latchkey/passport-strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the scenarios use of one version of Nest, which each package that runs them hands over. */
export interface Nest {
  readonly Controller: (path: string) => ClassDecorator;
  readonly Get: (path: string) => MethodDecorator;
  readonly Post: (path: string) => MethodDecorator;
  readonly Req: () => ParameterDecorator;
  readonly UseGuards: (...guards: Class[]) => MethodDecorator;
  readonly Module: (metadata: { controllers: Class[]; providers: Class[] }) => ClassDecorator;
  readonly HttpException: new (body: object, status: number) => Error;
  readonly PassportStrategy: (
    strategy: typeof Strategy | typeof SessionStrategy,
    name?: string,
  ) => StrategyMixin;
  readonly AuthGuard: (name: string) => Class;
  /** On Express and on Fastify. */
  readonly create: Readonly<Record<'Express' | 'Fastify', (module: Class) => Promise<App>>>;
}

type Class = new (...args: never[]) => object;
type StrategyMixin = new (...args: unknown[]) => { validate(...args: unknown[]): unknown };

interface App {
  listen(port: number, host: string): Promise<unknown>;
  getUrl(): Promise<string>;
  close(): Promise<void>;
}

interface SignedInRequest {
  readonly user: Identity;
  readonly authInfo: { readonly id: string };
}

const user = { email: 'user@example.com', password: 'correct horse' };

/** P6: both strategies as `PassportStrategy(…)`, under the guards that @nestjs/passport makes. */
export function passportScenarios(version: number, nest: Nest): void {
  describe.each(['Express', 'Fastify'] as const)(`Nest ${version} on %s`, (platform) => {
    const provider = fakeProvider({
      users: Array.from({ length: 50 }, (_, at) => ({
        email: `user${at}@example.com`,
        password: 'secret',
      })).concat(user),
    });
    const sessions = createSessions({ providers: [provider], store: memoryStore() });
    let app: App;
    let origin: string;

    beforeAll(async () => {
      app = await nest.create[platform](moduleOf(nest, provider, sessions));
      await app.listen(0, '127.0.0.1');
      origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
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
      expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="latchkey"',
      ]);
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
      expect([response.status, await response.json()]).toMatchObject([
        503,
        { error: 'upstream_unavailable' },
      ]);
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
}

function moduleOf(
  { Controller, Get, Post, Req, UseGuards, Module, HttpException, PassportStrategy, AuthGuard }: Nest,
  provider: object,
  sessions: object,
): Class {
  class SignInStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({ provider, sessions });
    }
    override async validate({ identity }: { readonly identity: Identity }) {
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
  // As the README of the strategies has it.
  const telling = (name: string) =>
    class extends AuthGuard(name) {
      handleRequest(error: unknown, signedIn: unknown, info: unknown, context: Context) {
        if (!error && signedIn) return signedIn;
        const http = context.switchToHttp();
        const { status, headers, body } = answerOf(http.getRequest(), error ?? info);
        for (const [name, value] of Object.entries(headers)) http.getResponse().header(name, value);
        throw new HttpException(body, status);
      }
    };
  class SignInController {
    signIn({ user: { email }, authInfo: { id } }: SignedInRequest) {
      return { id, email };
    }
    bare() {
      return {};
    }
    me({ user: { subject } }: SignedInRequest) {
      return { subject };
    }
    change() {
      return {};
    }
  }
  const { prototype } = SignInController;
  const route = (method: keyof SignInController, ...decorators: MethodDecorator[]) => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, method) ?? {};
    for (const decorate of decorators) decorate(prototype, method, descriptor);
    Req()(prototype, method, 0);
  };
  route('signIn', Post('sign-in'), UseGuards(telling('fake')));
  route('bare', Post('bare'), UseGuards(AuthGuard('fake')));
  route('me', Get('me'), UseGuards(telling('latchkey-session')));
  route('change', Post('me'), UseGuards(telling('latchkey-session')));
  Controller('')(SignInController);

  class AppModule {
    readonly name = 'app';
  }
  Module({ controllers: [SignInController], providers: [SignInStrategy, KnownAgainStrategy] })(AppModule);
  return AppModule;
}

interface Context {
  switchToHttp(): {
    getRequest(): object;
    getResponse(): { header(name: string, value: string): unknown };
  };
}
