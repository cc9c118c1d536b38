export { cryptlex, type CryptlexProvider } from './cryptlex.js';
export type { CryptlexOptions } from './cryptlex-options.js';
export type { CryptlexAccount } from './cryptlex-account.js';
export type { CryptlexCredentials } from './cryptlex-credentials.js';

export { cryptlexClient, type CryptlexClient, type CryptlexClientOptions } from './cryptlex-client.js';
export type {
  Allowance,
  CryptlexLicense,
  CryptlexMetadata,
  CryptlexMeterAttribute,
  CryptlexProduct,
} from './cryptlex-license.js';
export type { DateFilter, LicenseQuery, NumberFilter, TextFilter } from './license-query.js';
export type { LicenseList } from './license-list.js';
export { licenseStatus, type LicenseStatus } from './license-status.js';
