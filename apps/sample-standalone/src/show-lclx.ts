import { staticTokenSource } from '@latchkey/core';
import { startLclxEmulator } from '@latchkey/emulators';
import {
  lclx,
  lclxClient,
  type LclxAccount,
  type LclxCarrier,
  type LclxCredentials,
  type LclxRoute,
} from '@latchkey/provider-lclx';
import { expiryOf } from './duration.js';
import { credentialsIn, variables } from './settings.js';
import type { Surroundings } from './surroundings.js';
import { facts, table } from './table.js';

/** Signs in at LCLXchange, or at its emulator when no account is given, and prints who that is and the routes. */
export async function showLclx({ env, print }: Surroundings): Promise<void> {
  const given = variables(env, 'LCLX', ['EMAIL', 'PASSWORD', 'ORIGIN']);
  const credentials = credentialsIn(given, 'LCLX');
  if (credentials) {
    await signInAndPrint(given.ORIGIN, credentials, print);
    return;
  }
  await using emulator = await startLclxEmulator();
  const [user] = emulator.users;
  if (!user) throw new Error('The emulator has no users.');
  print('No LCLX_EMAIL and LCLX_PASSWORD: this is the emulator of LCLXchange, on loopback.');
  await signInAndPrint(emulator.origin, user, print);
}

async function signInAndPrint(
  origin: string | undefined,
  { email, password }: LclxCredentials,
  print: Surroundings['print'],
): Promise<void> {
  const provider = lclx({ origin });
  try {
    const grant = await provider.signIn({ email, password });
    const client = lclxClient(staticTokenSource(grant.accessToken, provider));
    const [account, routes, carriers] = await Promise.all([
      provider.account(grant),
      client.routes(),
      client.carriers(),
    ]);
    const { name } = provider.identify(account);
    print(`\nLCLXchange at ${provider.origin}\n`);
    print(
      facts({
        User: name,
        'E-mail': account.email,
        Title: account.title,
        Company: companyOf(account),
        Token: expiryOf(grant),
      }),
    );
    print(`\n${routeTable(routes, carriers)}`);
  } finally {
    await provider.upstream.close();
  }
}

function companyOf({ company }: LclxAccount): string | undefined {
  if (!company) return undefined;
  const { name, city, state, country } = company;
  return [name, city, state, country].filter((part) => part !== undefined).join(', ');
}

function routeTable(routes: readonly LclxRoute[], carriers: readonly LclxCarrier[]): string {
  if (routes.length === 0) return '  No routes.';
  const carrierNames = new Map(carriers.map(({ index, name }) => [index, name]));
  return table(
    ['route', 'from', 'to', 'carrier', 'vessel', 'departs', 'arrives'],
    routes.map(({ index, origin, destination, carrier, vesselName, estDeparture, estArrival }) => [
      String(index),
      origin,
      destination,
      carrier === undefined ? undefined : (carrierNames.get(carrier) ?? `carrier ${carrier}`),
      vesselName,
      dateOf(estDeparture),
      dateOf(estArrival),
    ]),
  );
}

function dateOf(moment: string | undefined): string | undefined {
  return moment?.split(' ')[0];
}
