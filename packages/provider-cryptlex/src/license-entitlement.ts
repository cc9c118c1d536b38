import { knownFields, type Entitlement } from '@latchkey/core';
import type { CryptlexLicense } from './cryptlex-license.js';
import { licenseStatus } from './license-status.js';

/** A licence as an entitlement to its product; `undefined` for one that names no product. */
export function licenseEntitlement(license: CryptlexLicense, at: number): Entitlement | undefined {
  const { product, expiresAt } = license;
  if (!product) return undefined;
  return knownFields({
    id: product.id,
    name: product.name,
    active: licenseStatus(license, at) === 'active',
    expiresAt,
  });
}
