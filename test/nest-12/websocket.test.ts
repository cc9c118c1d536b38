import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LatchkeyError, type Session } from '@latchkey/core';
import {
  AuthGuard,
  CurrentSession,
  CurrentUser,
  LatchkeyExceptionFilter,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  rememberHandshake,
  Sessions,
  type LatchkeyModuleOptions,
} from '@latchkey/nestjs-auth';
import { UseFilters, UseGuards, UseInterceptors, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { WebSocket, WebSocketServer as Server } from 'ws';
import { AppModule } from './app-module.js';
import { heardWarnings } from './heard-warnings.js';
import { Meeting } from './meeting.js';
import { failingStore, providerWithUsers, signIn } from './signed-in-users.js';
import { openSocketIo, openWs, type Handshake, type SocketClient } from './socket-clients.js';

const warnings = heardWarnings();
const meeting = new Meeting();

@WebSocketGateway()
@UseGuards(AuthGuard)
@UseFilters(LatchkeyExceptionFilter)
@UseInterceptors(meeting)
class DeskGateway {
  @SubscribeMessage('who') who(
    @CurrentUser('email') email: string,
    @CurrentSession() session: Session,
    @MessageBody() asked: unknown,
  ) {
    const { provider, identity } = session;
    return { event: 'who', data: { email, session: `${provider} ${identity.subject}`, asked } };
  }
  @Public() @SubscribeMessage('open') open() {
    return { event: 'open', data: 'open' };
  }
  @OptionalAuth() @SubscribeMessage('maybe') maybe(@CurrentUser('email') email: string | null) {
    return { event: 'maybe', data: { email } };
  }
  @Providers('another') @SubscribeMessage('elsewhere') elsewhere() {
    return { event: 'elsewhere', data: 'never' };
  }
  @SubscribeMessage('broken') broken() {
    throw new LatchkeyError('token_rejected', { actor: 'service', message: 'kept-in-the-service' });
  }
}

@WebSocketGateway()
@UseGuards(AuthGuard)
@UseFilters(LatchkeyExceptionFilter)
class KeysGateway {
  @SubscribeMessage('keys') keys(@MessageBody() data: object) {
    return { event: 'keys', data: { keys: Reflect.ownKeys(data).map(String) } };
  }
}

@WebSocketGateway()
class UnguardedGateway {
  @SubscribeMessage('who') who(@CurrentUser('email') email: string | null) {
    return { event: 'who', data: { email } };
  }
}

@WebSocketGateway()
@Public()
class OpenGateway {
  @SubscribeMessage('open') open() {
    return { event: 'open', data: 'open' };
  }
}

// The second port takes the place of the first, which cannot be 0: that stands for the port of the application.
@WebSocketGateway(1, { port: 0, host: '127.0.0.1' })
@UseGuards(AuthGuard)
@UseFilters(LatchkeyExceptionFilter)
class OwnPortGateway {
  @WebSocketServer() server!: Server;

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    rememberHandshake(client, request);
  }
  @SubscribeMessage('who') who(@CurrentUser('email') email: string) {
    return { event: 'who', data: { email } };
  }
}

@WebSocketGateway(1, { port: 0, host: '127.0.0.1' })
@UseGuards(AuthGuard)
@UseFilters(LatchkeyExceptionFilter)
class ForgetfulGateway {
  @WebSocketServer() server!: Server;

  @SubscribeMessage('who') who(@CurrentUser('email') email: string) {
    return { event: 'who', data: { email } };
  }
}

interface Platform {
  readonly name: string;
  adapter(app: INestApplication): WsAdapter | IoAdapter;
  open(origin: string, handshake?: Handshake): Promise<SocketClient>;
}

const ws: Platform = { name: 'ws', adapter: (app) => new WsAdapter(app), open: openWs };
const socketIo: Platform = { name: 'socket.io', adapter: (app) => new IoAdapter(app), open: openSocketIo };

const toEnd: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
});

async function serve(
  { adapter, open }: Platform,
  options: Partial<LatchkeyModuleOptions> = {},
  gateway: Type = DeskGateway,
  http: ExpressAdapter | FastifyAdapter = new ExpressAdapter(),
) {
  const imports = [LatchkeyModule.forRoot({ providers: [providerWithUsers()], ...options })];
  const app = await NestFactory.create({ module: AppModule, imports, providers: [gateway] }, http);
  app.useWebSocketAdapter(adapter(app));
  toEnd.push(() => app.close());
  await app.listen(0, '127.0.0.1');
  const origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    origin,
    async connect(handshake?: Handshake, at = origin): Promise<SocketClient> {
      const client = await open(at, handshake);
      toEnd.push(client.close);
      return client;
    },
  };
}

