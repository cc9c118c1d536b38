import {
  createGrant,
  createUpstream,
  defineProvider,
  isLatchkeyError,
  LatchkeyError,
  systemClock,
  type CallOptions,
  type Grant,
  type Provider,
  type TokenSource,
  type UpstreamRequest,
} from '@latchkey/core';
import { cryptlexIdentity, type CryptlexAccount } from './cryptlex-account.js';
import { cryptlexClient } from './cryptlex-client.js';
import { cryptlexCredentials, type CryptlexCredentials } from './cryptlex-credentials.js';
import { loginRequest, renewalRequest, type CryptlexLogin } from './cryptlex-login-api.js';
import { meRequest } from './cryptlex-me-api.js';
import { placeIn, type CryptlexOptions } from './cryptlex-options.js';
import { callRefusal } from './cryptlex-refusal.js';
import { jwtExpiry } from './jwt-expiry.js';
import { licenseEntitlement } from './license-entitlement.js';

/**
 * The provider for Cryptlex, https://cryptlex.com: signs the users of a software vendor in, with a second factor where the
 * account has one.
 *
 * A sign-in costs one request, and the account one more. Grants are renewed with their refresh token where they have one;
 * entitlements are the user's licences.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable.
 *
 * @example
 * const provider = cryptlex({ accountAlias: 'acme' });
 * const grant = await provider.signIn({ email, password, twoFactorCode });
 */
export function cryptlex<const Name extends string = 'cryptlex'>(
  options: CryptlexOptions<Name>,
): Provider<Name, CryptlexCredentials, CryptlexAccount> {
  const { accountAlias, accountId, region, origin: givenOrigin, errorCodes: givenCodes, ...http } = options;
  const { tenant, origin, errorCodes } = placeIn({
    accountAlias,
    accountId,
    region,
    origin: givenOrigin,
    errorCodes: givenCodes,
  });
  const { name = 'cryptlex' as Name, clock = systemClock } = http;
  // Cryptlex lets through 50 requests in 5 seconds from one address; a few are left for others behind it.
  const upstream = createUpstream({ pace: { requests: 45, perMs: 5000 }, ...http, name, origin });

  return defineProvider({
    name,
    upstream,
    audience: `${upstream.origin}/?${new URLSearchParams({ ...tenant }).toString()}`,
    oneTime: ['twoFactorCode', 'twoFactorRecoveryCode'],
    credentials: cryptlexCredentials,
    identify: (account) => cryptlexIdentity(name, account),

    async signIn(credentials, { signal } = {}) {
      const issuedAt = clock.now();
      const login = await upstream.json({
        ...loginRequest(tenant, credentials, { errorCodes, now: issuedAt }),
        signal,
      });
      return grantOf(login, issuedAt);
    },

    async renew({ refreshToken, account }, { signal } = {}) {
      if (refreshToken === undefined) {
        const message = `This grant of ${name} has no refresh token: only another sign-in gives a new token.`;
        throw new LatchkeyError('token_rejected', { provider: name, message });
      }
      const issuedAt = clock.now();
      const login = await upstream.json({ ...renewalRequest(refreshToken, issuedAt), signal });
      // Whether refresh tokens rotate is not documented: where none comes, the old one goes on.
      return grantOf({ refreshToken, ...login }, issuedAt, account);
    },

    account: async (grant, options) => grant.account ?? (await me({ token: grant.accessToken }, options)),

    async verify(token, options) {
      try {
        return await me({ token }, options);
      } catch (error) {
        if (isLatchkeyError(error, 'token_rejected')) return undefined;
        throw error;
      }
    },

    async entitlements(source: TokenSource, { id, signal } = {}) {
      const query = id === undefined ? {} : { productId: { eq: id } };
      const { licenses } = cryptlexClient({
        origin: source.origin,
        upstream,
        getToken: (options) => source.getToken(options),
      });
      const now = clock.now();
      return (await licenses(query, { signal }).toArray()).flatMap((license) => {
        const entitlement = licenseEntitlement(license, now);
        return entitlement && (id === undefined || entitlement.id === id) ? [entitlement] : [];
      });
    },
  });

  function grantOf(
    login: CryptlexLogin,
    issuedAt: number,
    account?: CryptlexAccount,
  ): Grant<CryptlexAccount> {
    const { accessToken, refreshToken } = login;
    const expiresAt = jwtExpiry(accessToken);
    return createGrant({ provider: name, accessToken, refreshToken, issuedAt, expiresAt, account });
  }

  function me(
    bearer: Pick<UpstreamRequest<CryptlexAccount>, 'token'>,
    { signal }: CallOptions = {},
  ): Promise<CryptlexAccount> {
    return upstream.json({
      ...meRequest(),
      ...bearer,
      signal,
      refused: (reply) => callRefusal(reply, clock.now()),
    });
  }
}
