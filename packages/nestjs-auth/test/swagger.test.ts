import { fakeProvider } from '@latchkey/core/testing';
import {
  All,
  Body,
  Controller,
  Delete,
  Get,
  Module,
  Post,
  Put,
  UseGuards,
  Version,
  VersioningType,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiExcludeEndpoint,
  ApiExtension,
  ApiOperation,
  ApiProperty,
  ApiResponse,
  ApiSecurity,
  ApiWebhook,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  AuthGuard,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  Realm,
  RequireAuth,
  RequireEntitlement,
  type LatchkeyModuleExtras,
  type LatchkeyModuleOptions,
} from '../src/index.js';
import { createAuthDocument } from '../src/swagger/index.js';
import { adapters, moduleOf, serve, silent } from './application.js';

const config = new DocumentBuilder().setTitle('Orders').setVersion('1').build();

interface Setup extends LatchkeyModuleExtras {
  readonly controllers?: Type[];
  readonly imports?: ModuleMetadata['imports'];
  readonly latchkey?: Partial<LatchkeyModuleOptions>;
  readonly adapter?: keyof typeof adapters;
  readonly prepare?: (app: INestApplication) => void;
}

async function appOf({
  controllers = [],
  imports = [],
  latchkey,
  adapter = 'Express',
  prepare,
  ...extras
}: Setup): Promise<INestApplication> {
  const own = LatchkeyModule.forRoot({ providers: [fakeProvider()], ...latchkey, ...extras });
  const module = moduleOf({ imports: [own, ...(imports as [])], controllers });
  const app = await NestFactory.create(module, adapters[adapter](), { abortOnError: false, logger: silent });
  onTestFinished(() => app.close());
  prepare?.(app);
  return app;
}

/** The document of an application, which must hang together. */
async function documentOf(
  setup: Setup,
  options?: SwaggerDocumentOptions,
  given: Omit<OpenAPIObject, 'paths'> = config,
): Promise<OpenAPIObject> {
  const document = createAuthDocument(await appOf(setup), given, options);
  expect(problemsIn(document)).toEqual([]);
  return document;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & Readonly<Record<string, unknown>>;

function operation(document: OpenAPIObject, route: string): Operation {
  const [method = '', path = ''] = route.split(' ');
  const item = document.paths[path] as Readonly<Record<string, Operation>> | undefined;
  const found = item?.[method.toLowerCase()];
  if (!found) throw new Error(`There is no ${route} in ${Object.keys(document.paths).join(', ')}.`);
  return found;
}

/** What is said of an operation: who may call it, and the errors by their codes. */
function access(document: OpenAPIObject, route: string) {
  const { security, responses, 'x-public': isPublic } = operation(document, route);
  const errors = Object.entries(responses).flatMap(([status, response]) =>
    Number(status) < 400 ? [] : [[status, Object.keys(examplesOf(response))]],
  );
  return {
    security,
    errors: Object.fromEntries(errors) as unknown,
    ...(isPublic !== undefined && { isPublic }),
  };
}

function examplesOf(response: unknown): object {
  const { content } = response as { content?: Record<string, { examples?: object }> };
  return content?.['application/json']?.examples ?? {};
}

/** References that lead nowhere, schemes that are not there, ids that are there twice, marks that were left. */
function problemsIn(document: OpenAPIObject): string[] {
  const problems: string[] = [];
  const { schemas = {}, securitySchemes = {} } = document.components ?? {};
  const ids = new Set<string>();
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    if (!(name in schemas)) problems.push(`no schema ${name}`);
  }
  if (/"\$ref":"(?!#\/components\/schemas\/)/.test(text)) problems.push('a reference to something else');
  if (/latchkey:|x-latchkey/.test(text)) problems.push('a mark');
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, one] of Object.entries(item as Record<string, Operation>)) {
      for (const name of (one.security ?? []).flatMap((requirement) => Object.keys(requirement))) {
        if (!(name in securitySchemes)) problems.push(`no scheme ${name} at ${method} ${path}`);
      }
      if (one.operationId !== undefined && ids.has(one.operationId)) problems.push(`two ${one.operationId}`);
      ids.add(one.operationId ?? '');
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (one.parameters ?? []).flatMap((each) =>
        'in' in each && each.in === 'path' ? [each.name] : [],
      );
      if (inPath.some((name) => !described.includes(name ?? ''))) problems.push(`parameters of ${path}`);
    }
  }
  return problems;
}

