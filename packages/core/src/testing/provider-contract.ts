import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { createGrant, type Grant } from '../grant.js';
import { isLatchkeyError, type LatchkeyError } from '../latchkey-error.js';
import type { Provider } from '../provider.js';
import { staticTokenSource } from '../static-token-source.js';

/** `test` or `it` of vitest, jest or `node:test`. */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown;

/** A provider to be tested, and what is on its other side. Made anew for each test. */
export interface ProviderSetup<Credentials extends object, Account> {
  readonly provider: Provider<string, Credentials, Account>;
  /** Somebody who may sign in. */
  readonly credentials: Credentials & { readonly email: string; readonly password: string };
  /** How many requests have reached the other side. */
  requestCount(): number;
  /** Requests that one sign-in costs. Default: 1. */
  readonly signInCost?: number;
  /** Takes the other side down: from now on nothing listens there. Called again after a test that did so. */
  stop(): Promise<void>;
  /** Ends every token given so far, on the other side. Leave out where a provider has no `verify`. */
  revokeTokens?(): void;
}

/**
 * What every provider must do, as tests.
 *
 * ```js
 * import { test } from 'node:test';
 * providerContract(test, async () => ({ provider, credentials, requestCount, stop }));
 * ```
 *
 * @param test the runner's own function.
 * @param setup makes the provider and its other side, anew for each test; `stop` is called at the end.
 * @param options.has the optional methods that the provider must have, and no others. Default: none.
 */
