import 'reflect-metadata';
import { LatchkeyError, type Session } from '@latchkey/core';
import {
  CurrentSession,
  CurrentUser,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  RequireEntitlement,
  type LatchkeyModuleOptions,
} from '@latchkey/nestjs-auth';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Logger, UseInterceptors, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Args,
  Context,
  GraphQLModule,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from './app-module.js';
import { Meeting } from './meeting.js';
import { failingStore, providerWithUsers, signIn, type SignedInUser } from './signed-in-users.js';

Logger.overrideLogger(false);

const typeDefs = `
  type User { email: String, posts: [Post!]!, secret: String }
  type Post { title: String!, reader: String }
  type Query {
    me: User
    session: String
    open: String
    openUser: String
    maybe: String
    elsewhere: String
    entitled: String
    tagged(tag: String): String
    broken: String
    plainly: String
  }
  type Mutation { change: String }
`;

const meeting = new Meeting();

@Resolver('User')
@UseInterceptors(meeting)
class UserResolver {
  @Query() me(@CurrentUser() user: CurrentUser) {
    return { email: user.email };
  }
  @Query() session(@CurrentSession() session: Session) {
    return `${session.provider} ${session.identity.subject}`;
  }
  @Public() @Query() open() {
    return 'open';
  }
  @Public() @Query() openUser(@CurrentUser() user: CurrentUser | null) {
    return user === null ? 'null' : user.email;
  }
  @OptionalAuth() @Query() maybe(@CurrentUser('email') email: string | null) {
    return email;
  }
  @Providers('another') @Query() elsewhere() {
    return 'never';
  }
  @RequireEntitlement('prod-1') @Query() entitled() {
    return 'never';
  }
  @Query() tagged(@CurrentUser('email') email: string, @Args('tag') tag: string) {
    return `${tag} ${email}`;
  }
  @Query() broken() {
    throw new LatchkeyError('token_rejected', {
      actor: 'service',
      provider: 'fake',
      message: 'The token kept-in-the-service was refused.',
      cause: new Error('kept-in-the-service'),
    });
  }
  @Mutation() change(@CurrentUser('email') email: string) {
    return email;
  }
  @ResolveField() posts(@Parent() { email }: { email: string }) {
    return [{ title: `first of ${email}` }, { title: `second of ${email}` }];
  }
  @ResolveField() secret(@CurrentUser('email') email: string) {
    return `only for ${email}`;
  }
}

