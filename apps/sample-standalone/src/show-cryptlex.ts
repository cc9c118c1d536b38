import { isLatchkeyError, staticTokenSource, type Grant, type Provider } from '@latchkey/core';
import { startCryptlexEmulator } from '@latchkey/emulators';
import {
  cryptlex,
  cryptlexClient,
  licenseStatus,
  type CryptlexAccount,
  type CryptlexCredentials,
  type CryptlexLicense,
  type CryptlexOptions,
} from '@latchkey/provider-cryptlex';
import { dayOf, expiryOf, minuteOf } from './duration.js';
import { credentialsIn, SettingsError, variables } from './settings.js';
import type { Surroundings } from './surroundings.js';
import { facts, table } from './table.js';

/** Signs in at Cryptlex, or at its emulator when no account is given, and prints who that is and the licences. */
export async function showCryptlex(surroundings: Surroundings): Promise<void> {
  const given = variables(surroundings.env, 'CRYPTLEX', [
    'ACCOUNT_ALIAS',
    'ACCOUNT_ID',
    'EMAIL',
    'PASSWORD',
    'TWO_FACTOR_CODE',
    'REGION',
    'ORIGIN',
  ]);
  const credentials = credentialsIn(given, 'CRYPTLEX');
  if (credentials) {
    const { ACCOUNT_ALIAS: accountAlias, ACCOUNT_ID: accountId, REGION: region, ORIGIN: origin } = given;
    if ((accountAlias === undefined) === (accountId === undefined)) {
      throw new SettingsError(
        'Exactly one of CRYPTLEX_ACCOUNT_ALIAS and CRYPTLEX_ACCOUNT_ID must be set to sign in.',
      );
    }
    // What is no region is refused by the provider, with a message that says so.
    const options = { accountAlias, accountId, region: region as CryptlexOptions['region'], origin };
    await signInAndPrint(options, { ...credentials, twoFactorCode: given.TWO_FACTOR_CODE }, surroundings);
    return;
  }
  await using emulator = await startCryptlexEmulator();
  const { accountAlias, origin, users } = emulator;
  const [user] = users;
  if (!user) throw new Error('The emulator has no users.');
  surroundings.print(
    '\nNo CRYPTLEX_EMAIL and CRYPTLEX_PASSWORD: this is the emulator of Cryptlex, on loopback.',
  );
  await signInAndPrint(
    { accountAlias, origin },
    { email: user.email, password: user.password },
    surroundings,
  );
}

async function signInAndPrint(
  options: CryptlexOptions<'cryptlex'>,
  credentials: CryptlexCredentials,
  { print, ask }: Surroundings,
): Promise<void> {
  const provider = cryptlex(options);
  try {
    const grant = await signIn(provider, credentials, ask);
    const client = cryptlexClient(staticTokenSource(grant.accessToken, provider));
    const [account, licenses] = await Promise.all([provider.account(grant), client.licenses().toArray()]);
    print(`\nCryptlex at ${provider.origin}\n`);
    print(profile(account, provider.identify(account).name, grant));
    print(`\n${licenseTable(licenses)}`);
  } finally {
    await provider.upstream.close();
  }
}

/** Signs in; a second factor that turns out to be needed is asked for where there is somebody to ask. */
async function signIn(
  provider: Provider<string, CryptlexCredentials, CryptlexAccount>,
  credentials: CryptlexCredentials,
  ask: Surroundings['ask'],
): Promise<Grant<CryptlexAccount>> {
  try {
    return await provider.signIn(credentials);
  } catch (error) {
    if (
      !ask ||
      credentials.twoFactorCode !== undefined ||
      !isLatchkeyError(error, 'second_factor_required')
    ) {
      throw error;
    }
    const twoFactorCode = (await ask('Second-factor code for Cryptlex: ')).trim();
    // Another try without a code would be another failure of the account.
    if (twoFactorCode === '') throw error;
    return await provider.signIn({ ...credentials, twoFactorCode });
  }
}

function profile(account: CryptlexAccount, name: string | undefined, grant: Grant): string {
  const { email, company, role, twoFactorEnabled, lastLoginAt } = account;
  return facts({
    User: name,
    'E-mail': email,
    Company: company,
    Role: role,
    'Second factor': twoFactorEnabled === undefined ? undefined : twoFactorEnabled ? 'on' : 'off',
    'Last sign-in': lastLoginAt === undefined ? undefined : minuteOf(lastLoginAt),
    Token: expiryOf(grant),
  });
}

function licenseTable(licenses: readonly CryptlexLicense[]): string {
  if (licenses.length === 0) return '  No licences.';
  return table(
    ['product', 'key', 'status', 'activations', 'expires'],
    licenses.map((license) => [
      license.product?.name,
      shortened(license.key),
      licenseStatus(license),
      `${license.totalActivations ?? 0} of ${license.allowedActivations ?? 'unknown'}`,
      license.expiresAt === undefined ? 'never' : dayOf(license.expiresAt),
    ]),
  );
}

// Enough to tell licences apart; a key in full lets somebody use the licence.
function shortened(key: string | undefined): string | undefined {
  return key === undefined ? undefined : `${key.slice(0, 8)}…`;
}