const signedOut = {
  event: 'exception',
  data: { status: 'error', error: 'not_signed_in', message: 'Sign in to continue.' },
};
const fromElsewhere = {
  event: 'exception',
  data: { status: 'error', error: 'csrf_rejected', message: 'The request came from another site.' },
};

describe.each([ws, socketIo])('gateways of $name', (platform) => {
  it('N4: refuses messages of nobody, and goes on to answer what is public', async () => {
    const { connect } = await serve(platform);
    const client = await connect();
    expect(await client.ask('who', { tag: 1 })).toEqual(signedOut);
    expect(await client.ask('who', 'text')).toEqual(signedOut);
    expect(await client.ask('open')).toEqual({ event: 'open', data: 'open' });
    expect(await client.ask('maybe', {})).toEqual({ event: 'maybe', data: { email: null } });
  });

  it.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ] as const)(
    'N4: knows who opened the connection, by bearer token and by cookie, on %s',
    async (_, http) => {
      const { app, origin, connect } = await serve(platform, {}, DeskGateway, http());
      const { bearer, cookie } = await signIn(app, 'a@example.com');
      for (const headers of [
        bearer,
        { ...cookie, origin },
        { ...cookie, 'sec-fetch-site': 'same-origin', origin: 'https://app.example' },
      ]) {
        const client = await connect({ headers });
        for (const asked of [{ tag: 1 }, 'text']) {
          expect(await client.ask('who', asked)).toEqual({
            event: 'who',
            data: { email: 'a@example.com', session: 'fake a@example.com', asked },
          });
        }
        expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
      }
    },
  );

  it('S3: refuses messages on a connection with a cookie that the page of another site opened', async () => {
    const { app, connect } = await serve(platform);
    const { cookie, bearer } = await signIn(app, 'a@example.com');
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
      {},
    ]) {
      const client = await connect({ headers: { ...cookie, ...headers } });
      expect(await client.ask('who', {})).toEqual(fromElsewhere);
      expect(await client.ask('open')).toEqual({ event: 'open', data: 'open' });
    }
    const client = await connect({ headers: { ...bearer, origin: 'https://evil.example' } });
    expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
  });

  it('S3: never takes the cookie of a connection that has an Authorization header', async () => {
    const { app, origin, connect } = await serve(platform);
    const { cookie } = await signIn(app, 'a@example.com');
    for (const authorization of [`Bearer ${'k'.repeat(43)}`, 'Basic dXNlcjpwYXNz']) {
      const client = await connect({ headers: { ...cookie, origin, authorization } });
      expect(await client.ask('who', {})).toEqual(signedOut);
    }
  });

  it('refuses the next message once the session has ended', async () => {
    const { app, connect } = await serve(platform);
    const { bearer, id } = await signIn(app, 'a@example.com');
    const client = await connect({ headers: bearer });
    expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
    await app.get<Sessions>(Sessions).signOut(id);
    expect(await client.ask('who', {})).toEqual(signedOut);
    expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: null } });
  });

  it('never mixes users whose connections are open at the same time', async () => {
    const { app, origin, connect } = await serve(platform);
    const emails = Array.from({ length: 20 }, (_, at) => `user${at}@example.com`);
    const clients = await Promise.all(
      emails.map(async (email, at) => {
        const { bearer, cookie } = await signIn(app, email);
        return connect({ headers: at % 2 === 0 ? bearer : { ...cookie, origin } });
      }),
    );
    for (const asked of [undefined, 'text', { tag: 1 }]) {
      meeting.expect(20);
      const answers = await Promise.all(clients.map((client) => client.ask('who', asked)));
      expect(answers.map(({ data }) => (data as { email: string }).email)).toEqual(emails);
    }
  });

  describe('credentialFrom.ws', () => {
    const credentialFrom: LatchkeyModuleOptions['credentialFrom'] = {
      ws(context) {
        const data = context.switchToWs().getData<string | { readonly token?: string } | undefined>();
        return typeof data === 'object' ? data.token : data;
      },
    };

    it('takes the credential from the message, and no longer from the handshake', async () => {
      const { app, connect } = await serve(platform, { credentialFrom });
      const { bearer, id } = await signIn(app, 'a@example.com');
      const client = await connect({ headers: bearer });
      expect(await client.ask('who', {})).toEqual(signedOut);
      expect(await client.ask('maybe', { token: id })).toEqual({
        event: 'maybe',
        data: { email: 'a@example.com' },
      });
      expect(await client.ask('maybe', { token: `Bearer ${id}` })).toEqual({
        event: 'maybe',
        data: { email: 'a@example.com' },
      });
    });

    it.each([
      ['objects', (token: string) => ({ token })],
      ['text', (token: string) => token],
    ] as const)('never mixes users whose messages share a connection, being %s', async (_, message) => {
      const { app, connect } = await serve(platform, { credentialFrom });
      const [a, b] = [await signIn(app, 'a@example.com'), await signIn(app, 'b@example.com')];
      const client = await connect();
      meeting.expect(2);
      client.send('who', message(a.id));
      client.send('who', message(b.id));
      const answers = [await client.next(), await client.next()];
      expect(answers).toContainEqual({
        event: 'who',
        data: { email: 'a@example.com', session: 'fake a@example.com', asked: message(a.id) },
      });
      expect(answers).toContainEqual({
        event: 'who',
        data: { email: 'b@example.com', session: 'fake b@example.com', asked: message(b.id) },
      });
    });

    it('gives a message of nobody no user of another message on its connection', async () => {
      const { app, connect } = await serve(platform, { credentialFrom });
      const { id } = await signIn(app, 'a@example.com');
      const client = await connect();
      expect(await client.ask('maybe', id)).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
      expect(await client.ask('maybe', 'text')).toEqual({ event: 'maybe', data: { email: null } });
      meeting.expect(2);
      client.send('maybe', 'text');
      client.send('maybe', id);
      const answers = [await client.next(), await client.next()];
      expect(answers).toContainEqual({ event: 'maybe', data: { email: null } });
      expect(answers).toContainEqual({ event: 'maybe', data: { email: 'a@example.com' } });
    });
  });

  it('gives the handler the message as it came, without a trace of who sent it', async () => {
    const { app, connect } = await serve(platform, {}, KeysGateway);
    const { bearer } = await signIn(app, 'a@example.com');
    const client = await connect({ headers: bearer });
    expect(await client.ask('keys', { tag: 1 })).toEqual({ event: 'keys', data: { keys: ['tag'] } });
  });

  it('refuses accounts of another provider', async () => {
    const { app, connect } = await serve(platform);
    const client = await connect({ headers: (await signIn(app, 'a@example.com')).bearer });
    expect(await client.ask('elsewhere', {})).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        error: 'provider_not_allowed',
        message: 'Accounts of this provider may not do this.',
      },
    });
  });

  it('tells of an error in a handler its code and sentence only', async () => {
    const { app, connect } = await serve(platform);
    const client = await connect({ headers: (await signIn(app, 'a@example.com')).bearer });
    expect(await client.ask('broken', {})).toEqual({
      event: 'exception',
      data: { status: 'error', error: 'upstream_error', message: 'The provider answered with an error.' },
    });
  });

  it('S10: answers with an exception while the store is down, and as before once it is back', async () => {
    const store = failingStore();
    const { app, connect } = await serve(platform, { store });
    const client = await connect({ headers: (await signIn(app, 'a@example.com')).bearer });
    store.isDown = true;
    for (const event of ['who', 'maybe']) {
      expect(await client.ask(event, {})).toEqual({
        event: 'exception',
        data: { status: 'error', error: 'store_error', message: 'The store cannot be reached.' },
      });
    }
    store.isDown = false;
    expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
  });

  it('S5: answers with an exception to a client that shows too many wrong tokens', async () => {
    const upstreamTokens = { provider: 'fake', throttle: { tries: 1, perMs: 60_000 } };
    const { connect } = await serve(platform, { upstreamTokens });
    const first = await connect({ headers: { authorization: 'Bearer wrong-1' } });
    expect(await first.ask('who', {})).toEqual(signedOut);
    const second = await connect({ headers: { authorization: 'Bearer wrong-2' } });
    expect(await second.ask('who', {})).toEqual({
      event: 'exception',
      data: {
        status: 'error',
        error: 'rate_limited',
        message: 'There were too many requests. Try again later.',
      },
    });
  });

  it('N2: lets everybody use a gateway that is public, and warns of none that says so or has the guard', async () => {
    const before = warnings.length;
    const { connect } = await serve(platform, {}, OpenGateway);
    const client = await connect();
    expect(await client.ask('open')).toEqual({ event: 'open', data: 'open' });
    await serve(platform);
    expect(warnings.slice(before)).toEqual([]);
  });
});

