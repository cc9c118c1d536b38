import type { Session } from '@latchkey/core';
import { cryptlexClient, licenseStatus, type CryptlexLicense } from '@latchkey/provider-cryptlex';
import { Injectable } from '@nestjs/common';
import { LicensePage } from './license-page.js';

/** The licences of a user of Cryptlex. */
@Injectable()
export class LicensesService {
  /** One page, the newest licences first. Pages are counted from 1. */
  async page(session: Session, number: number): Promise<LicensePage> {
    const first = (number - 1) * pageSize;
    // Cryptlex tells no total: one more than is shown says whether there is a next page.
    const found = await cryptlexClient(session)
      .licenses({ sort: '-createdAt', pageSize: Math.min(first + pageSize + 1, 100) })
      .toArray({ max: first + pageSize + 1 });
    return {
      page: number,
      hasMore: found.length > first + pageSize,
      licenses: found.slice(first, first + pageSize).map(summary),
    };
  }
}

const pageSize = 8;

function summary(license: CryptlexLicense): LicensePage['licenses'][number] {
  const { id, product, totalActivations = 0, allowedActivations = 'unlimited', expiresAt } = license;
  return {
    id,
    product: product?.name ?? 'Product without a name',
    status: licenseStatus(license),
    activations: totalActivations,
    allowedActivations: allowedActivations === 'unlimited' ? null : allowedActivations,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}
