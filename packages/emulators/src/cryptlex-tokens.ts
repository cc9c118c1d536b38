import { randomBytes, randomUUID } from 'node:crypto';
import type { CryptlexBehaviour } from './cryptlex-behaviour.js';
import type { CryptlexUser } from './cryptlex-users.js';
import type { ProviderContext } from './emulator.js';
import { jsonWebToken } from './json-web-token.js';
import { tokenBook } from './token-book.js';

/** What a login and a renewal answer with. */
export interface CryptlexTokenPair {
  readonly accessToken: string;
  readonly refreshToken?: string;
}

/** The tokens that are out, of both kinds. */
export interface CryptlexTokens {
  readonly signIn: (user: CryptlexUser) => CryptlexTokenPair;
  /** `undefined` for a refresh token that is unknown, used up or expired. */
  readonly renew: (refreshToken: string) => CryptlexTokenPair | undefined;
  /** Who a live access token belongs to. Tokens are looked up, not verified. */
  readonly userOf: (accessToken: string | undefined) => CryptlexUser | undefined;
  readonly revokeAccessTokens: () => void;
  readonly revokeRefreshTokens: () => void;
}

/** No tokens yet; a new signing secret. */
export function cryptlexTokens(
  { behaviour: current, now, origin }: ProviderContext<CryptlexBehaviour>,
  users: readonly CryptlexUser[],
): CryptlexTokens {
  const secret = randomBytes(32);
  const accessTokens = tokenBook({ now });
  const refreshTokens = tokenBook({ now });

  const userBy = (id: string | undefined) => users.find((user) => user.id === id);

  function newAccessToken(user: CryptlexUser): string {
    const { opaqueTokens, noExp, accessTokenSeconds } = current();
    const issuedAt = now();
    const expiresAt = issuedAt + accessTokenSeconds * 1_000;
    const claims = {
      sub: user.id,
      email: user.email,
      jti: randomUUID(),
      iat: Math.floor(issuedAt / 1_000),
      ...(noExp ? {} : { exp: Math.floor(expiresAt / 1_000) }),
      aud: origin,
    };
    const token = opaqueTokens ? randomBytes(48).toString('base64url') : jsonWebToken(claims, secret);
    accessTokens.enter(token, { owner: user.id, expiresAt });
    return token;
  }

  function newRefreshToken(user: CryptlexUser): string {
    const token = randomBytes(32).toString('base64url');
    refreshTokens.enter(token, { owner: user.id, expiresAt: now() + current().refreshTokenSeconds * 1_000 });
    return token;
  }

  return {
    signIn(user) {
      const accessToken = newAccessToken(user);
      return current().refreshToken === 'none'
        ? { accessToken }
        : { accessToken, refreshToken: newRefreshToken(user) };
    },
    renew(refreshToken) {
      const user = userBy(refreshTokens.live(refreshToken)?.owner);
      if (user === undefined) return undefined;
      const accessToken = newAccessToken(user);
      switch (current().refreshToken) {
        case 'rotating':
          refreshTokens.revoke(refreshToken);
          return { accessToken, refreshToken: newRefreshToken(user) };
        case 'kept':
          return { accessToken, refreshToken };
        default:
          return { accessToken };
      }
    },
    userOf: (accessToken) => userBy(accessTokens.live(accessToken)?.owner),
    revokeAccessTokens: accessTokens.revokeAll,
    revokeRefreshTokens: refreshTokens.revokeAll,
  };
}
