import { LatchkeyError, type Session, type Sessions } from '@latchkey/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { LatchkeySettings } from '../latchkey.settings.js';
import { sessionsToken, settingsToken } from '../latchkey.tokens.js';
import { isTestProvider, type TestUser } from './test-provider.js';

/** Somebody who is signed in, for the requests of a test. */
export interface TestSignIn {
  readonly id: string;
  readonly session: Session;
  /** For the header `Cookie`. Requests that change something need `Sec-Fetch-Site: same-origin`, too. */
  readonly cookie: string;
  /** For the header `Authorization`. */
  readonly bearer: string;
}

/**
 * Signs a user in, without a request. A user that the provider does not know yet is added.
 *
 * @param app an application with `LatchkeyTestingModule`, or with `testOptions` in the place of its options; initialised.
 * @param user whom, and where: by default the first provider. Default: `user@example.com`.
 * @param options.name of a set of providers, where that has one.
 * @throws LatchkeyError `invalid_config` where the provider is a real one.
 *
 * @example
 * const { cookie, bearer } = await signIn(app, { email: 'user@example.com', entitlements: ['prod-0001'] });
 * await request(app.getHttpServer()).get('/me').set('Authorization', bearer).expect(200);
 */
export async function signIn(
  app: INestApplicationContext,
  user: TestUser & { readonly provider?: string | undefined } = {},
  { name }: { readonly name?: string | undefined } = {},
): Promise<TestSignIn> {
  const { providers, cookies } = app.get<LatchkeySettings>(settingsToken(name), { strict: false });
  const sessions = app.get<Sessions>(sessionsToken(name), { strict: false });
  const provider = user.provider ? providers.find((one) => one.name === user.provider) : providers[0];
  if (!provider || !isTestProvider(provider)) {
    throw new LatchkeyError('invalid_config', {
      message:
        'signIn() takes an application whose providers are in memory: use LatchkeyTestingModule, or put testOptions() ' +
        'in the place of LATCHKEY_OPTIONS.',
    });
  }
  const { id, session } = await sessions.signIn(provider.name, provider.addUser(user));
  return { id, session, cookie: `${cookies.name}=${id}`, bearer: `Bearer ${id}` };
}
