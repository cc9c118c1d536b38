import {
  createGrant,
  createUpstream,
  defineProvider,
  systemClock,
  type Provider,
  type UpstreamOptions,
} from '@latchkey/core';
import { lclxIdentity, type LclxAccount } from './lclx-account.js';
import { lclxCredentials, type LclxCredentials } from './lclx-credentials.js';
import { loginIn, loginRequest } from './lclx-login-api.js';

/** What `lclx` takes: an HTTP side whose name and origin have defaults. */
export interface LclxOptions<Name extends string = string> extends Omit<UpstreamOptions, 'name' | 'origin'> {
  /** Names the provider everywhere; for two accounts side by side. Default: `lclx`. */
  readonly name?: Name | undefined;
  /** Default: `https://lclxchange.com`. */
  readonly origin?: string | undefined;
}

/**
 * The provider for LCLXchange, https://lclxchange.com: one sign-in costs one request, and its account comes with it.
 *
 * There is no renewal but another sign-in, and no way to ask whose a token is.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable.
 *
 * @example
 * const provider = lclx();
 * const grant = await provider.signIn({ email, password });
 */
export function lclx<const Name extends string = 'lclx'>(
  options: LclxOptions<Name> = {},
): Provider<NoInfer<Name>, LclxCredentials, LclxAccount> {
  const { name = 'lclx' as Name, origin = 'https://lclxchange.com', ...http } = options;
  const { clock = systemClock } = http;
  const upstream = createUpstream({ ...http, name, origin });

  return defineProvider({
    name,
    upstream,
    credentials: lclxCredentials,
    identify: (account) => lclxIdentity(name, account),

    async signIn(credentials, { signal } = {}) {
      // The lifetime is counted from before the request: the server's count began no earlier.
      const issuedAt = clock.now();
      const reply = await upstream.json({ signal, ...loginRequest(credentials) });
      const login = loginIn(reply, credentials.email, { issuedAt, skewMs: upstream.skewMs });
      return createGrant({ provider: name, issuedAt, ...login });
    },
  });
}