describe('a gateway without the guard', () => {
  if (inject('nestVersion') === 11) {
    it.each([ws, socketIo])('N4: is warned of at boot under Nest 11, on $name', async (platform) => {
      const before = warnings.length;
      await serve(platform, {}, UnguardedGateway);
      expect(warnings.slice(before)).toEqual([
        'UnguardedGateway is not guarded: Nest 11 applies no global guard to gateways. ' +
          'Put @UseGuards(AuthGuard) on it, or @Public() where everybody may use it.',
      ]);
    });
  } else {
    it.each([ws, socketIo])('N4: is guarded under Nest 12, on $name', async (platform) => {
      const before = warnings.length;
      const { app, connect } = await serve(platform, {}, UnguardedGateway);
      expect(await (await connect()).ask('who', {})).toEqual(signedOut);
      const client = await connect({ headers: (await signIn(app, 'a@example.com')).bearer });
      expect(await client.ask('who', {})).toEqual({ event: 'who', data: { email: 'a@example.com' } });
      expect(warnings.slice(before)).toEqual([]);
    });
  }
});

describe('socket.io', () => {
  it('N4: knows who shows a token in auth, whatever page opened the connection', async () => {
    const { app, connect } = await serve(socketIo);
    const { id } = await signIn(app, 'a@example.com');
    const b = await signIn(app, 'b@example.com');
    for (const handshake of [
      { auth: { token: id } },
      { auth: { token: `Bearer ${id}` } },
      { auth: { token: id }, headers: { origin: 'https://app.example' } },
      { auth: { token: id }, headers: b.cookie },
    ]) {
      const client = await connect(handshake);
      expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
    }
  });

  it('refuses a token in auth that is none', async () => {
    const { connect } = await serve(socketIo);
    for (const token of ['k'.repeat(43), 'wrong', '', ['a'], { toString: 'a' }, 7, null]) {
      const client = await connect({ auth: { token } });
      expect(await client.ask('who', {})).toEqual(signedOut);
    }
  });

  it('N4: knows who opened a connection that is none of WebSockets', async () => {
    const { app, origin, connect } = await serve(socketIo);
    const { bearer, cookie } = await signIn(app, 'a@example.com');
    for (const headers of [bearer, { ...cookie, origin }]) {
      const client = await connect({ headers, transport: 'polling' });
      expect(await client.ask('maybe')).toEqual({ event: 'maybe', data: { email: 'a@example.com' } });
    }
    const headers = { ...cookie, 'sec-fetch-site': 'cross-site' };
    const client = await connect({ headers, transport: 'polling' });
    expect(await client.ask('who', {})).toEqual(fromElsewhere);
  });
});

