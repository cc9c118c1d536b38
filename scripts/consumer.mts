// What a user's program relies on, checked by its compiler against the packed types. Never run.
import {
  authorize,
  authorizedFetch,
  createSessions,
  createUpstream,
  isLatchkeyError,
  memoryStore,
  staticTokenSource,
  tokenSource,
  type Grant,
  type LatchkeyEvent,
  type ManagedTokenSource,
  type Provider,
  type Session,
  type Sessions,
  type Store,
  type Token,
} from '@latchkey/core';
import { createSessionCookies, readSessionId, safeNext, toHttpAnswer } from '@latchkey/core/http';
import {
  fakeProvider,
  providerContract,
  storeContract,
  tokenSourceContract,
  virtualClock,
} from '@latchkey/core/testing';
import { startLclxEmulator } from '@latchkey/emulators';
import {
  AccessToken,
  accessRules,
  AuthGuard,
  CurrentSession,
  CurrentUser,
  LatchkeyExceptionFilter,
  LatchkeyModule,
  OptionalAuth,
  Providers,
  Public,
  RequireEntitlement,
  sessionsToken,
  SignInService,
  type LatchkeyModuleOptions,
} from '@latchkey/nestjs-auth';
import LatchkeyStrategy, {
  answer,
  errorHandler,
  SessionStrategy,
  Strategy,
} from '@latchkey/passport-strategy';
import { cryptlex, cryptlexClient, licenseStatus, type Allowance } from '@latchkey/provider-cryptlex';
import { lclx, lclxClient, type LclxAccount, type LclxRoute } from '@latchkey/provider-lclx';
import { redisStore } from '@latchkey/store-redis';
import { Controller, Get, Inject, Module, UseFilters, UseGuards } from '@nestjs/common';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { Agent } from 'undici';

const provider = lclx({ timeoutMs: 5000 });
const name: 'lclx' = provider.name;
const east: 'lclx-east' = lclx({ name: 'lclx-east' }).name;
const anyProvider: Provider = provider;
const grant: Grant<LclxAccount> = await provider.signIn({ email: 'user@example.com', password: 'secret' });
const routes: LclxRoute[] = await lclxClient(staticTokenSource(grant.accessToken, provider)).routes();

const store: Store = memoryStore({ maxEntries: 1_000 });
const events: LatchkeyEvent[] = [];
const options = { store, onEvent: (event: LatchkeyEvent) => events.push(event) };
const source: ManagedTokenSource<LclxAccount> = tokenSource(
  provider,
  () => ({ email: 'user@example.com', password: 'secret' }),
  options,
);
const token: Token = await source.getToken({ signal: AbortSignal.timeout(1_000) });
const email: string = (await source.account()).email;
const authorized: typeof fetch = authorizedFetch(source);
const agent = new Agent().compose(authorize(source));
await lclxClient(source).carriers();
// @ts-expect-error a misspelt credential does not compile
tokenSource(provider, { email: 'user@example.com', pasword: 'secret' });

const vendor = cryptlex({ accountAlias: 'acme', region: 'eu' });
const licenses = cryptlexClient(staticTokenSource('token', vendor)).licenses({
  expiresAt: { gt: new Date() },
});
for await (const license of licenses) {
  const allowed: Allowance | undefined = license.allowedActivations;
  console.log(licenseStatus(license), allowed === 'unlimited' ? Infinity : allowed);
}
// @ts-expect-error there is no such operator
cryptlexClient(staticTokenSource('token', vendor)).licenses({ expiresAt: { after: new Date() } });

// @ts-expect-error a misspelt credential does not compile
provider.signIn({ email: 'user@example.com', pasword: 'secret' });
// @ts-expect-error a misspelt option does not compile
lclx({ timeout: 5000 });
// @ts-expect-error a grant does not change
grant.expiresAt = 0;

const sessions = createSessions({ providers: [lclx(), cryptlex({ accountAlias: 'acme' })], idleMs: 900_000 });
const { id, session } = await sessions.signIn('lclx', { email: 'user@example.com', password: 'secret' });
const street: string | undefined = session.account.company?.address1;
const found = await sessions.get(readSessionId({ cookie: `__Host-latchkey=${id}` }) ?? '');
if (found?.provider === 'cryptlex') {
  const twoFactor: boolean | undefined = found.account.twoFactorEnabled;
  await cryptlexClient(found).me();
  console.log(twoFactor);
}
const anySessions: Sessions = sessions;
// @ts-expect-error a misspelt provider does not compile
sessions.signIn('lcxl', { email: 'user@example.com', password: 'secret' });
// @ts-expect-error a field of another provider does not compile
sessions.signIn('lclx', { email: 'user@example.com', password: 'secret', twoFactorCode: '1' });
console.log(createSessionCookies({ sameSite: 'strict' }).set(id), safeNext('/x'), street);

