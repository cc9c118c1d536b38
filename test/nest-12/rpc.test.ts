import 'reflect-metadata';
import type { Server } from 'node:net';
import { LatchkeyError, type Session } from '@latchkey/core';
import {
  AuthGuard,
  CurrentSession,
  CurrentUser,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  type LatchkeyModuleOptions,
} from '@latchkey/nestjs-auth';
import {
  Controller,
  Get,
  Scope,
  UseGuards,
  UseInterceptors,
  type ExecutionContext,
  type INestMicroservice,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { AppModule } from './app-module.js';
import { heardWarnings } from './heard-warnings.js';
import { Meeting } from './meeting.js';
import { failingStore, providerWithUsers, signIn } from './signed-in-users.js';

const warnings = heardWarnings();
const meeting = new Meeting();

interface Call {
  readonly token?: string;
  readonly tag?: string;
}

/** Events that came through to a handler. */
const happened: unknown[] = [];
let onEvent: () => void = () => undefined;

@Controller()
@UseInterceptors(meeting)
class MessageController {
  @MessagePattern('who') who(
    @CurrentUser('email') email: string,
    @CurrentSession() session: Session,
    @Payload() call: Call | string,
  ) {
    const { provider, identity } = session;
    const tag = typeof call === 'string' ? call : call.tag;
    return { email, session: `${provider} ${identity.subject}`, tag };
  }
  @Public() @MessagePattern('open') open() {
    return 'open';
  }
  @OptionalAuth() @MessagePattern('maybe') maybe(@CurrentUser('email') email: string | null) {
    return { email };
  }
  @Providers('another') @MessagePattern('elsewhere') elsewhere() {
    return 'never';
  }
  @MessagePattern('broken') broken() {
    throw new LatchkeyError('token_rejected', { actor: 'service', message: 'kept-in-the-service' });
  }
  @EventPattern('happened') happened(@Payload() { tag }: Call, @CurrentUser('email') email: unknown) {
    happened.push({ email, tag });
    onEvent();
  }
  @Public() @EventPattern('seen') seen(@Payload() { tag }: Call) {
    happened.push({ tag });
    onEvent();
  }
}

@Controller()
class HttpController {
  @Get('me') me(@CurrentUser('email') email: string) {
    return { email };
  }
}

@Controller()
@UseGuards(AuthGuard)
class GuardedController {
  @MessagePattern('who') who(@CurrentUser('email') email: string) {
    return { email };
  }
}

@Controller()
@Public()
class OpenController {
  @MessagePattern('open') open() {
    return 'open';
  }
}

@Controller({ scope: Scope.REQUEST })
class ScopedController {
  @MessagePattern('who') who(@CurrentUser('email') email: string) {
    return { email };
  }
}

const toEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
  happened.length = 0;
  onEvent = () => undefined;
});

const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } } as const;
const fromPayload: LatchkeyModuleOptions['credentialFrom'] = {
  rpc: (context) => context.switchToRpc().getData<Call | undefined>()?.token,
};

function moduleWith(options: Partial<LatchkeyModuleOptions>, controllers: Type[]) {
  const imports = [LatchkeyModule.forRoot({ providers: [providerWithUsers()], ...options })];
  return { module: AppModule, imports, controllers };
}

async function serve(
  options: Partial<LatchkeyModuleOptions> = {},
  controllers: Type[] = [MessageController],
) {
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(
    moduleWith(options, controllers),
    tcp,
  );
  toEnd.push(() => service.close());
  await service.listen();
  return { app: service, client: await connect(service) };
}

async function serveHybrid({
  options = { credentialFrom: fromPayload },
  controllers = [MessageController, HttpController],
  inheritAppConfig = [false],
}: {
  options?: Partial<LatchkeyModuleOptions>;
  controllers?: Type[];
  /** Of each of the microservices. */
  inheritAppConfig?: boolean[];
} = {}) {
  const before = warnings.length;
  const app = await NestFactory.create(moduleWith(options, controllers), new ExpressAdapter());
  toEnd.push(() => app.close());
  const services = inheritAppConfig.map((inherits) =>
    app.connectMicroservice<MicroserviceOptions>(tcp, { inheritAppConfig: inherits }),
  );
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return {
    app,
    origin: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    clients: await Promise.all(services.map(connect)),
    warned: warnings.slice(before),
  };
}

async function connect(service: INestMicroservice): Promise<ClientProxy> {
  const { port } = service.unwrap<Server>().address() as { port: number };
  const options = { host: '127.0.0.1', port };
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  toEnd.push(() => client.close());
  await client.connect();
  return client;
}

function ask(client: ClientProxy, pattern: string, call: unknown = {}): Promise<unknown> {
  return firstValueFrom(client.send<unknown>(pattern, call));
}

