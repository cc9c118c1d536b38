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
import LatchkeyStrategy, {
  answer,
  errorHandler,
  SessionStrategy,
  Strategy,
} from '@latchkey/passport-strategy';
import { cryptlex, cryptlexClient, licenseStatus, type Allowance } from '@latchkey/provider-cryptlex';
import { lclx, lclxClient, type LclxAccount, type LclxRoute } from '@latchkey/provider-lclx';
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

try {
  createUpstream({ name: 'x', origin: 'https://example.com' });
} catch (error) {
  if (isLatchkeyError(error, 'invalid_config')) {
    const code: 'invalid_config' = error.code;
    console.log(code, toHttpAnswer(error).status);
  }
}

const fake: Provider<'fake'> = fakeProvider({ clock: virtualClock() });
export { agent, authorized, email, storeContract, token, tokenSourceContract };
export { anyProvider, east, fake, name, providerContract, routes, startLclxEmulator };
