import {
  createGrant,
  createUpstream,
  defineProvider,
  isLatchkeyError,
  LatchkeyError,
  systemClock,
  type CallOptions,
  type Entitlement,
  type Grant,
  type Provider,
  type Purpose,
  type TokenSource,
} from '@latchkey/core';
import { cryptlexIdentity, type CryptlexAccount } from './cryptlex-account.js';
import { cryptlexClient } from './cryptlex-client.js';
import { cryptlexCredentials, type CryptlexCredentials } from './cryptlex-credentials.js';
import { loginRequest, renewalRequest, type CryptlexLogin } from './cryptlex-login-api.js';
import { meRequest } from './cryptlex-me-api.js';
import { readOptions, type CryptlexOptions } from './cryptlex-options.js';
import { callRefusal } from './cryptlex-refusal.js';
import { cryptlexPace } from './cryptlex-pace.js';
import { readCryptlexRateLimit } from './cryptlex-rate-limit.js';
import { jwtExpiry } from './jwt-expiry.js';
import { licenseEntitlement } from './license-entitlement.js';

/** The provider for Cryptlex, which has all that a provider can have. */
export type CryptlexProvider<Name extends string = string> = WithAll<
  Provider<Name, CryptlexCredentials, CryptlexAccount>,
  'renew' | 'verify' | 'entitlements'
>;

type WithAll<T, Optional extends keyof T> = T & Required<Pick<T, Optional>>;

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
): CryptlexProvider<NoInfer<Name>> {
  const { tenant, origin, errorCodes, http } = readOptions(options);
  const { name = 'cryptlex' as Name, clock = systemClock, pace = cryptlexPace } = options;
  const upstream = createUpstream({ ...http, pace, rateLimit: readCryptlexRateLimit, name, origin });

  const provider = defineProvider({
    name,
    upstream,
    audience: `${upstream.origin}/?${new URLSearchParams({ ...tenant }).toString()}`,
    oneTime: ['twoFactorCode', 'twoFactorRecoveryCode'],
    credentials: cryptlexCredentials,
    identify: (account) => cryptlexIdentity(name, account),

    async signIn(credentials, { signal } = {}) {
      const issuedAt = clock.now();
      const login = await upstream.json({
        signal,
        ...loginRequest(tenant, credentials, errorCodes),
      });
      return grantOf(login, issuedAt);
    },

    account: async (grant, options) => grant.account ?? (await me(grant.accessToken, options)),

    renew,
    verify,
    entitlements,
  });
  return provider as CryptlexProvider<Name>; // the three that may be missing are given above

  async function renew(
    { refreshToken, account }: Grant<CryptlexAccount>,
    { signal }: CallOptions = {},
  ): Promise<Grant<CryptlexAccount>> {
    if (refreshToken === undefined) {
      const message = `This grant of ${name} has no refresh token: only another sign-in gives a new token.`;
      throw new LatchkeyError('token_rejected', { provider: name, message });
    }
    const issuedAt = clock.now();
    const login = await upstream.json({
      signal,
      ...renewalRequest(refreshToken, errorCodes),
    });
    // Whether refresh tokens rotate is not documented: where none comes, the old one goes on.
    return grantOf({ refreshToken, ...login }, issuedAt, account);
  }

  async function verify(token: string, options?: CallOptions): Promise<CryptlexAccount | undefined> {
    try {
      return await me(token, options, 'verify');
    } catch (error) {
      if (isLatchkeyError(error, 'token_rejected')) return undefined;
      throw error;
    }
  }

  async function entitlements(
    source: TokenSource,
    { id, signal }: CallOptions & { readonly id?: string } = {},
  ): Promise<Entitlement[]> {
    const query = id === undefined ? {} : { productId: { eq: id } };
    const { licenses } = cryptlexClient(viaUpstream(source));
    const now = clock.now();
    return (await licenses(query, { signal }).toArray()).flatMap((license) => {
      const entitlement = licenseEntitlement(license, now);
      return entitlement && (id === undefined || entitlement.id === id) ? [entitlement] : [];
    });
  }

  /** The same source, whose calls go through the HTTP side of this provider. */
  function viaUpstream(source: TokenSource): TokenSource {
    return {
      origin: source.origin,
      upstream,
      ...(source.actor && { actor: source.actor }),
      getToken: (options) => source.getToken(options),
      accepted: (token) => source.accepted?.(token),
    };
  }

  function grantOf(
    login: CryptlexLogin,
    issuedAt: number,
    account?: CryptlexAccount,
  ): Grant<CryptlexAccount> {
    const { accessToken, refreshToken } = login;
    const hint = jwtExpiry(accessToken);
    const endsAt = hint === undefined ? undefined : hint - upstream.skewMs();
    // A token that has ended before it began tells of a wrong clock, not of its end.
    const expiresAt = endsAt !== undefined && endsAt > issuedAt ? endsAt : undefined;
    return createGrant({ provider: name, accessToken, refreshToken, issuedAt, expiresAt, account });
  }

  function me(
    token: string,
    { signal }: CallOptions = {},
    purpose: Purpose = 'call',
  ): Promise<CryptlexAccount> {
    return upstream.json({
      ...meRequest(),
      purpose,
      token,
      signal,
      refused: callRefusal,
    });
  }
}