const cookie = { 'latchkey-cookie': [] };
const bearer = { 'latchkey-bearer': [] };
const unauthorized = ['not_signed_in', 'token_rejected'];

@Controller('orders')
class OrdersController {
  @Get()
  list(): string {
    return 'list';
  }

  @Post()
  create(): string {
    return 'create';
  }

  @Public()
  @Get('prices')
  prices(): string {
    return 'prices';
  }

  @OptionalAuth()
  @Get('offers')
  offers(): string {
    return 'offers';
  }

  @OptionalAuth()
  @Put('basket')
  basket(): string {
    return 'basket';
  }

  @Providers('fake')
  @Get('invoices')
  invoices(): string {
    return 'invoices';
  }

  @RequireEntitlement('prod-0001')
  @Delete('all')
  clear(): string {
    return 'clear';
  }
}

const expected: [string, object][] = [
  ['GET /orders', { security: [cookie, bearer], errors: { 401: unauthorized } }],
  ['POST /orders', { security: [cookie, bearer], errors: { 401: unauthorized, 403: ['csrf_rejected'] } }],
  ['GET /orders/prices', { security: [], errors: {}, isPublic: true }],
  ['GET /orders/offers', { security: [cookie, bearer, {}], errors: {} }],
  ['PUT /orders/basket', { security: [cookie, bearer, {}], errors: { 403: ['csrf_rejected'] } }],
  [
    'GET /orders/invoices',
    { security: [cookie, bearer], errors: { 401: unauthorized, 403: ['provider_not_allowed'] } },
  ],
  [
    'DELETE /orders/all',
    {
      security: [cookie, bearer],
      errors: { 401: unauthorized, 403: ['entitlement_required', 'csrf_rejected'], 429: ['rate_limited'] },
    },
  ],
];