describe('a gateway of ws on a port of its own', () => {
  async function own(gateway: Type<OwnPortGateway | ForgetfulGateway>) {
    const server = await serve(ws, {}, gateway);
    const { port } = server.app.get(gateway).server.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    return { ...server, origin, connect: (handshake?: Handshake) => server.connect(handshake, origin) };
  }

  it('N4: knows who opened a connection that rememberHandshake was called for', async () => {
    const { app, origin, connect } = await own(OwnPortGateway);
    const [a, b] = [await signIn(app, 'a@example.com'), await signIn(app, 'b@example.com')];
    const one = await connect({ headers: a.bearer });
    const two = await connect({ headers: { ...b.cookie, origin } });
    expect(await one.ask('who', {})).toEqual({ event: 'who', data: { email: 'a@example.com' } });
    expect(await two.ask('who', {})).toEqual({ event: 'who', data: { email: 'b@example.com' } });
    expect(await (await connect()).ask('who', {})).toEqual(signedOut);
    const evil = await connect({ headers: { ...a.cookie, origin: 'https://evil.example' } });
    expect(await evil.ask('who', {})).toEqual(fromElsewhere);
  });

  it('N4: refuses everybody where it was not called', async () => {
    const { app, connect } = await own(ForgetfulGateway);
    const client = await connect({ headers: (await signIn(app, 'a@example.com')).bearer });
    expect(await client.ask('who', {})).toEqual(signedOut);
  });
});
