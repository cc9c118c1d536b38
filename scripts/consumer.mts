// What a user's program relies on, checked by its compiler against the packed types. Never run.
import {
  createUpstream,
  isLatchkeyError,
  staticTokenSource,
  type Grant,
  type Provider,
} from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import { fakeProvider, providerContract, virtualClock } from '@latchkey/core/testing';
import { startLclxEmulator } from '@latchkey/emulators';
import { cryptlex, cryptlexClient, licenseStatus, type Allowance } from '@latchkey/provider-cryptlex';
import { lclx, lclxClient, type LclxAccount, type LclxRoute } from '@latchkey/provider-lclx';

const provider = lclx({ timeoutMs: 5000 });
const name: 'lclx' = provider.name;
const east: 'lclx-east' = lclx({ name: 'lclx-east' }).name;
const anyProvider: Provider = provider;
const grant: Grant<LclxAccount> = await provider.signIn({ email: 'user@example.com', password: 'secret' });
const routes: LclxRoute[] = await lclxClient(staticTokenSource(grant.accessToken, provider)).routes();

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

try {
  createUpstream({ name: 'x', origin: 'https://example.com' });
} catch (error) {
  if (isLatchkeyError(error, 'invalid_config')) {
    const code: 'invalid_config' = error.code;
    console.log(code, toHttpAnswer(error).status);
  }
}

const fake: Provider<'fake'> = fakeProvider({ clock: virtualClock() });
export { anyProvider, east, fake, name, providerContract, routes, startLclxEmulator };
