import { knownFields, type Identity } from '@latchkey/core';

/** The account of somebody at Cryptlex, as `GET /v3/me` tells it. Moments are epoch milliseconds. */
export interface CryptlexAccount {
  readonly id: string;
  readonly email: string;
  readonly name?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly role?: string;
  readonly company?: string;
  readonly twoFactorEnabled?: boolean;
  readonly googleSsoEnabled?: boolean;
  readonly createdAt?: number;
  readonly updatedAt?: number;
  readonly lastLoginAt?: number;
}

/** The account in common terms. The subject is the user id. */
export function cryptlexIdentity(provider: string, account: CryptlexAccount): Identity {
  const { id, email, firstName, lastName } = account;
  const parts = [firstName, lastName].filter((part) => part !== undefined).join(' ');
  return knownFields({
    provider,
    subject: id,
    email,
    name: account.name ?? (parts === '' ? undefined : parts),
    givenName: firstName,
    familyName: lastName,
  });
}
