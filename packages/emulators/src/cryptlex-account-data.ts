import { randomUUID } from 'node:crypto';
import type { Answer } from './answer.js';
import { cryptlexAnswer, cryptlexError, cryptlexInvalid, cryptlexUnauthorized } from './cryptlex-answers.js';
import type { CryptlexBehaviour } from './cryptlex-behaviour.js';
import { completeLicense, type CryptlexLicense } from './cryptlex-license.js';
import { queryLicenses } from './cryptlex-license-query.js';
import type { CryptlexTokens } from './cryptlex-tokens.js';
import type { CryptlexUser } from './cryptlex-users.js';
import type { ProviderContext } from './emulator.js';
import { bearerToken, type RecordedRequest } from './recorded-request.js';
import type { Route } from './route-table.js';

/** What a signed-in user can read, and the hands that change it. */
export interface CryptlexAccountData {
  readonly routes: readonly Route[];
  readonly addLicense: (email: string, license: Partial<CryptlexLicense>) => CryptlexLicense;
  readonly removeLicense: (id: string) => boolean;
}

/** `/v3/me` and the user's licences. */
export function cryptlexAccountData(
  { behaviour, now }: ProviderContext<CryptlexBehaviour>,
  users: readonly CryptlexUser[],
  tokens: CryptlexTokens,
): CryptlexAccountData {
  const licenses = new Map(users.map((user) => [user.id, user.licenses]));
  const licensesOf = ({ id }: CryptlexUser) => licenses.get(id) ?? [];

  const route = (
    path: string,
    answer: (user: CryptlexUser, request: RecordedRequest, id: string) => Answer,
  ): Route => ({
    method: 'GET',
    path,
    answer(request, id) {
      const user = tokens.userOf(bearerToken(request));
      return user === undefined ? cryptlexUnauthorized(behaviour()) : answer(user, request, id);
    },
  });

  function list(user: CryptlexUser, { query }: RecordedRequest): Answer {
    const page = queryLicenses(licensesOf(user), query, now());
    return typeof page === 'string'
      ? cryptlexInvalid({ query: [page] })
      : cryptlexAnswer(page, behaviour(), nullableInLicense);
  }

  function single(user: CryptlexUser, id: string): Answer {
    const license = licensesOf(user).find((one) => one.id === id);
    return license === undefined
      ? cryptlexError(404, 'LICENSE_NOT_FOUND', 'There is no license with this id.')
      : cryptlexAnswer(license, behaviour(), nullableInLicense);
  }

  return {
    routes: [
      route('/v3/me', (user) => cryptlexAnswer(profile(user, behaviour()), behaviour(), nullableInProfile)),
      route('/v3/me/licenses', list),
      route('/v3/me/licenses/{id}', (user, _request, id) => single(user, id)),
    ],
    addLicense(email, given) {
      const user = users.find((one) => one.email === email);
      if (user === undefined) throw new TypeError(`No user of this emulator has the address ${email}.`);
      const license = completeLicense(given, { id: randomUUID(), createdAt: new Date(now()).toISOString() });
      licenses.set(user.id, [...licensesOf(user), license]);
      return license;
    },
    removeLicense(id) {
      const owner = users.find((user) => licensesOf(user).some((license) => license.id === id));
      if (owner === undefined) return false;
      licenses.set(
        owner.id,
        licensesOf(owner).filter((license) => license.id !== id),
      );
      return true;
    },
  };
}

const nullableInLicense = [
  'expiresAt',
  'effectiveDate',
  'notes',
  'subscriptionInterval',
  'productVersion',
  'entitlementSet',
];

const nullableInProfile = [
  ...[
    'createdAt',
    'updatedAt',
    'name',
    'firstName',
    'lastName',
    'role',
    'twoFactorEnabled',
    'googleSsoEnabled',
  ],
  ...['lastLoginAt', 'company'],
];

function profile(user: CryptlexUser, { secondFactor }: CryptlexBehaviour): object {
  return {
    id: user.id,
    createdAt: '2024-01-15T10:00:00.1234567Z',
    updatedAt: '2026-10-05T08:15:42.1234567Z',
    name: `${user.firstName} ${user.lastName}`.trim(),
    firstName: user.firstName,
    lastName: user.lastName,
    email: user.email,
    role: user.role,
    twoFactorEnabled: secondFactor || user.twoFactorCode !== undefined,
    googleSsoEnabled: false,
    lastLoginAt: user.lastLoginAt,
    company: user.company,
  };
}
