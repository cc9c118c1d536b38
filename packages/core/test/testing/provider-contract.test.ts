import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createGrant, isLatchkeyError, LatchkeyError, type Grant, type Provider } from '../../src/index.js';
import { fakeProvider, providerContract } from '../../src/testing/index.js';
import {
  smallProvider,
  type Account,
  type Credentials,
  type Definition,
  type SmallSetup,
} from './small-provider.js';

const optional = ['renew', 'verify', 'entitlements'] as const;

/** Runs the contract, and gives the names of the checks that failed. */
async function failing(
  setup: () => Promise<SmallSetup>,
  has: readonly (typeof optional)[number][] = optional,
): Promise<string[]> {
  const checks: [string, () => Promise<void>][] = [];
  providerContract((name, body) => checks.push([name.replace('provider contract: ', ''), body]), setup, {
    has,
  });
  expect(checks.length).toBe(13 + has.length);
  const failed: string[] = [];
  for (const [name, body] of checks) await body().catch(() => failed.push(name));
  return failed;
}

const spread = (grant: Grant<Account>, changes: object) => ({
  ...grant,
  accessToken: grant.accessToken,
  refreshToken: grant.refreshToken!,
  ...changes,
});

let subjects = 0;

describe('providerContract', () => {
  providerContract(it, () => smallProvider(), { has: optional });

  it('passes for a provider that keeps it, whatever the order in which its methods are named', async () => {
    expect(await failing(() => smallProvider())).toEqual([]);
    expect(await failing(() => smallProvider(), ['entitlements', 'verify', 'renew'])).toEqual([]);
  });

  it.each<[string, (definition: Definition) => Partial<Definition>, string[]]>([
    [
      'a sign-in that asks twice',
      ({ signIn }) => ({ signIn: (...given) => signIn(...given).then(() => signIn(...given)) }),
      ['a sign-in gives a grant'],
    ],
    [
      'a moment of issue that was not now',
      ({ signIn }) => ({
        signIn: async (...given) => createGrant(spread(await signIn(...given), { issuedAt: 0 })),
      }),
      ['a sign-in gives a grant'],
    ],
    [
      'a grant that shows its tokens',
      ({ signIn }) => ({ signIn: async (...given) => spread(await signIn(...given), {}) }),
      ['a grant does not show its tokens'],
    ],
    [
      'an account that is somebody else each time',
      () => ({ identify: () => ({ provider: 'small', subject: String((subjects += 1)) }) }),
      [
        'the account is the same person at each sign-in',
        'a renewal gives a grant for the same account',
        'verify tells whose token it is, until the token ends',
      ],
    ],
    [
      'another answer for an unknown address',
      ({ signIn }) => ({
        signIn: (credentials, options) =>
          signIn(credentials, options).catch((error: unknown) => {
            if (!isLatchkeyError(error, 'invalid_credentials') || !credentials.email.startsWith('nobody'))
              throw error;
            throw new LatchkeyError(error.code, { provider: 'small', status: 404 });
          }),
      }),
      ['S4: a wrong password and an unknown address cannot be told apart'],
    ],
    [
      'credentials that are not checked',
      () => ({ credentials: z.any() }),
      ['F4: malformed credentials are refused before anything is sent'],
    ],
    [
      'an error with the password in it',
      ({ signIn }) => ({
        signIn: ({ email, password }, options) =>
          signIn({ email, password }, options).catch((error: unknown) => {
            if (isLatchkeyError(error, 'invalid_credentials'))
              Object.assign(error, { context: { password } });
            throw error;
          }),
      }),
      ['F3: no error shows the password'],
    ],
    [
      'a signal that nobody listens to',
      ({ signIn }) => ({ signIn: (credentials) => signIn(credentials) }),
      ['a signal that is aborted meanwhile ends the sign-in'],
    ],
    [
      'another error when nothing listens',
      ({ signIn }) => ({
        signIn: (...given) =>
          signIn(...given).catch((error: unknown) => {
            throw isLatchkeyError(error, 'upstream_unavailable')
              ? new LatchkeyError('upstream_error', { provider: 'small' })
              : error;
          }),
      }),
      ['a provider that is down is upstream_unavailable'],
    ],
    [
      'a renewal that gives the old token again',
      () => ({ renew: async (grant) => createGrant(spread(grant, {})) }),
      ['a renewal gives a grant for the same account'],
    ],
    [
      'a verify that knows every token',
      () => ({ verify: async () => ({ id: 'u-1' }) }),
      ['verify tells whose token it is, until the token ends'],
    ],
    [
      'entitlements of everybody',
      () => ({ entitlements: async () => [{ id: 'one', active: true }] }),
      ['entitlements are those of the token'],
    ],
    [
      'entitlements that do not look at the id',
      ({ entitlements }) => ({ entitlements: (source) => entitlements!(source) }),
      ['entitlements are those of the token'],
    ],
  ])('finds %s', async (_, spoil, expected) => {
    expect(await failing(() => smallProvider(spoil))).toEqual(expected);
  });

  it.each<[string, (provider: Provider<'small', Credentials, Account>) => typeof provider, string[]]>([
    [
      'a name that is no key',
      (provider) => Object.freeze({ ...provider, name: 'Small' as 'small' }),
      [
        'its name, origin and audience can be keys',
        'a sign-in gives a grant',
        'the account is the same person at each sign-in',
        'a provider that is down is upstream_unavailable',
      ],
    ],
    [
      'a provider that can be changed',
      (provider) => ({ ...provider }),
      ['its name, origin and audience can be keys'],
    ],
    [
      'an audience elsewhere',
      (provider) => Object.freeze({ ...provider, audience: 'small' }),
      ['its name, origin and audience can be keys'],
    ],
    [
      'an upstream that does not close',
      (provider) => Object.freeze({ ...provider, upstream: { ...provider.upstream, close: async () => {} } }),
      ['a closed provider is closed'],
    ],
    [
      'a provider that takes the grants of others',
      (provider) =>
        Object.freeze({
          ...provider,
          renew: ({ accessToken, refreshToken = 'none', issuedAt, account }: Grant<Account>) =>
            provider.renew!(
              createGrant<Account>({ provider: 'small', accessToken, refreshToken, issuedAt, account }),
            ),
        }),
      ['T7: a grant of another provider is refused, and nothing is sent'],
    ],
    [
      'an optional method that nobody spoke of',
      ({ renew, ...provider }) => Object.freeze(renew ? provider : provider),
      ['it has the optional methods that it is said to have', 'a renewal gives a grant for the same account'],
    ],
  ])('finds %s', async (_, spoil, expected) => {
    expect(await failing(() => smallProvider(undefined, spoil))).toEqual(expected);
  });

  it('finds a method more than was said, and one that is missing', async () => {
    const name = 'it has the optional methods that it is said to have';
    expect(await failing(() => smallProvider(), ['verify'])).toEqual([name]);
    expect(await failing(() => smallProvider(), [])).toEqual([name]);
  });

  it('takes the other side down after each check, whether it failed or not', async () => {
    let started = 0;
    let stopped = 0;
    await failing(async () => {
      const setup = await smallProvider(() => ({ credentials: z.any() }));
      started += 1;
      let isUp = true;
      const stop = () => {
        if (isUp) stopped += 1;
        isUp = false;
        return setup.stop();
      };
      return { ...setup, stop };
    });
    expect(stopped).toBe(started);
  });

  it('does not take a provider without a network for one that keeps it', async () => {
    const failed = await failing(async () => {
      const provider = fakeProvider();
      const credentials = { email: 'user@example.com', password: 'correct horse' };
      const setup = { provider, credentials, requestCount: () => 0, stop: async () => {} };
      return setup as unknown as SmallSetup;
    }, ['verify']);
    expect(failed).toContain('a provider that is down is upstream_unavailable');
  });
});
