import { knownFields, type Identity } from '@latchkey/core';

/** The account of somebody at LCLXchange, as the sign-in tells it. What it leaves open is absent. */
export interface LclxAccount {
  /** From the reply; where that has none, the address that was signed in with. */
  readonly email: string;
  readonly firstName?: string;
  readonly middleName?: string;
  readonly lastName?: string;
  readonly title?: string;
  readonly enabled?: boolean;
  /** `YYYY-MM-DD HH:MM:SS` without a zone: LCLXchange does not say in which one, so it stays text. */
  readonly lastLogin?: string;
  /** Absolute URL of a picture. */
  readonly imageUrl?: string;
  readonly company?: LclxCompany;
}

/** The company that the account belongs to. */
export interface LclxCompany {
  readonly name?: string;
  readonly address1?: string;
  readonly city?: string;
  readonly state?: string;
  /** Text, since leading zeros count. */
  readonly postal?: string;
  readonly country?: string;
  readonly phone?: string;
  /** Licence number as an ocean transport intermediary; text, since leading zeros count. */
  readonly otiLicense?: string;
}

/**
 * The account in common terms. The subject is the e-mail address in lower case: LCLXchange has no account id, so whoever
 * changes the address is somebody else to an application.
 */
export function lclxIdentity(provider: string, account: LclxAccount): Identity {
  const { email, firstName, middleName, lastName, imageUrl } = account;
  const name = [firstName, middleName, lastName].filter((part) => part !== undefined).join(' ');
  return knownFields({
    provider,
    subject: email.toLowerCase(),
    email,
    name: name === '' ? undefined : name,
    givenName: firstName,
    middleName,
    familyName: lastName,
    picture: imageUrl,
  });
}