@Resolver('Post')
class PostResolver {
  @ResolveField() reader(@CurrentUser('email') email: string, @Context() context: object) {
    return 'req' in context ? email : 'no request';
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly data: unknown;
  readonly errors: readonly { readonly message: string; readonly extensions: object }[] | undefined;
}

interface Server {
  readonly app: INestApplication;
  readonly origin: string;
  ask(query: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

async function serve(
  adapter: ExpressAdapter | FastifyAdapter,
  options: Partial<LatchkeyModuleOptions> = {},
  graphql: Partial<ApolloDriverConfig> = {},
): Promise<Server> {
  const imports = [
    LatchkeyModule.forRoot({ providers: [providerWithUsers()], ...options }),
    GraphQLModule.forRoot<ApolloDriverConfig>({
      driver: ApolloDriver,
      typeDefs,
      includeStacktraceInErrorResponses: false,
      ...graphql,
    }),
  ];
  const providers = [UserResolver, PostResolver];
  const app = await NestFactory.create({ module: AppModule, imports, providers }, adapter);
  await app.listen(0, '127.0.0.1');
  const origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    origin,
    async ask(query, headers = {}) {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
      const text = await response.text();
      return { status: response.status, text, ...(JSON.parse(text) as Pick<Answer, 'data' | 'errors'>) };
    },
  };
}

const signedOut = {
  message: 'Sign in to continue.',
  extensions: { code: 'UNAUTHENTICATED', error: 'not_signed_in', status: 401 },
};
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const)('Apollo on %s', (_, adapter) => {
  let server: Server;
  let a: SignedInUser;

  beforeAll(async () => {
    server = await serve(adapter());
    a = await signIn(server.app, 'a@example.com');
  });
  afterAll(() => server.app.close());

  it('N4: refuses a query of nobody, with code and sentence and nothing else', async () => {
    const { status, data, errors } = await server.ask('{ me { email } }');
    expect({ status, data }).toEqual({ status: 200, data: { me: null } });
    expect(errors).toEqual([{ ...signedOut, path: ['me'], locations: [{ line: 1, column: 3 }] }]);
  });

  it('N4: refuses a session that is none, and does not repeat what was shown', async () => {
    const unknown = 'k'.repeat(43);
    for (const headers of [
      { authorization: `Bearer ${unknown}` },
      { cookie: `__Host-latchkey=${unknown}`, ...sameOrigin },
    ]) {
      const { text, errors } = await server.ask('{ me { email } }', headers);
      expect(errors).toMatchObject([signedOut]);
      expect(text).not.toContain(unknown);
      expect(text).not.toContain('stack');
    }
  });

  it('N4: knows who asks by a bearer token, and by the cookie of a request of its own page', async () => {
    for (const headers of [
      a.bearer,
      { ...a.cookie, ...sameOrigin },
      { ...a.cookie, origin: server.origin },
    ]) {
      const { status, data, errors } = await server.ask('{ me { email } session }', headers);
      expect({ status, data, errors }).toEqual({
        status: 200,
        data: { me: { email: 'a@example.com' }, session: 'fake a@example.com' },
        errors: undefined,
      });
    }
  });

  it('S3: refuses a query with the cookie that another site sent', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      {},
    ]) {
      const { data, errors } = await server.ask('mutation { change }', { ...a.cookie, ...headers });
      expect(data).toEqual({ change: null });
      expect(errors).toMatchObject([
        {
          message: 'The request came from another site.',
          extensions: { code: 'FORBIDDEN', error: 'csrf_rejected', status: 403 },
        },
      ]);
    }
  });

  it('N2: lets everybody ask what is public, and gives null where to be signed in is optional', async () => {
    expect((await server.ask('{ open openUser maybe }')).data).toEqual({
      open: 'open',
      openUser: 'null',
      maybe: null,
    });
    expect((await server.ask('{ maybe }', a.bearer)).data).toEqual({ maybe: 'a@example.com' });
  });

  it('N6: gives null to an optional resolver for a session that has ended', async () => {
    const headers = { authorization: `Bearer ${'k'.repeat(43)}` };
    const { data, errors } = await server.ask('{ maybe open }', headers);
    expect({ data, errors }).toEqual({ data: { maybe: null, open: 'open' }, errors: undefined });
  });

  it('refuses accounts of another provider, and those without the entitlement', async () => {
    const { data, errors } = await server.ask('{ elsewhere entitled open }', a.bearer);
    expect(data).toEqual({ elsewhere: null, entitled: null, open: 'open' });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'FORBIDDEN', error: 'provider_not_allowed', status: 403 },
      { code: 'FORBIDDEN', error: 'entitlement_required', status: 403 },
    ]);
  });

  it('tells of an error in a resolver its code, and nothing of its text, cause or stack', async () => {
    const { text, errors } = await server.ask('{ broken }', a.bearer);
    expect(errors).toMatchObject([{ message: 'The provider answered with an error.' }]);
    expect(errors?.[0]?.extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      error: 'upstream_error',
      status: 502,
    });
    expect(text).not.toContain('kept-in-the-service');
  });

  it('never mixes users whose queries are under way at the same time', async () => {
    const emails = Array.from({ length: 50 }, (_, at) => `user${at}@example.com`);
    const users = await Promise.all(emails.map((email) => signIn(server.app, email)));
    meeting.expect(100);
    const answers = await Promise.all(
      users.map(({ bearer, cookie }, at) =>
        server.ask(
          '{ me { email secret posts { reader } } tagged(tag: "own") }',
          at % 2 === 0 ? bearer : { ...cookie, ...sameOrigin },
        ),
      ),
    );
    expect(answers.map(({ data }) => data)).toEqual(
      emails.map((email) => ({
        me: { email, secret: `only for ${email}`, posts: [{ reader: email }, { reader: email }] },
        tagged: `own ${email}`,
      })),
    );
  });

  it('knows who asks in resolvers of fields', async () => {
    const { data, errors } = await server.ask('{ me { posts { title reader } secret } }', a.bearer);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      me: {
        posts: [
          { title: 'first of a@example.com', reader: 'a@example.com' },
          { title: 'second of a@example.com', reader: 'a@example.com' },
        ],
        secret: 'only for a@example.com',
      },
    });
  });
});