export function providerContract<Credentials extends object, Account>(
  test: TestFunction,
  setup: () => Promise<ProviderSetup<Credentials, Account>>,
  { has = [] }: { readonly has?: readonly ('renew' | 'verify' | 'entitlements')[] } = {},
): void {
  const check = (name: string, body: (given: ProviderSetup<Credentials, Account>) => Promise<void>) =>
    test(`provider contract: ${name}`, async () => {
      const given = await setup();
      try {
        await body(given);
      } finally {
        await given.provider.upstream.close().finally(() => given.stop());
      }
    });

  check('its name, origin and audience can be keys', async ({ provider }) => {
    assert.match(provider.name, /^[a-z][a-z0-9-]*$/);
    assert.equal(new URL(provider.origin).origin, provider.origin);
    assert.equal(provider.upstream.origin, provider.origin);
    assert.ok(provider.audience.startsWith(provider.origin));
    assert.ok(Object.isFrozen(provider), 'a provider does not change');
  });

  check('a sign-in gives a grant', async ({ provider, credentials, requestCount, signInCost = 1 }) => {
    const before = Date.now();
    const grant = await provider.signIn(credentials);
    assert.equal(requestCount(), signInCost, 'requests that a sign-in costs');
    assert.equal(grant.provider, provider.name);
    assert.match(grant.accessToken, /^[\x21-\x7e]+$/);
    assert.ok(Math.abs(grant.issuedAt - before) < 60_000, 'issuedAt is the moment of the sign-in');
    if (grant.expiresAt !== undefined) assert.ok(grant.expiresAt > grant.issuedAt);
  });

  check('a grant does not show its tokens', async ({ provider, credentials }) => {
    const grant = await provider.signIn(credentials);
    const shown = [
      JSON.stringify(grant),
      JSON.stringify({ ...grant }),
      inspect(grant, { showHidden: true, getters: true, depth: null }),
      JSON.stringify(structuredClone({ ...grant })),
    ].join('\n');
    for (const secret of tokensOf(grant)) assert.ok(!shown.includes(secret), 'a token shows');
  });

  check('the account is the same person at each sign-in', async ({ provider, credentials }) => {
    const identities = [];
    for (let times = 0; times < 2; times += 1) {
      const grant = await provider.signIn(credentials);
      identities.push(provider.identify(await provider.account(grant)));
    }
    const [first, second] = identities;
    assert.equal(first?.provider, provider.name);
    assert.ok(first.subject.length > 0);
    assert.equal(first.subject, second?.subject);
  });

  check('T7: a grant of another provider is refused, and nothing is sent', async (given) => {
    const { provider, requestCount } = given;
    const foreign = createGrant<Account>({
      provider: 'another-provider',
      accessToken: 'foreign',
      issuedAt: 1,
    });
    for (const call of [() => provider.account(foreign), () => provider.renew?.(foreign)]) {
      await call()?.then(
        () => assert.fail('the grant of another provider was taken'),
        (error: unknown) => assert.ok(isLatchkeyError(error, 'invalid_input'), inspect(error)),
      );
    }
    assert.equal(requestCount(), 0);
  });

  check(
    'S4: a wrong password and an unknown address cannot be told apart',
    async ({ provider, credentials }) => {
      const wrong = await refusal(provider, { ...credentials, password: 'wrong-Pässword-1' });
      const unknown = await refusal(provider, { ...credentials, email: 'nobody-at-all@example.com' });
      assert.equal(wrong.code, 'invalid_credentials');
      assert.deepEqual(visible(unknown), visible(wrong));
    },
  );

  check(
    'F4: malformed credentials are refused before anything is sent',
    async ({ provider, credentials, requestCount }) => {
      const { email, password } = credentials;
      const malformed: unknown[] = [
        undefined,
        null,
        'text',
        [],
        {},
        { email },
        { password },
        ...[
          '',
          '\0',
          'a\0b',
          '\ud800',
          'x'.repeat(1_000_000),
          ['text'],
          { text: 'text' },
          1,
          true,
          null,
        ].flatMap((bad) => [
          { ...credentials, email: bad },
          { ...credentials, password: bad },
        ]),
        { ...credentials, email: `${email}\r\nX-Injected: 1` },
        JSON.parse(`{"__proto__":{"email":"${email}","password":${JSON.stringify(password)}}}`),
      ];
      for (const bad of malformed) {
        const error = await refusal(provider, bad);
        assert.equal(error.code, 'invalid_input', inspect(bad).slice(0, 80));
      }
      assert.equal(requestCount(), 0);
      assert.equal(({} as { email?: string }).email, undefined, 'the prototype of objects is as it was');
    },
  );

  check('F3: no error shows the password', async ({ provider, credentials, stop }) => {
    const password = 'canary-pässword-7f3a';
    const errors = [await refusal(provider, { ...credentials, password })];
    errors.push(await refusal(provider, { ...credentials, email: '', password }));
    await stop();
    errors.push(await refusal(provider, { ...credentials, password }));
    for (const error of errors) {
      const shown = `${inspect(error, { showHidden: true, getters: true, depth: null })}${error.stack}`;
      assert.ok(!shown.includes(password), error.code);
    }
  });

  check(
    'a signal that is aborted beforehand stops the sign-in',
    async ({ provider, credentials, requestCount }) => {
      const reason = new Error('no longer wanted');
      await assert.rejects(
        provider.signIn(credentials, { signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
      assert.equal(requestCount(), 0);
    },
  );

  check('a signal that is aborted meanwhile ends the sign-in', async ({ provider, credentials }) => {
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const signingIn = provider.signIn(credentials, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(signingIn, (error) => error === reason);
  });

  check('a provider that is down is upstream_unavailable', async ({ provider, credentials, stop }) => {
    await stop();
    const error = await refusal(provider, credentials);
    assert.equal(error.code, 'upstream_unavailable');
    assert.equal(error.provider, provider.name);
    assert.equal(error.retryable, true);
    assert.ok(error.cause instanceof Error, 'the cause is kept');
  });

  check('a closed provider is closed', async ({ provider, credentials, requestCount }) => {
    await provider.upstream.close();
    await provider.upstream.close();
    assert.equal((await refusal(provider, credentials)).code, 'closed');
    assert.equal(requestCount(), 0);
  });

  test('provider contract: it has the optional methods that it is said to have', async () => {
    const { provider, stop } = await setup();
    const optional = (['renew', 'verify', 'entitlements'] as const).filter((method) => provider[method]);
    await provider.upstream.close();
    await stop();
    assert.deepEqual(new Set(optional), new Set(has));
  });

  if (has.includes('renew')) {
    check('a renewal gives a grant for the same account', async ({ provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      const renewed = await provider.renew!(grant);
      assert.notEqual(renewed.accessToken, grant.accessToken);
      assert.ok(renewed.issuedAt >= grant.issuedAt);
      const [before, after] = [await provider.account(grant), await provider.account(renewed)];
      assert.equal(provider.identify(after).subject, provider.identify(before).subject);
    });
  }

  if (has.includes('verify')) {
    check(
      'verify tells whose token it is, until the token ends',
      async ({ provider, credentials, revokeTokens }) => {
        const grant = await provider.signIn(credentials);
        const account = await provider.verify!(grant.accessToken);
        assert.ok(account !== undefined);
        assert.equal(
          provider.identify(account).subject,
          provider.identify(await provider.account(grant)).subject,
        );
        assert.equal(await provider.verify!('no-token-of-theirs'), undefined);
        assert.ok(revokeTokens, 'setup must give revokeTokens for a provider that has verify');
        revokeTokens();
        assert.equal(await provider.verify!(grant.accessToken), undefined);
      },
    );
  }

  if (has.includes('entitlements')) {
    check('entitlements are those of the token', async ({ provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const all = await provider.entitlements!(staticTokenSource(accessToken, provider.origin));
      assert.ok(all.length > 0, 'the sample user has some');
      for (const { id, active } of all) {
        assert.ok(id.length > 0);
        assert.equal(typeof active, 'boolean');
      }
      const id = all[0]!.id;
      const one = await provider.entitlements!(staticTokenSource(accessToken, provider.origin), { id });
      assert.deepEqual(
        one,
        all.filter((entitlement) => entitlement.id === id),
      );
      await assert.rejects(
        provider.entitlements!(staticTokenSource('no-token-of-theirs', provider.origin)),
        (error) => isLatchkeyError(error, 'token_rejected'),
      );
    });
  }
}

async function refusal(provider: Provider, credentials: unknown): Promise<LatchkeyError> {
  try {
    await provider.signIn(credentials);
  } catch (error) {
    assert.ok(isLatchkeyError(error), `a LatchkeyError is thrown, not ${inspect(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: 'the sign-in was not refused' });
}

function visible({ code, message, status, upstreamCode, retryAfterMs }: LatchkeyError) {
  return { code, message, status, upstreamCode, retryAfterMs };
}

function tokensOf({ accessToken, refreshToken }: Grant): string[] {
  return refreshToken === undefined ? [accessToken] : [accessToken, refreshToken];
}
