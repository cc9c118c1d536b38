import type { Clock, Entitlement, Provider } from '@latchkey/core';
import {
  fakeProvider,
  type FakeAccount,
  type FakeCredentials,
  type FakeProvider,
} from '@latchkey/core/testing';

/** Somebody for a test. What is left out has its default. */
export interface TestUser {
  /** Default: `user@example.com`. */
  readonly email?: string | undefined;
  /** Default: `correct horse`. */
  readonly password?: string | undefined;
  /** Default: the e-mail address. */
  readonly name?: string | undefined;
  /** What the user may use: ids of what is active and does not end, or entitlements as a provider gives them. */
  readonly entitlements?: readonly (string | Entitlement)[] | undefined;
}

/** A provider in memory, whose users a test adds. */
export interface TestProvider<Name extends string = string> extends FakeProvider<Name> {
  entitlements: NonNullable<Provider['entitlements']>;
  /** Gives what the user signs in with. Of a user who is there already, what is given is changed. */
  addUser(user?: TestUser): FakeCredentials;
}

/**
 * Makes a provider for the tests of an application: in memory, without a network; see `fakeProvider` of core.
 *
 * @param name default: `test`.
 */
export function testProvider<const Name extends string = 'test'>(
  name: Name = 'test' as Name,
  options: { readonly users?: readonly TestUser[]; readonly clock?: Clock } = {},
): TestProvider<Name> {
  const { users: first = [{}], clock } = options;
  const users: (FakeCredentials & { readonly name: string; readonly held: readonly Entitlement[] })[] = [];
  const fake = fakeProvider({ name, users, ...(clock && { clock }) });

  const provider: TestProvider<Name> = Object.freeze({
    ...(fake as FakeProvider<Name>),

    addUser(user: TestUser = {}) {
      const { email = 'user@example.com' } = user;
      const at = users.findIndex((known) => known.email === email);
      const known = users[at] ?? { password: 'correct horse', name: email, held: [] };
      const { password = known.password, name = known.name, entitlements = known.held } = user;
      const held = entitlements.map((one) => (typeof one === 'string' ? { id: one, active: true } : one));
      users.splice(at < 0 ? users.length : at, 1, { email, password, name, held });
      return { email, password };
    },

    async entitlements(
      source: Parameters<NonNullable<Provider['entitlements']>>[0],
      { id }: { readonly id?: string } = {},
    ) {
      const account: FakeAccount | undefined = await fake.verify?.((await source.getToken()).value);
      const held = users.find(({ email }) => email === account?.email)?.held ?? [];
      return held.filter((one) => id === undefined || one.id === id);
    },
  });
  for (const user of first) provider.addUser(user);
  return provider;
}

export function isTestProvider(provider: object): provider is TestProvider {
  return 'addUser' in provider && typeof provider.addUser === 'function';
}
