import type { CryptlexLicense } from './cryptlex-license.js';

/** What a licence is worth. */
export type LicenseStatus = 'active' | 'expired' | 'suspended' | 'revoked';

/**
 * What a licence is worth at a moment: revoked outranks suspended, and that outranks expired.
 *
 * @param at epoch milliseconds. Default: now.
 */
export function licenseStatus(
  { revoked, suspended, expiresAt }: Pick<CryptlexLicense, 'revoked' | 'suspended' | 'expiresAt'>,
  at: number = Date.now(),
): LicenseStatus {
  if (revoked) return 'revoked';
  if (suspended) return 'suspended';
  return expiresAt !== undefined && expiresAt <= at ? 'expired' : 'active';
}