describe('createAuthDocument', () => {
  describe.each(Object.keys(adapters) as (keyof typeof adapters)[])('on %s', (adapter) => {
    it.each(expected)('says who may call %s', async (route, said) => {
      const document = await documentOf({ controllers: [OrdersController], adapter });
      expect(access(document, route)).toEqual(said);
    });

    it('says with which words callers are refused', async () => {
      const document = await documentOf({ controllers: [OrdersController], adapter });
      expect(operation(document, 'GET /orders')).toEqual({
        operationId: 'OrdersController_list',
        parameters: [],
        tags: ['Orders'],
        security: [{ 'latchkey-cookie': [] }, { 'latchkey-bearer': [] }],
        responses: {
          200: { description: '' },
          401: {
            description:
              '`not_signed_in`: Sign in to continue. `token_rejected`: The access token is no longer accepted.',
            headers: {
              'WWW-Authenticate': {
                description: 'With `not_signed_in` and `token_rejected`: `Bearer`, as RFC 6750 has it.',
                schema: { type: 'string' },
              },
            },
            content: {
              'application/json': {
                schema: { $ref: '#/components/schemas/LatchkeyErrorAnswer' },
                examples: {
                  not_signed_in: { value: { error: 'not_signed_in', message: 'Sign in to continue.' } },
                  token_rejected: {
                    value: { error: 'token_rejected', message: 'The access token is no longer accepted.' },
                  },
                },
              },
            },
          },
        },
      });
      expect(document.components?.securitySchemes).toEqual({
        'latchkey-cookie': {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-latchkey',
          description: 'The session, as sign-in sets it.',
        },
        'latchkey-bearer': {
          type: 'http',
          scheme: 'bearer',
          description: "The `id` that sign-in gives with `transport: 'bearer'`.",
        },
      });
      expect(document.components?.schemas?.['LatchkeyErrorAnswer']).toMatchObject({
        type: 'object',
        required: ['error', 'message'],
        properties: { error: { type: 'string' }, message: { type: 'string' } },
      });
    });
  });

  it.each(Object.keys(adapters) as (keyof typeof adapters)[])('says what %s then does', async (adapter) => {
    const app = await appOf({ controllers: [OrdersController], adapter });
    const document = createAuthDocument(app, config);
    const { origin } = await serve(app);
    const routes = Object.entries(document.paths)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
      .filter((route) => !route.includes('{'));
    const refused = [];
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      const { status, headers } = await fetch(origin + path, { method });
      expect([route, status === 401]).toEqual([route, '401' in operation(document, route).responses]);
      if (status === 401) refused.push(`${route} ${headers.get('www-authenticate')}`);
    }
    expect(refused).toEqual([
      'GET /orders Bearer realm="latchkey"',
      'POST /orders Bearer realm="latchkey"',
      'GET /orders/invoices Bearer realm="latchkey"',
      'DELETE /orders/all Bearer realm="latchkey"',
      'GET /auth/session Bearer realm="latchkey"',
    ]);
  });

  it('gives each answer 429 its Retry-After', async () => {
    const document = await documentOf({ controllers: [OrdersController] });
    expect(operation(document, 'DELETE /orders/all').responses['429']).toMatchObject({
      headers: {
        'Retry-After': {
          description: 'Seconds to wait before another try, where that is known.',
          schema: { type: 'integer', minimum: 1 },
        },
      },
    });
  });

  describe('the routes of the module', () => {
    it('describes what to sign in with, and what comes of it', async () => {
      const document = await documentOf({});
      const signIn = operation(document, 'POST /auth/{provider}/sign-in');
      expect(access(document, 'POST /auth/{provider}/sign-in')).toEqual({
        security: [],
        isPublic: true,
        errors: {
          400: ['invalid_input'],
          401: ['invalid_credentials'],
          403: ['account_disabled', 'csrf_rejected'],
          404: ['unknown_provider'],
          429: ['account_locked', 'rate_limited'],
          502: ['upstream_error', 'invalid_response'],
          503: ['upstream_unavailable', 'store_error'],
          504: ['timeout'],
        },
      });
      expect(signIn.parameters).toEqual([
        { name: 'provider', in: 'path', required: true, schema: { type: 'string', enum: ['fake'] } },
      ]);
      expect(signIn.requestBody).toEqual({
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['email', 'password'],
              properties: {
                email: { type: 'string', minLength: 1, maxLength: 256 },
                password: { type: 'string', minLength: 1, maxLength: 256, format: 'password' },
                transport: { type: 'string', enum: ['cookie', 'bearer'], default: 'cookie' },
              },
            },
          },
        },
      });
      expect(signIn.responses['200']).toEqual({
        description: 'Signed in.',
        headers: {
          'Set-Cookie': {
            description: 'The session, unless it is to be carried as a bearer token.',
            schema: { type: 'string' },
          },
        },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/LatchkeySession' } } },
      });
      expect(signIn.responses['201']).toBeUndefined();
    });

    it('describes the others', async () => {
      const document = await documentOf({});
      expect(access(document, 'POST /auth/sign-out')).toEqual({
        security: [cookie, bearer, {}],
        errors: { 403: ['csrf_rejected'], 503: ['store_error'] },
      });
      expect(operation(document, 'POST /auth/sign-out').responses['204']).toEqual({
        description: 'Signed out, or not signed in before.',
        headers: { 'Set-Cookie': { description: 'Takes the session away.', schema: { type: 'string' } } },
      });
      expect(access(document, 'GET /auth/session')).toEqual({
        security: [cookie, bearer],
        errors: {
          401: unauthorized,
          502: ['upstream_error', 'invalid_response'],
          503: ['upstream_unavailable', 'store_error'],
          504: ['timeout'],
        },
      });
      expect(access(document, 'GET /auth/providers')).toEqual({ security: [], errors: {}, isPublic: true });
      expect(Object.keys(document.components?.schemas ?? {})).toEqual([
        'LatchkeyErrorAnswer',
        'LatchkeySession',
        'LatchkeyIdentity',
        'LatchkeyProviders',
      ]);
    });

    it('describes the second factor, and credentials that differ', async () => {
      const other = fakeProvider({ name: 'other' });
      const document = await documentOf({
        latchkey: {
          providers: [
            fakeProvider(),
            {
              ...other,
              oneTime: ['code'],
              credentials: z.object({
                login: z.string(),
                code: z.string().nullish(),
                odd: z.custom(() => true),
              }),
            },
          ],
        },
      });
      const { requestBody, responses } = operation(document, 'POST /auth/{provider}/sign-in');
      expect(requestBody).toMatchObject({
        content: {
          'application/json': {
            schema: {
              anyOf: [
                { required: ['email', 'password'] },
                {
                  type: 'object',
                  required: ['login', 'odd'],
                  properties: {
                    login: { type: 'string' },
                    code: { type: 'string' },
                    odd: {},
                    transport: { type: 'string', enum: ['cookie', 'bearer'], default: 'cookie' },
                  },
                },
              ],
            },
          },
        },
      });
      expect(Object.keys(examplesOf(responses['401']))).toEqual([
        'invalid_credentials',
        'second_factor_required',
        'second_factor_invalid',
      ]);
    });

    it('describes credentials that no schema can say', async () => {
      const credentials = { safeParse: () => ({ success: true, data: {} }) } as never;
      const document = await documentOf({ latchkey: { providers: [{ ...fakeProvider(), credentials }] } });
      expect(operation(document, 'POST /auth/{provider}/sign-in').requestBody).toEqual({
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { transport: { type: 'string', enum: ['cookie', 'bearer'], default: 'cookie' } },
            },
          },
        },
      });
    });

    it('describes them without the global guard, too', async () => {
      const document = await documentOf({ globalGuard: false });
      expect(access(document, 'POST /auth/{provider}/sign-in')).toMatchObject({
        security: [],
        isPublic: true,
      });
      expect(access(document, 'GET /auth/session')).toMatchObject({ security: [cookie, bearer] });
    });

    it('leaves out those that are not there', async () => {
      const document = await documentOf({ controllers: [OrdersController], controller: false });
      expect(Object.keys(document.paths).filter((path) => path.startsWith('/auth'))).toEqual([]);
      expect(Object.keys(document.components?.schemas ?? {})).toEqual(['LatchkeyErrorAnswer']);
    });
  });

  describe('settings', () => {
    it('knows no cookie where there is none', async () => {
      const document = await documentOf({ controllers: [OrdersController], latchkey: { cookie: false } });
      expect(access(document, 'POST /orders')).toEqual({ security: [bearer], errors: { 401: unauthorized } });
      expect(access(document, 'POST /auth/sign-out')).toMatchObject({
        security: [bearer, {}],
        errors: { 503: ['store_error'] },
      });
      expect(operation(document, 'POST /auth/sign-out').responses['204']).not.toHaveProperty('headers');
      expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(['latchkey-bearer']);
    });

    it('knows no bearer tokens where none are taken', async () => {
      const document = await documentOf({
        controllers: [OrdersController],
        latchkey: { bearer: false, cookie: { name: 'sid' } },
      });
      expect(access(document, 'GET /orders')).toMatchObject({ security: [cookie] });
      expect(document.components?.securitySchemes).toMatchObject({ 'latchkey-cookie': { name: 'sid' } });
      expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(['latchkey-cookie']);
    });

    it("knows a provider's own tokens, and their limit", async () => {
      const document = await documentOf({
        controllers: [OrdersController],
        latchkey: { bearer: false, upstreamTokens: { provider: 'fake' } },
      });
      expect(access(document, 'GET /orders')).toEqual({
        security: [cookie, bearer],
        errors: { 401: unauthorized, 429: ['rate_limited'] },
      });
      expect(document.components?.securitySchemes?.['latchkey-bearer']).toEqual({
        type: 'http',
        scheme: 'bearer',
        description: "An access token of the provider's own.",
      });
    });

    it('knows that the application checks origins itself', async () => {
      const document = await documentOf({ controllers: [OrdersController], latchkey: { csrf: false } });
      expect(access(document, 'POST /orders')).toEqual({
        security: [cookie, bearer],
        errors: { 401: unauthorized },
      });
      expect(access(document, 'PUT /orders/basket')).toEqual({ security: [cookie, bearer, {}], errors: {} });
      expect(access(document, 'POST /auth/sign-out')).toMatchObject({ errors: { 503: ['store_error'] } });
      expect(examplesOf(operation(document, 'POST /auth/{provider}/sign-in').responses['403'])).toEqual({
        account_disabled: { value: { error: 'account_disabled', message: 'The account may not sign in.' } },
      });
    });

    it('has schemes for each set of providers', async () => {
      @Realm('partners')
      @UseGuards(AuthGuard)
      @Controller('partners')
      class PartnersController {
        @Get()
        list(): string {
          return 'list';
        }
      }
      const partners = LatchkeyModule.forRoot({
        providers: [fakeProvider({ name: 'partner' })],
        name: 'partners',
      });
      const document = await documentOf({
        controllers: [OrdersController, PartnersController],
        imports: [partners],
      });
      expect(access(document, 'GET /orders')).toMatchObject({ security: [cookie, bearer] });
      const ofPartners = [{ 'latchkey-cookie-partners': [] }, { 'latchkey-bearer-partners': [] }];
      expect(access(document, 'GET /partners')).toMatchObject({ security: ofPartners });
      expect(access(document, 'GET /auth/partners/session')).toMatchObject({ security: ofPartners });
      expect(document.components?.securitySchemes).toMatchObject({
        'latchkey-cookie': { name: '__Host-latchkey' },
        'latchkey-cookie-partners': { name: '__Host-latchkey-partners' },
      });
      expect(operation(document, 'GET /auth/partners/session').operationId).toBe(
        'LatchkeyAuthController_session_partners',
      );
    });

    it('refuses a route of a set of providers that is not there', async () => {
      @Realm('nowhere')
      @Controller('lost')
      class LostController {
        @Get()
        list(): string {
          return 'list';
        }
      }
      const app = await appOf({ controllers: [LostController] });
      expect(() => createAuthDocument(app, config)).toThrow(
        expect.objectContaining({
          code: 'invalid_config',
          message: 'There is no LatchkeyModule named "nowhere" in this application, which a route needs.',
        }) as Error,
      );
    });

    it('without the global guard, says nothing of what AuthGuard does not guard', async () => {
      class StricterGuard extends AuthGuard {}
      @Controller('free')
      class FreeController {
        @Get()
        list(): string {
          return 'list';
        }

        @UseGuards(AuthGuard)
        @Get('mine')
        mine(): string {
          return 'mine';
        }

        @UseGuards(StricterGuard)
        @Get('strict')
        strict(): string {
          return 'strict';
        }
      }
      @UseGuards(AuthGuard)
      @Controller('closed')
      class ClosedController {
        @Get()
        list(): string {
          return 'list';
        }

        @Public()
        @Get('open')
        open(): string {
          return 'open';
        }
      }
      const document = await documentOf({
        controllers: [FreeController, ClosedController],
        globalGuard: false,
      });
      expect(access(document, 'GET /free')).toEqual({ security: undefined, errors: {} });
      expect(access(document, 'GET /free/mine')).toMatchObject({ security: [cookie, bearer] });
      expect(access(document, 'GET /free/strict')).toMatchObject({ security: [cookie, bearer] });
      expect(access(document, 'GET /closed')).toMatchObject({ security: [cookie, bearer] });
      expect(access(document, 'GET /closed/open')).toEqual({ security: [], errors: {}, isPublic: true });
    });

    it('knows a guard that the application made global by itself', async () => {
      const document = await documentOf({
        controllers: [OrdersController],
        globalGuard: false,
        prepare: (app) => app.useGlobalGuards(app.get(AuthGuard)),
      });
      expect(access(document, 'GET /orders')).toMatchObject({ security: [cookie, bearer] });
    });

    it('tells what holds, whatever a test put in the place of the guard', async () => {
      const module = await Test.createTestingModule({
        imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })],
        controllers: [OrdersController],
      })
        .overrideProvider(AuthGuard)
        .useValue({ canActivate: () => true })
        .compile();
      const app = module.createNestApplication({ logger: silent });
      onTestFinished(() => app.close());
      expect(access(createAuthDocument(app, config), 'GET /orders')).toMatchObject({
        security: [cookie, bearer],
      });
    });

    it('asks for somebody where an optional route asks for a provider', async () => {
      @OptionalAuth()
      @Providers('fake')
      @Controller('odd')
      class OddController {
        @Get()
        list(): string {
          return 'list';
        }
      }
      const document = await documentOf({ controllers: [OddController] });
      expect(access(document, 'GET /odd')).toEqual({
        security: [cookie, bearer],
        errors: { 401: unauthorized, 403: ['provider_not_allowed'] },
      });
    });
  });

  describe('which handler an operation is of', () => {
    function twins(): [Type, Type] {
      const make = (path: string, decorate: () => MethodDecorator) => {
        @Controller(path)
        class Twin {
          @decorate()
          @Get()
          list(): string {
            return 'list';
          }
        }
        return Twin;
      };
      return [make('left', Public), make('right', RequireAuth)];
    }

    it('is told apart in classes of one name, under ids that the application makes', async () => {
      const [Left, Right] = twins();
      @Module({ controllers: [Right] })
      class RightModule {}
      const app = await appOf({ controllers: [Left], imports: [RightModule], controller: false });
      const document = createAuthDocument(app, config, { operationIdFactory: () => 'same' });
      expect(access(document, 'GET /left')).toMatchObject({ security: [] });
      expect(access(document, 'GET /right')).toMatchObject({ security: [cookie, bearer] });
      expect(operation(document, 'GET /right').operationId).toBe('same');
    });

    it('is told apart in classes that inherit it', async () => {
      class Base {
        @Get()
        list(): string {
          return 'list';
        }
      }
      @Public()
      @Controller('open')
      class OpenController extends Base {}
      @Controller('closed')
      class ClosedController extends Base {}
      @ApiSecurity('key')
      @Public()
      @Controller('inner')
      class InnerController extends ClosedController {}
      const document = await documentOf(
        { controllers: [OpenController, ClosedController, InnerController] },
        undefined,
        new DocumentBuilder().addApiKey({ type: 'apiKey', in: 'header', name: 'X-Key' }, 'key').build(),
      );
      expect(access(document, 'GET /open')).toMatchObject({ security: [], isPublic: true });
      expect(access(document, 'GET /closed')).toMatchObject({ security: [cookie, bearer] });
      expect(access(document, 'GET /inner')).toEqual({ security: [{ key: [] }], errors: {} });
    });

    it('is known under a prefix, versions in the path and several paths', async () => {
      @Controller({ path: 'cats', version: ['1', '2'] })
      class CatsController {
        @Get(['all', 'every'])
        list(): string {
          return 'list';
        }

        @Public()
        @Version('3')
        @Get('new')
        fresh(): string {
          return 'fresh';
        }
      }
      const document = await documentOf({
        controllers: [CatsController],
        prepare: (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
      });
      for (const path of [
        '/api/v1/cats/all',
        '/api/v1/cats/every',
        '/api/v2/cats/all',
        '/api/v2/cats/every',
      ]) {
        expect(access(document, `GET ${path}`)).toMatchObject({ security: [cookie, bearer] });
      }
      expect(access(document, 'GET /api/v3/cats/new')).toMatchObject({ security: [], isPublic: true });
      expect(access(document, 'GET /api/auth/session')).toMatchObject({ security: [cookie, bearer] });
    });

    it.each<[string, (app: INestApplication) => unknown]>([
      ['in a header', (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' })],
      ['in the media type', (app) => app.enableVersioning({ type: VersioningType.MEDIA_TYPE, key: 'v=' })],
    ])('is the one that the document shows, with versions %s', async (_, prepare) => {
      @Controller('dogs')
      class DogsController {
        @Public()
        @Version('1')
        @Get()
        first(): string {
          return 'first';
        }

        @Version('2')
        @Get()
        second(): string {
          return 'second';
        }
      }
      const document = await documentOf({
        controllers: [DogsController],
        prepare: (app) => void prepare(app),
      });
      expect(operation(document, 'GET /dogs').operationId).toBe('DogsController_second_2');
      expect(access(document, 'GET /dogs')).toMatchObject({ security: [cookie, bearer] });
    });

    it('is known in controllers of hosts', async () => {
      @Public()
      @Controller({ host: 'open.example', path: 'here' })
      class OpenController {
        @Get()
        list(): string {
          return 'list';
        }
      }
      @Controller({ host: 'closed.example', path: 'here' })
      class ClosedController {
        @Get()
        other(): string {
          return 'other';
        }
      }
      const document = await documentOf({ controllers: [OpenController, ClosedController] });
      expect(operation(document, 'GET /here').operationId).toBe('ClosedController_other');
      expect(access(document, 'GET /here')).toMatchObject({ security: [cookie, bearer] });
    });

    it('is known for all methods at once', async () => {
      @Controller('any')
      class AnyController {
        @All()
        any(): string {
          return 'any';
        }
      }
      const document = await documentOf({ controllers: [AnyController] });
      expect(access(document, 'GET /any')).toEqual({
        security: [cookie, bearer],
        errors: { 401: unauthorized },
      });
      expect(access(document, 'PATCH /any')).toEqual({
        security: [cookie, bearer],
        errors: { 401: unauthorized, 403: ['csrf_rejected'] },
      });
    });

    it('leaves out what the application leaves out', async () => {
      @Controller('partly')
      class PartlyController {
        @Get()
        shown(): string {
          return 'shown';
        }

        @ApiExcludeEndpoint()
        @Get('hidden')
        hidden(): string {
          return 'hidden';
        }
      }
      @Module({ controllers: [PartlyController] })
      class PartlyModule {}
      const document = await documentOf(
        { controllers: [OrdersController], imports: [PartlyModule] },
        { include: [PartlyModule] },
      );
      expect(Object.keys(document.paths)).toEqual(['/partly']);
      expect(access(document, 'GET /partly')).toMatchObject({ security: [cookie, bearer] });
    });
  });

  describe('what the application declares', () => {
    it('stays, at an operation and at a class', async () => {
      @Controller('mixed')
      class MixedController {
        @ApiBearerAuth('own')
        @ApiResponse({ status: 401, description: 'Ours.' })
        @Get('own')
        own(): string {
          return 'own';
        }

        @ApiOperation({ summary: 'Sums up', security: [{ own: ['read'] }] })
        @Get('operation')
        operation(): string {
          return 'operation';
        }

        @ApiOperation({ security: [] })
        @Get('none')
        none(): string {
          return 'none';
        }

        @ApiBearerAuth('own')
        @Public()
        @ApiExtension('x-kind', { of: 'ours' })
        @Get('public')
        open(): string {
          return 'open';
        }
      }
      @ApiSecurity('own')
      @ApiResponse({ status: 403, description: 'Not here.' })
      @Controller('whole')
      class WholeController {
        @Post()
        create(): string {
          return 'create';
        }
      }
      const given = new DocumentBuilder().addBearerAuth({ type: 'http' }, 'own').build();
      const document = await documentOf(
        { controllers: [MixedController, WholeController] },
        undefined,
        given,
      );
      expect(operation(document, 'GET /mixed/own')).toMatchObject({
        security: [{ own: [] }],
        responses: { 401: { description: 'Ours.' } },
      });
      expect(operation(document, 'GET /mixed/operation')).toMatchObject({
        summary: 'Sums up',
        security: [{ own: ['read'] }],
        responses: { 401: { content: {} } },
      });
      expect(operation(document, 'GET /mixed/none').security).toEqual([]);
      expect(operation(document, 'GET /mixed/public')).toMatchObject({
        security: [{ own: [] }],
        'x-kind': { of: 'ours' },
      });
      expect(operation(document, 'GET /mixed/public')).not.toHaveProperty('x-public');
      expect(operation(document, 'POST /whole')).toMatchObject({
        security: [{ own: [] }],
        responses: { 401: { content: {} }, 403: { description: 'Not here.' } },
      });
    });

    it('stays for the whole document, and public routes are free of it', async () => {
      const given = new DocumentBuilder()
        .addBearerAuth({ type: 'http', description: 'Ours.' }, 'latchkey-bearer')
        .addSecurityRequirements('latchkey-bearer')
        .build();
      const document = await documentOf({ controllers: [OrdersController] }, undefined, given);
      expect(document.security).toEqual([{ 'latchkey-bearer': [] }]);
      expect(document.components?.securitySchemes?.['latchkey-bearer']).toMatchObject({
        description: 'Ours.',
      });
      expect(access(document, 'GET /orders/prices')).toMatchObject({ security: [] });
    });

    it('stays in schemas', async () => {
      class Order {
        @ApiProperty({ type: String })
        id = '';
      }
      @Controller('typed')
      class TypedController {
        @ApiResponse({ status: 201, type: Order })
        @Post()
        create(@Body() order: Order): Order {
          return order;
        }
      }
      const document = await documentOf({ controllers: [TypedController] });
      expect(document.components?.schemas?.['Order']).toMatchObject({
        properties: { id: { type: 'string' } },
      });
    });

    it('stays in webhooks, which nobody signs in for', async () => {
      @Controller('hooks')
      class HooksController {
        @ApiWebhook('order.made')
        @Post()
        made(): string {
          return 'made';
        }
      }
      const given = new DocumentBuilder().setOpenAPIVersion('3.1.0').build();
      const document = await documentOf({ controllers: [HooksController] }, undefined, given);
      const webhooks = (document as { webhooks?: Record<string, { post: object }> }).webhooks;
      expect(webhooks?.['order.made']?.post).toEqual({
        operationId: 'HooksController_made',
        parameters: [],
        responses: { 201: { description: '' } },
        tags: ['Hooks'],
      });
    });
  });

  describe('what it leaves behind', () => {
    it('is nothing in the classes of the application', async () => {
      @ApiSecurity('own')
      @Controller('whole')
      class WholeController {
        @ApiExtension('x-kind', 'ours')
        @Get()
        list(): string {
          return 'list';
        }
      }
      const app = await appOf({ controllers: [OrdersController, WholeController] });
      const before = SwaggerModule.createDocument(app, config);
      const first = createAuthDocument(app, config);
      expect(createAuthDocument(app, config)).toEqual(first);
      expect(SwaggerModule.createDocument(app, config)).toEqual(before);
      expect(Reflect.getMetadataKeys(OrdersController)).not.toContain('swagger/apiSecurity');
    });

    it('is nothing when the document cannot be made', async () => {
      const app = await appOf({ controllers: [OrdersController] });
      const before = SwaggerModule.createDocument(app, config);
      const operationIdFactory = () => {
        throw new Error('no id');
      };
      expect(() => createAuthDocument(app, config, { operationIdFactory })).toThrow('no id');
      expect(SwaggerModule.createDocument(app, config)).toEqual(before);
    });

    it('is nothing in what it was given', async () => {
      const given = new DocumentBuilder().addBearerAuth({ type: 'http' }, 'own').build();
      const before = structuredClone(given);
      createAuthDocument(await appOf({ controllers: [OrdersController] }), given);
      expect(given).toEqual(before);
    });

    it('is nothing in another application with the same classes', async () => {
      const one = await appOf({ controllers: [OrdersController], latchkey: { cookie: false } });
      const other = await appOf({ controllers: [OrdersController], latchkey: { bearer: false } });
      expect(access(createAuthDocument(one, config), 'GET /orders')).toMatchObject({ security: [bearer] });
      expect(access(createAuthDocument(other, config), 'GET /orders')).toMatchObject({ security: [cookie] });
      expect(access(createAuthDocument(one, config), 'GET /orders')).toMatchObject({ security: [bearer] });
    });
  });
});
