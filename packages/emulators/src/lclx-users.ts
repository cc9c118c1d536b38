import type { EmulatorUser } from './emulator.js';

/** A user of the LCLXchange emulator; all but the password is what a login answers, with its wire names. */
export interface LclxUser extends EmulatorUser {
  readonly firstname: string;
  readonly middlename: string;
  readonly lastname: string;
  readonly title: string;
  /** A disabled user signs in as well: the answer says so in its `enabled`. */
  readonly enabled: boolean;
  readonly lastlogin: string;
  readonly imageUrl: string;
  readonly company: Readonly<Record<string, string>>;
}

/** A user as a test writes it: what is left out is filled in with sample values. */
export type LclxUserInput = EmulatorUser & Partial<LclxUser>;

/** The user with everything that was left out. */
export function completeLclxUser(user: LclxUserInput): LclxUser {
  return {
    firstname: 'Sample',
    middlename: '',
    lastname: 'User',
    title: 'Logistics Manager',
    enabled: true,
    lastlogin: '2026-10-05 08:15:42',
    imageUrl: 'https://example.com/images/sample_avatar.png',
    company: {
      name: 'Example Freight & Sons',
      address1: 'Suite 100',
      city: 'Boston',
      state: 'MA',
      postal: '02110',
      country: 'UNITED STATES',
      phone: '+1 (555) 010-0100',
      otilicense: '001234',
    },
    ...user,
  };
}

/** The users that can sign in when a test names none: the first as documented, the second sparse, the third disabled. */
export const sampleLclxUsers: readonly LclxUserInput[] = [
  { email: 'demo@example.com', password: 'sample-password-1' },
  {
    email: 'second@example.com',
    password: 'sample-password-2',
    firstname: 'Second',
    middlename: 'Q.',
    title: '',
    company: {
      name: 'Beispiel Spedition GmbH',
      address1: 'Musterstraße 1',
      city: 'Hamburg',
      state: '',
      postal: '20095',
      country: 'GERMANY',
      phone: '+49 40 5550100',
      otilicense: '',
    },
  },
  { email: 'disabled@example.com', password: 'sample-password-3', firstname: 'Disabled', enabled: false },
];