new Strategy({ provider: vendor, sessions }, async ({ account, id }) => ({ id, email: account.email }));
new LatchkeyStrategy({ provider: vendor }, ({ grant }, done) => done(null, { until: grant.expiresAt }));
new SessionStrategy({ sessions: anySessions });
export const middleware = errorHandler();
export { answer };

declare module '@latchkey/nestjs-auth' {
  interface LatchkeyAuth {
    user: { readonly rank: number };
  }
}

@Controller()
@UseGuards(AuthGuard)
@UseFilters(LatchkeyExceptionFilter)
class RankController {
  constructor(
    @Inject(SignInService) private readonly signIns: SignInService,
    @Inject(sessionsToken('staff')) private readonly staff: Sessions,
  ) {}

  @Public()
  @Get('where')
  where(): string[] {
    return [...this.signIns.providers().map(({ name }) => name), ...this.staff.providers];
  }

  @OptionalAuth()
  @Get('rank')
  rank(@CurrentUser() user: CurrentUser | null, @CurrentUser('rank') rank: number | undefined): unknown {
    // @ts-expect-error the user is what the application says, and has no subject
    return user?.subject ?? user?.rank ?? rank;
  }

  @Providers('cryptlex')
  @RequireEntitlement(({ id, active }) => active && id === 'prod-0001')
  @Get('licences')
  async licences(@CurrentSession() { source }: Session, @AccessToken() token: string): Promise<unknown> {
    return [token, await cryptlexClient(source).licenses().toArray()];
  }
}

const rootOptions = {
  providers: [cryptlex({ accountAlias: 'acme' }), lclx()],
} satisfies LatchkeyModuleOptions;

@Module({
  imports: [
    LatchkeyModule.forRoot({
      ...rootOptions,
      user: ({ identity }) => ({ rank: identity.subject.length }),
      globalGuard: false,
    }),
    LatchkeyModule.forRootAsync({
      inject: ['SECRETS'],
      useFactory: async (secrets: { readonly alias: string }): Promise<LatchkeyModuleOptions> => ({
        providers: [cryptlex({ accountAlias: secrets.alias })],
        cookie: { sameSite: 'strict' },
      }),
      name: 'staff',
    }),
    // @ts-expect-error a misspelt option does not compile
    LatchkeyModule.forRoot({ ...rootOptions, cokie: false }),
  ],
  controllers: [RankController],
})
export class RankModule {}
console.log(accessRules(RankController.prototype.rank, RankController).access);

try {
  createUpstream({ name: 'x', origin: 'https://example.com' });
} catch (error) {
  if (isLatchkeyError(error, 'invalid_config')) {
    const code: 'invalid_config' = error.code;
    console.log(code, toHttpAnswer(error).status);
  }
}

const secrets = ['a secret that has 32 bytes or more'];
const redisStores: Store[] = [
  createClient(),
  createClientPool(),
  createCluster({ rootNodes: [] }),
  createSentinel({ name: 'main', sentinelRootNodes: [] }),
  new Redis({ lazyConnect: true }),
  new Cluster([], { lazyConnect: true }),
].map((client) => redisStore({ client, secrets }));
for (const subscriber of [createClient(), new Redis({ lazyConnect: true })]) {
  redisStores.push(redisStore({ client: createClient(), secrets, localCopy: { subscriber } }));
}
cryptlex({ accountAlias: 'acme', pace: { requests: 45, perMs: 5_000, store: redisStores[0] } });
// @ts-expect-error there is no store without a secret
redisStore({ client: createClient() });
// @ts-expect-error an address is no client
redisStore({ client: 'redis://127.0.0.1', secrets });

const fake: Provider<'fake'> = fakeProvider({ clock: virtualClock() });
export { agent, authorized, email, storeContract, token, tokenSourceContract };
export { redisStores, anyProvider, east, fake, name, providerContract, routes, startLclxEmulator };
