import { z } from 'zod';
import { systemClock, type Clock } from '../clock.js';
import { createUpstream } from '../create-upstream.js';
import { credentialText, emailText } from '../credential-text.js';
import { defineProvider } from '../define-provider.js';
import type { ErrorCode } from '../error-code.js';
import { createGrant, type Grant } from '../grant.js';
import { LatchkeyError } from '../latchkey-error.js';
import type { CallOptions, Provider } from '../provider.js';

export interface FakeCredentials {
  readonly email: string;
  readonly password: string;
}

export interface FakeAccount {
  readonly email: string;
  readonly name: string;
}

/** Somebody who may sign in. */
export interface FakeUser extends FakeCredentials {
  /** Default: the e-mail address. */
  readonly name?: string;
}

/** A provider without a network, whose outcomes a test decides. */
export interface FakeProvider<Name extends string = string> extends Provider<
  Name,
  FakeCredentials,
  FakeAccount
> {
  /** Sign-ins and renewals asked of it so far, refused ones included. */
  readonly calls: { readonly signIn: number; readonly renew: number };
  /** Has the next sign-in or renewal fail with this error. Several queue up. */
  failNext(error: LatchkeyError | ErrorCode): void;
  /** Ends every access token given so far: `verify` no longer knows them. */
  revokeTokens(): void;
}

/**
 * Makes a provider for the tests of applications: in memory, at once, on any clock.
 *
 * @param options.name default: `fake`.
 * @param options.users default: one, `user@example.com` with the password `correct horse`.
 * @param options.lifetimeMs of access tokens; `undefined` for a provider that does not say. Default: one hour.
 * @param options.renewable whether it gives refresh tokens. Default: false.
 */
export function fakeProvider<const Name extends string = 'fake'>(
  options: {
    readonly name?: Name;
    readonly users?: readonly FakeUser[];
    readonly lifetimeMs?: number | undefined;
    readonly renewable?: boolean;
    readonly clock?: Clock;
  } = {},
): FakeProvider<NoInfer<Name>> {
  const { users = [{ email: 'user@example.com', password: 'correct horse' }], renewable = false } = options;
  const name = (options.name ?? 'fake') as Name;
  const clock = options.clock ?? systemClock;
  const lifetimeMs = 'lifetimeMs' in options ? options.lifetimeMs : 3_600_000;
  const calls = { signIn: 0, renew: 0 };
  const failures: LatchkeyError[] = [];
  const live = new Map<string, { readonly account: FakeAccount; readonly expiresAt: number }>();
  let issued = 0;

  const provider = defineProvider<Name, FakeCredentials, FakeAccount>({
    name,
    // Nothing connects to it: port 9 is the one of the discard protocol.
    upstream: createUpstream({ name, origin: 'http://localhost:9', clock }),
    credentials: z.object({ email: emailText(), password: credentialText(256) }),

    async signIn({ email, password }, options) {
      calls.signIn += 1;
      await Promise.resolve();
      options?.signal?.throwIfAborted();
      failIfAsked();
      const user = users.find((one) => one.email === email && one.password === password);
      if (!user) throw new LatchkeyError('invalid_credentials', { provider: name });
      return grantFor({ email, name: user.name ?? email });
    },

    ...(renewable && {
      async renew({ account, refreshToken }: Grant<FakeAccount>, options?: CallOptions) {
        calls.renew += 1;
        await Promise.resolve();
        options?.signal?.throwIfAborted();
        failIfAsked();
        if (!account || refreshToken === undefined)
          throw new LatchkeyError('token_rejected', { provider: name });
        return grantFor(account);
      },
    }),

    verifiesAudience: true,
    async verify(token) {
      const known = live.get(token);
      return known && known.expiresAt > clock.now() ? known.account : undefined;
    },
    identify: ({ email, name: fullName }) => ({ provider: name, subject: email, email, name: fullName }),
  });

  return Object.freeze({
    ...provider,
    calls,
    failNext(error: LatchkeyError | ErrorCode) {
      failures.push(typeof error === 'string' ? new LatchkeyError(error, { provider: name }) : error);
    },
    revokeTokens: () => live.clear(),
  });

  function failIfAsked() {
    const failure = failures.shift();
    if (failure) throw failure;
  }

  function grantFor(account: FakeAccount): Grant<FakeAccount> {
    issued += 1;
    const issuedAt = clock.now();
    const accessToken = `${name}-access-${issued}`;
    live.set(accessToken, { account, expiresAt: issuedAt + (lifetimeMs ?? Infinity) });
    return createGrant({
      provider: name,
      accessToken,
      refreshToken: renewable ? `${name}-refresh-${issued}` : undefined,
      issuedAt,
      expiresAt: lifetimeMs === undefined ? undefined : issuedAt + lifetimeMs,
      account,
    });
  }
}