/** Sends events, the last of which a handler takes, and gives what handlers took. */
async function tell(client: ClientProxy, ...events: [pattern: string, call: Call][]): Promise<unknown[]> {
  const taken = new Promise<void>((resolve) => (onEvent = resolve));
  for (const [pattern, call] of events) await firstValueFrom(client.emit(pattern, call), { defaultValue: 0 });
  await taken;
  return happened;
}

const signedOut = { status: 'error', error: 'not_signed_in', message: 'Sign in to continue.' };
const advice =
  'A microservice is connected without inheritAppConfig, so that the global guard is not applied to its handlers. ' +
  'Use connectMicroservice(options, { inheritAppConfig: true }), or put @UseGuards(AuthGuard) on them.';

describe('a microservice', () => {
  it('N4: refuses calls of nobody, and answers those that are public', async () => {
    const { client } = await serve({ credentialFrom: fromPayload });
    await expect(ask(client, 'who')).rejects.toEqual(signedOut);
    await expect(ask(client, 'who', { token: 'k'.repeat(43) })).rejects.toEqual(signedOut);
    await expect(ask(client, 'who', 'text')).rejects.toEqual(signedOut);
    expect(await ask(client, 'open')).toBe('open');
    expect(await ask(client, 'maybe')).toEqual({ email: null });
  });

  it('N4: knows who calls by what credentialFrom.rpc finds', async () => {
    const { app, client } = await serve({ credentialFrom: fromPayload });
    const { id } = await signIn(app, 'a@example.com');
    for (const token of [id, `Bearer ${id}`]) {
      expect(await ask(client, 'who', { token, tag: 'own' })).toEqual({
        email: 'a@example.com',
        session: 'fake a@example.com',
        tag: 'own',
      });
    }
  });

  it('N4: takes nothing in a payload for a credential unless credentialFrom.rpc says so', async () => {
    const { app, client } = await serve();
    const { id, bearer, cookie } = await signIn(app, 'a@example.com');
    for (const call of [
      { token: id },
      { headers: bearer },
      { headers: { ...cookie, 'sec-fetch-site': 'same-origin' } },
      { req: { headers: bearer }, request: { headers: bearer }, user: { email: 'a@example.com' } },
      { handshake: { headers: bearer, auth: { token: id } }, ...bearer },
      id,
      `Bearer ${id}`,
    ]) {
      await expect(ask(client, 'who', call)).rejects.toEqual(signedOut);
      expect(await ask(client, 'maybe', call)).toEqual({ email: null });
    }
  });

  it('never mixes callers whose calls share a connection', async () => {
    const { app, client } = await serve({
      credentialFrom: {
        rpc(context) {
          const call = context.switchToRpc().getData<Call | string>();
          return typeof call === 'string' ? call : call.token;
        },
      },
    });
    const emails = Array.from({ length: 20 }, (_, at) => `user${at}@example.com`);
    const ids = await Promise.all(emails.map(async (email) => (await signIn(app, email)).id));
    for (const callWith of [(id: string) => id, (token: string) => ({ token, tag: token })]) {
      meeting.expect(20);
      const answers = await Promise.all(ids.map((id) => ask(client, 'who', callWith(id))));
      expect(answers).toEqual(emails.map((email, at) => ({ email, session: `fake ${email}`, tag: ids[at] })));
    }
  });

  it('N4: keeps events of nobody from their handlers', async () => {
    const { app, client } = await serve({ credentialFrom: fromPayload });
    const { id } = await signIn(app, 'a@example.com');
    expect(
      await tell(
        client,
        ['happened', { tag: 'nobody' }],
        ['happened', { tag: 'wrong', token: 'k'.repeat(43) }],
        ['happened', { tag: 'known', token: id }],
      ),
    ).toEqual([{ email: 'a@example.com', tag: 'known' }]);
    expect(await tell(client, ['happened', { tag: 'nobody' }], ['seen', { tag: 'public' }])).toEqual([
      { email: 'a@example.com', tag: 'known' },
      { tag: 'public' },
    ]);
  });

  it('refuses accounts of another provider, and tells of an error in a handler its code only', async () => {
    const { app, client } = await serve({ credentialFrom: fromPayload });
    const { id: token } = await signIn(app, 'a@example.com');
    await expect(ask(client, 'elsewhere', { token })).rejects.toEqual({
      status: 'error',
      error: 'provider_not_allowed',
      message: 'Accounts of this provider may not do this.',
    });
    await expect(ask(client, 'broken', { token })).rejects.toEqual({
      status: 'error',
      error: 'upstream_error',
      message: 'The provider answered with an error.',
    });
  });

  it('S10: refuses while the store is down, and answers again once it is back', async () => {
    const store = failingStore();
    const { app, client } = await serve({ credentialFrom: fromPayload, store });
    const { id: token } = await signIn(app, 'a@example.com');
    store.isDown = true;
    for (const pattern of ['who', 'maybe']) {
      await expect(ask(client, pattern, { token })).rejects.toEqual({
        status: 'error',
        error: 'store_error',
        message: 'The store cannot be reached.',
      });
    }
    store.isDown = false;
    expect(await ask(client, 'maybe', { token })).toEqual({ email: 'a@example.com' });
  });

  it('N4: guards handlers that are made for each call, without a warning', async () => {
    const before = warnings.length;
    const { app, client } = await serve({ credentialFrom: fromPayload }, [ScopedController]);
    const { id: token } = await signIn(app, 'a@example.com');
    await expect(ask(client, 'who')).rejects.toEqual(signedOut);
    expect(await ask(client, 'who', { token })).toEqual({ email: 'a@example.com' });
    expect(warnings.slice(before)).toEqual([]);
  });
});

