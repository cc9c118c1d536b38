import { describe, expect, it } from 'vitest';
import { licenseStatus, type LicenseStatus } from '../src/index.js';
import { licenseEntitlement } from '../src/license-entitlement.js';

const at = Date.UTC(2026, 0, 1);

describe('the status of a licence', () => {
  it.each<[LicenseStatus, boolean, boolean, number | undefined]>([
    ['active', false, false, undefined],
    ['active', false, false, at + 1],
    ['expired', false, false, at],
    ['expired', false, false, at - 1],
    ['suspended', false, true, undefined],
    ['suspended', false, true, at + 1],
    ['suspended', false, true, at - 1],
    ['revoked', true, false, undefined],
    ['revoked', true, false, at - 1],
    ['revoked', true, true, at + 1],
    ['revoked', true, true, at - 1],
  ])('is %s where revoked is %j, suspended %j and the end %j', (status, revoked, suspended, expiresAt) => {
    const license = { revoked, suspended, ...(expiresAt !== undefined && { expiresAt }) };
    expect(licenseStatus(license, at)).toBe(status);
  });

  it('is that of now unless a moment is named', () => {
    const license = (expiresAt: number) => ({ revoked: false, suspended: false, expiresAt });
    expect(licenseStatus(license(Date.now() - 1000))).toBe('expired');
    expect(licenseStatus(license(Date.now() + 60_000))).toBe('active');
  });
});

describe('a licence as an entitlement', () => {
  const license = {
    id: 'licence',
    revoked: false,
    suspended: false,
    expiresAt: at,
    metadata: [],
    meterAttributes: [],
    raw: {},
  };

  it('is to its product, and active by the status at that moment', () => {
    const named = { ...license, product: { id: 'product', name: 'Editor' } };
    expect(licenseEntitlement(named, at - 1)).toEqual({
      id: 'product',
      name: 'Editor',
      active: true,
      expiresAt: at,
    });
    expect(licenseEntitlement(named, at)).toMatchObject({ active: false });
    expect(licenseEntitlement({ ...named, suspended: true }, at - 1)).toMatchObject({ active: false });
  });

  it('is none where it names no product', () => {
    expect(licenseEntitlement(license, at)).toBeUndefined();
  });
});
