import { type CryptlexLicense, completeLicense, sampleLicenses } from './cryptlex-license.js';
import type { EmulatorUser } from './emulator.js';
import { sampleId } from './sample-id.js';

/** A user of the Cryptlex emulator. */
export interface CryptlexUser extends EmulatorUser {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string | null;
  readonly role: string;
  readonly lastLoginAt: string | null;
  /** The six digits that are always right; `undefined` for a user without a second factor. */
  readonly twoFactorCode: string | undefined;
  /** Each of them is right once, instead of the code. */
  readonly recoveryCodes: readonly string[];
  /** Locked for good: neither the right password nor `advance` opens it. */
  readonly locked: boolean;
  /** The licences at the start, oldest first. */
  readonly licenses: readonly CryptlexLicense[];
}

/** A user as a test writes it: what is left out is filled in; a number of licences means so many sample ones. */
export type CryptlexUserInput = EmulatorUser &
  Partial<Omit<CryptlexUser, 'licenses'>> & {
    readonly licenses?: number | readonly Partial<CryptlexLicense>[];
  };

/** The user with everything that was left out. */
export function completeCryptlexUser({ licenses = 0, ...user }: CryptlexUserInput): CryptlexUser {
  return {
    id: sampleId(`user ${user.email}`),
    firstName: 'Sample',
    lastName: 'User',
    company: 'Example Ltd.',
    role: 'user',
    lastLoginAt: '2026-10-05T08:15:42.1234567Z',
    twoFactorCode: undefined,
    recoveryCodes: [],
    locked: false,
    ...user,
    licenses:
      typeof licenses === 'number'
        ? sampleLicenses(user.email, licenses)
        : licenses.map((license, number) => completeLicense(license, firstSeen(user.email, number))),
  };
}

/** The users that can sign in when a test names none. */
export const sampleCryptlexUsers: readonly CryptlexUserInput[] = [
  { email: 'demo@example.com', password: 'sample-password-1', licenses: 6 },
  {
    email: 'factor@example.com',
    password: 'sample-password-2',
    lastName: '',
    twoFactorCode: '123456',
    recoveryCodes: ['sample-recovery-code'],
    licenses: 1,
  },
  { email: 'locked@example.com', password: 'sample-password-3', locked: true },
  { email: 'many@example.com', password: 'sample-password-4', company: null, licenses: 237 },
];

function firstSeen(email: string, number: number): { id: string; createdAt: string } {
  const day = new Date(Date.UTC(2025, 0, 1 + number)).toISOString();
  return { id: sampleId(`given licence ${number} of ${email}`), createdAt: day };
}