describe('with other settings', () => {
  /** A server for one test. */
  async function served<T>(
    options: Partial<LatchkeyModuleOptions>,
    graphql: Partial<ApolloDriverConfig>,
    use: (server: Server) => Promise<T>,
  ): Promise<T> {
    const server = await serve(new ExpressAdapter(), options, graphql);
    try {
      return await use(server);
    } finally {
      await server.app.close();
    }
  }

  it('takes the credential from where credentialFrom.graphql says, and from nowhere else', async () => {
    const credentialFrom = {
      graphql: (context: { getArgByIndex(index: 2): { req: { headers: Record<string, string> } } }) =>
        context.getArgByIndex(2).req.headers['x-session'],
    };
    await served({ credentialFrom }, {}, async ({ app, ask }) => {
      const a = await signIn(app, 'a@example.com');
      expect((await ask('{ maybe }', { 'x-session': a.id })).data).toEqual({ maybe: 'a@example.com' });
      expect((await ask('{ maybe }', a.bearer)).data).toEqual({ maybe: null });
      expect((await ask('{ me { email } }', a.bearer)).errors).toMatchObject([signedOut]);
    });
  });

  it('takes a credential for each of the resolvers of one query, and never mixes them', async () => {
    const credentialFrom = {
      graphql: (context: { getArgByIndex(index: 1): { tag?: string } }) => context.getArgByIndex(1).tag,
    };
    await served({ credentialFrom }, {}, async ({ app, ask }) => {
      const [a, b] = [await signIn(app, 'a@example.com'), await signIn(app, 'b@example.com')];
      meeting.expect(2);
      const { data } = await ask(`{ a: tagged(tag: "${a.id}") b: tagged(tag: "${b.id}") }`);
      expect(data).toEqual({ a: `${a.id} a@example.com`, b: `${b.id} b@example.com` });
    });
  });

  it('guards resolvers of fields too, where Nest is told to', async () => {
    await served({}, { fieldResolverEnhancers: ['guards'] }, async ({ app, ask }) => {
      const { bearer } = await signIn(app, 'a@example.com');
      const { data, errors } = await ask('{ me { secret posts { reader } } }', bearer);
      expect({ data, errors }).toEqual({
        data: {
          me: {
            secret: 'only for a@example.com',
            posts: [{ reader: 'a@example.com' }, { reader: 'a@example.com' }],
          },
        },
        errors: undefined,
      });
    });
  });

  it('shows no token in the stacks that Apollo can be told to show', async () => {
    await served({}, { includeStacktraceInErrorResponses: true }, async ({ app, ask }) => {
      const { id, cookie } = await signIn(app, 'a@example.com');
      const { text, errors } = await ask('{ me { email } }', { ...cookie, 'sec-fetch-site': 'cross-site' });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', error: 'csrf_rejected' } }]);
      expect(text).not.toContain(id);
    });
  });

  it('S10: refuses while the store is down, optional resolvers too, and answers what is public', async () => {
    const store = failingStore();
    await served({ store }, {}, async ({ app, ask }) => {
      const { bearer } = await signIn(app, 'a@example.com');
      store.isDown = true;
      const { text, data, errors } = await ask('{ me { email } maybe open }', bearer);
      expect(data).toEqual({ me: null, maybe: null, open: 'open' });
      expect(errors?.map(({ extensions }) => extensions)).toEqual([
        { code: 'INTERNAL_SERVER_ERROR', error: 'store_error', status: 503 },
        { code: 'INTERNAL_SERVER_ERROR', error: 'store_error', status: 503 },
      ]);
      expect(text).not.toContain('10.0.0.7');
    });
  });
});
