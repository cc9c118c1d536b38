import { memoryStore, LatchkeyError, tokenSource, type ErrorCode, type Store } from '@latchkey/core';
import { sessionCookie } from '@latchkey/core/http';
import { fakeProvider, virtualClock, type FakeProvider, type VirtualClock } from '@latchkey/core/testing';
import {
  LatchkeyModule,
  Sessions,
  type ClientRequest,
  type LatchkeyModuleExtras,
  type LatchkeyModuleOptions,
} from '@latchkey/nestjs-auth';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { onTestFinished } from 'vitest';
import {
  ClosedController,
  PublicController,
  RoutesController,
  SERVICE,
  StaffController,
} from './site-routes.js';

/** What counts of an answer, ids of sessions masked as `<id>`. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly 'Content-Type': string | null;
  readonly 'WWW-Authenticate': string | null;
  readonly 'Retry-After': string | null;
  readonly 'Cache-Control': string | null;
  readonly 'Set-Cookie': readonly string[];
}

/** How an application differs from the usual one. */
export interface SiteOptions {
  readonly options?: Partial<LatchkeyModuleOptions & LatchkeyModuleExtras>;
  readonly prepare?: (app: INestApplication) => unknown;
  /** Whether there is a second set of providers, `staff`, with a route of its own. */
  readonly withStaff?: boolean;
}

/** What somebody who has signed in can show. */
export interface Shown {
  readonly cookie: { readonly cookie: string };
  readonly bearer: { readonly authorization: string };
}

/** An application that listens, and what asks it. */
export interface Site {
  readonly clock: VirtualClock;
  readonly provider: FakeProvider;
  readonly entitlements: { failure?: ErrorCode };
  readonly store: { isDown: boolean };
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends text as it is, and all else as JSON. */
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Signs a user in, past all routes. */
  signIn(provider?: string): Promise<Shown>;
  /** What the last cookie that was set lets somebody show. */
  shown(): Shown;
}

const user = { email: 'user@example.com', password: 'correct horse' };
const users = [{ ...user, name: 'Sam User' }];

/**
 * Starts an application with the providers `fake`, whose accounts have entitlements, and `other`, whose accounts have a
 * second factor. It is closed when the test is over.
 */
export async function startSite(
  platform: keyof typeof platforms,
  { options, prepare, withStaff = false }: SiteOptions,
): Promise<Site> {
  const clock = virtualClock();
  const store = failingStore(memoryStore({ clock }));
  const entitlements: Site['entitlements'] = {};
  const provider = withEntitlements(fakeProvider({ users, clock }), clock, entitlements);
  const other = { ...fakeProvider({ name: 'other', users, clock }), oneTime: ['twoFactorCode'] };
  const desk = fakeProvider({ name: 'desk', users, clock });
  const service = tokenSource(provider, { email: 'service@example.com', password: 'wrong' }, { clock });
  const sessions = { clock };

  @Module({
    imports: [
      LatchkeyModule.forRoot({ providers: [provider, other], store, sessions, client, ...options }),
      ...(withStaff ? [LatchkeyModule.forRoot({ providers: [desk], sessions, name: 'staff' })] : []),
    ],
    controllers: [
      RoutesController,
      PublicController,
      ClosedController,
      ...(withStaff ? [StaffController] : []),
    ],
    providers: [{ provide: SERVICE, useValue: service }],
  })
  class AppModule {}

  const app = await platforms[platform](AppModule);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    await app.close();
    await service.close();
    for (const one of [provider, other, desk]) await one.upstream.close();
  });
  const origin = await app.getUrl();
  let lastCookie = '';

  return {
    clock,
    provider,
    entitlements,
    store,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async signIn(name = 'fake') {
      const { id } = await app.get<Sessions>(Sessions).signIn(name, user);
      return shown(sessionCookie(id));
    },
    shown: () => shown(lastCookie),
  };

  async function ask(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(origin + path, init);
    const { status, headers } = response;
    const cookies = headers.getSetCookie();
    lastCookie = cookies.at(-1) ?? lastCookie;
    return {
      status,
      body: masked(await response.text()),
      'Content-Type': headers.get('content-type'),
      'WWW-Authenticate': headers.get('www-authenticate'),
      'Retry-After': headers.get('retry-after'),
      'Cache-Control': headers.get('cache-control'),
      'Set-Cookie': cookies.map(masked),
    };
  }
}

// Long bodies, and keys that Fastify itself refuses, are to get as far as Latchkey.
const platforms = {
  async Express(module: object): Promise<INestApplication> {
    const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), {
      abortOnError: false,
      bodyParser: false,
    });
    return app.useBodyParser('json', { limit: '4mb' });
  },
  Fastify: (module: object): Promise<INestApplication> =>
    NestFactory.create(
      module,
      new FastifyAdapter({
        bodyLimit: 4_000_000,
        onProtoPoisoning: 'ignore',
        onConstructorPoisoning: 'ignore',
      }),
      { abortOnError: false },
    ),
};

function client({ headers, ip }: ClientRequest): string | undefined {
  const named = headers['x-client'];
  return typeof named === 'string' ? named : ip;
}

function withEntitlements(
  provider: FakeProvider,
  clock: VirtualClock,
  state: Site['entitlements'],
): FakeProvider {
  return {
    ...provider,
    async entitlements(_source, { id } = {}) {
      if (state.failure) throw new LatchkeyError(state.failure, { provider: provider.name });
      const held = [
        { id: 'active', name: 'Renderer', active: true },
        { id: 'ended', name: 'Modeller', active: true, expiresAt: clock.now() - 1 },
      ];
      return held.filter((one) => id === undefined || one.id === id);
    },
  };
}

/** A store whose methods reject while it is down. */
function failingStore({ get, getMany, set, delete: forget, replace, take, lease }: Store): Store & {
  isDown: boolean;
} {
  const failing = {
    isDown: false,
    get: unlessDown(get),
    getMany: unlessDown(getMany!),
    set: unlessDown(set),
    delete: unlessDown(forget),
    replace: unlessDown(replace),
    take: unlessDown(take),
    lease: unlessDown(lease),
  };
  return failing;

  function unlessDown<Given extends unknown[], T>(work: (...given: Given) => Promise<T>) {
    return async (...given: Given): Promise<T> => {
      if (failing.isDown)
        throw new LatchkeyError('store_error', { message: 'connect ECONNREFUSED 10.0.0.7' });
      return await work(...given);
    };
  }
}

function shown(setCookie: string): Shown {
  const [cookie = ''] = setCookie.split(';');
  const [, id = ''] = cookie.split('=');
  return { cookie: { cookie }, bearer: { authorization: `Bearer ${id}` } };
}

function masked(text: string): string {
  return text.replaceAll(/(?<=latchkey(?:-staff)?=|"id":")[\w-]{43}(?!\w)/g, '<id>');
}
