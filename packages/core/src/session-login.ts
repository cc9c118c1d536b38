import { checkedInput } from './checked.js';
import { checkedClient } from './client-network.js';
import type { Clock } from './clock.js';
import type { Emit } from './event.js';
import { createGrant, packGrant, type Grant } from './grant.js';
import { LatchkeyError } from './latchkey-error.js';
import type { Provider } from './provider.js';
import { isRefusal } from './refusal.js';
import type { SignInThrottle, SignInTry } from './sign-in-throttle.js';

/** Logs an end user in; gives a grant with the account in it. */
export type Login = (signal: AbortSignal) => Promise<Grant>;

/**
 * Makes what checks credentials and then logs in with them: one login, unless there were too many that were refused, and
 * one call for the account where the login does not tell it.
 *
 * @throws LatchkeyError `invalid_input` for malformed credentials, before anything is counted or sent.
 */
export function createLogin(options: {
  readonly clock: Clock;
  readonly throttle: SignInThrottle | false;
  readonly emitterOf: (provider: string) => Emit;
}): (provider: Provider, credentials: object, client: string | undefined) => Login {
  const { clock, throttle, emitterOf } = options;

  return (provider, credentials, client) => {
    const checked: unknown = checkedInput('credentials', provider.credentials, credentials, provider.name);
    const who = throttle && tryOf(provider, checked, client);
    return async (signal) => {
      const login = () => loggedIn(provider, credentials, signal);
      const grant = await (who ? throttle.run(who, login, signal) : login());
      const account: unknown = await provider.account(grant, { signal });
      return createGrant({ ...packGrant(grant), account });
    };
  };

  async function loggedIn(provider: Provider, credentials: object, signal: AbortSignal): Promise<Grant> {
    const emit = emitterOf(provider.name);
    const startedAt = clock.monotonic();
    const durationMs = () => clock.monotonic() - startedAt;
    try {
      const grant = await provider.signIn(credentials, { signal });
      emit('sign-in', { durationMs: durationMs() });
      return grant;
    } catch (error) {
      if (isRefusal(error)) emit('sign-in-refused', { code: error.code, durationMs: durationMs() });
      throw error;
    }
  }
}

function tryOf(provider: Provider, credentials: unknown, client: unknown): SignInTry {
  const { name, audience } = provider;
  const { email } = credentials as { readonly email?: unknown };
  const loginName: unknown = provider.loginName ? provider.loginName(credentials) : email;
  if (typeof loginName !== 'string') {
    const message = `Tries to sign in at ${name} cannot be counted: its credentials have no email, and it defines no loginName.`;
    throw new LatchkeyError('invalid_config', { provider: name, message });
  }
  return { provider: name, audience, loginName, client: checkedClient(client, name) };
}