describe('an HTTP application with a microservice', () => {
  it('N4: guards both with inheritAppConfig, without a warning', async () => {
    const { app, origin, clients, warned } = await serveHybrid({ inheritAppConfig: [true] });
    expect(warned).toEqual([]);
    const [client] = clients;
    const { id: token, bearer } = await signIn(app, 'a@example.com');
    await expect(ask(client!, 'who')).rejects.toEqual(signedOut);
    expect(await ask(client!, 'who', { token, tag: 'own' })).toEqual({
      email: 'a@example.com',
      session: 'fake a@example.com',
      tag: 'own',
    });
    expect(
      await tell(client!, ['happened', { tag: 'nobody' }], ['happened', { tag: 'known', token }]),
    ).toEqual([{ email: 'a@example.com', tag: 'known' }]);
    expect((await fetch(`${origin}/me`)).status).toBe(401);
    const me = await fetch(`${origin}/me`, { headers: bearer });
    expect([me.status, await me.json()]).toEqual([200, { email: 'a@example.com' }]);
  });

  it('N4: warns at boot without inheritAppConfig; routes stay guarded', async () => {
    const { app, origin, clients, warned } = await serveHybrid();
    expect(warned).toEqual([advice]);
    // What the warning is about.
    expect(await ask(clients[0]!, 'elsewhere')).toBe('never');
    expect((await fetch(`${origin}/me`)).status).toBe(401);
    const { bearer } = await signIn(app, 'a@example.com');
    expect((await fetch(`${origin}/me`, { headers: bearer })).status).toBe(200);
  });

  it('N4: does not warn where there are no handlers of messages', async () => {
    const { warned } = await serveHybrid({ controllers: [HttpController] });
    expect(warned).toEqual([]);
  });

  it('N4: does not warn of handlers that have the guard themselves, or are public', async () => {
    const { clients, warned } = await serveHybrid({ controllers: [GuardedController, OpenController] });
    await expect(ask(clients[0]!, 'who')).rejects.toEqual(signedOut);
    expect(await ask(clients[0]!, 'open')).toBe('open');
    expect(warned).toEqual([]);
  });

  it('N4: warns of the one of two microservices that is without inheritAppConfig', async () => {
    expect((await serveHybrid({ inheritAppConfig: [false, true] })).warned).toEqual([advice]);
    expect((await serveHybrid({ inheritAppConfig: [true, false] })).warned).toEqual([advice]);
  });

  it('N4: guards handlers that are made for each call, with inheritAppConfig', async () => {
    const { app, clients } = await serveHybrid({ controllers: [ScopedController], inheritAppConfig: [true] });
    const { id: token } = await signIn(app, 'a@example.com');
    await expect(ask(clients[0]!, 'who')).rejects.toEqual(signedOut);
    expect(await ask(clients[0]!, 'who', { token })).toEqual({ email: 'a@example.com' });
  });

  it('N4: warns of handlers that are made for each call, without inheritAppConfig', async () => {
    expect((await serveHybrid({ controllers: [ScopedController] })).warned).toEqual([advice]);
  });
});

describe('a context of a type that is not known', () => {
  const contextOf = (handler: object) => {
    const args = [{ headers: {} }, { headers: {} }, { req: { headers: {} } }];
    return {
      getType: () => 'telegram',
      getClass: () => MessageController,
      getHandler: () => handler,
      getArgs: () => args,
      getArgByIndex: (index: number) => args[index],
    } as unknown as ExecutionContext;
  };

  it('N2: is refused, also where to be signed in is optional', async () => {
    const { app } = await serve();
    const guard = app.get(AuthGuard);
    const { who, maybe } = MessageController.prototype;
    for (const handler of [who, maybe]) {
      await expect(async () => guard.canActivate(contextOf(handler))).rejects.toMatchObject({
        name: 'LatchkeyError',
        code: 'not_signed_in',
        message: 'AuthGuard cannot tell whom a call of the type telegram comes from, so it is refused.',
      });
    }
  });

  it('N2: passes where the handler is public', async () => {
    const { app } = await serve();
    expect(app.get(AuthGuard).canActivate(contextOf(MessageController.prototype.open))).toBe(true);
  });
});
