import { knownFields, type Query, type UpstreamRequest } from '@latchkey/core';
import { flag, listOf, number, readable, record, recordOf, required, text } from '@latchkey/core/wire';
import { z } from 'zod';
import type {
  Allowance,
  CryptlexLicense,
  CryptlexMetadata,
  CryptlexMeterAttribute,
} from './cryptlex-license.js';
import { moment } from './moment.js';

/** `GET /v3/me/licenses`: one page, from 1, of at most `limit` licences. */
export function licensesRequest(
  query: Query,
  page: number,
  limit: number,
): UpstreamRequest<CryptlexLicense[]> {
  return { path: '/v3/me/licenses', query: { ...query, page, limit }, schema: listOf(license) };
}

/** `GET /v3/me/licenses/{id}`. */
export function licenseRequest(id: string): UpstreamRequest<CryptlexLicense> {
  return { path: `/v3/me/licenses/${encodeURIComponent(id)}`, schema: license };
}

/** A bound on a number of times, of which -1 is none. */
const allowance = number.transform((bound): Allowance | undefined => (bound === -1 ? 'unlimited' : bound));

/** A bound on activations, of which 0 is none either. */
const activations = allowance.transform((bound): Allowance | undefined =>
  bound === 0 ? 'unlimited' : bound,
);

/** Seconds, as milliseconds. */
const span = allowance.transform((seconds) => (typeof seconds === 'number' ? seconds * 1000 : seconds));

/** Null where there is none; then its fields are absent too. */
const named = record.pipe(z.object({ displayName: text, name: text }));

const product = record
  .pipe(z.object({ id: text, displayName: text, description: text, iconUrl: text }))
  .transform(({ id, displayName, ...same }) =>
    id === undefined ? undefined : knownFields({ id, name: displayName, ...same }),
  );

const metadata = lenientList(
  record
    .pipe(z.object({ key: text, value: text }))
    .transform(({ key, value }): CryptlexMetadata | undefined =>
      key === undefined ? undefined : knownFields({ key, value }),
    ),
);

const meterAttributes = lenientList(
  record
    .pipe(
      z.object({ name: text, allowedUses: allowance, totalUses: number, grossUses: number, floating: flag }),
    )
    .transform(({ name, ...counts }): CryptlexMeterAttribute | undefined =>
      name === undefined ? undefined : knownFields({ name, ...counts }),
    ),
);

const license: z.ZodType<CryptlexLicense> = recordOf(
  {
    id: required(text),
    key: text,
    revoked: readable(flag),
    suspended: readable(flag),
    perpetual: flag,
    type: text,
    validity: span,
    subscriptionInterval: text,
    totalActivations: number,
    totalDeactivations: number,
    allowedActivations: activations,
    allowedDeactivations: allowance,
    allowedFloatingClients: allowance,
    leaseDuration: span,
    createdAt: moment,
    updatedAt: moment,
    expiresAt: readable(moment),
    effectiveDate: moment,
    notes: text,
    metadata,
    meterAttributes,
    product,
    productVersion: named,
    entitlementSet: named,
  },
  ({ revoked, suspended, validity, leaseDuration, effectiveDate, productVersion, entitlementSet, ...same }) =>
    knownFields({
      ...same,
      revoked: revoked ?? false,
      suspended: suspended ?? false,
      validityMs: validity,
      leaseDurationMs: leaseDuration,
      effectiveAt: effectiveDate,
      productVersion: productVersion.displayName ?? productVersion.name,
      entitlementSet: entitlementSet.name ?? entitlementSet.displayName,
    }),
);

/** A list; what is none is empty, and items that cannot be read are left out. */
function lenientList<T>(item: z.ZodType<T | undefined>): z.ZodType<T[]> {
  return z
    .unknown()
    .optional()
    .transform((list): unknown[] => (Array.isArray(list) ? (list as unknown[]) : []))
    .pipe(z.array(item))
    .transform((items) => items.filter((one) => one !== undefined));
}
