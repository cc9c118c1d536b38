import type { CryptlexLicense } from './cryptlex-license.js';

/** What can be filtered and sorted by, under its name in a query. */
export interface LicenseField {
  readonly kind: 'text' | 'number' | 'date';
  /** One value, or several for a field of a list. */
  readonly read: (license: CryptlexLicense) => readonly (string | number | null)[];
}

/** The fields by name. */
export const licenseFields: ReadonlyMap<string, LicenseField> = mapOf<LicenseField>({
  id: { kind: 'text', read: ({ id }) => [id] },
  productId: { kind: 'text', read: ({ product }) => [product.id] },
  key: { kind: 'text', read: ({ key }) => [key] },
  type: { kind: 'text', read: ({ type }) => [type] },
  notes: { kind: 'text', read: ({ notes }) => [notes] },
  'metadata.key': { kind: 'text', read: ({ metadata }) => metadata.map(({ key }) => key) },
  'metadata.value': { kind: 'text', read: ({ metadata }) => metadata.map(({ value }) => value) },
  validity: { kind: 'number', read: ({ validity }) => [validity] },
  totalActivations: { kind: 'number', read: ({ totalActivations }) => [totalActivations] },
  allowedActivations: { kind: 'number', read: ({ allowedActivations }) => [allowedActivations] },
  createdAt: { kind: 'date', read: ({ createdAt }) => [readDate(createdAt)] },
  updatedAt: { kind: 'date', read: ({ updatedAt }) => [readDate(updatedAt)] },
  expiresAt: { kind: 'date', read: ({ expiresAt }) => [expiresAt === null ? null : readDate(expiresAt)] },
});

/**
 * The test that a parameter such as `expiresAt[gt]=2027-01-01` asks for, or what is wrong with it. A negative
 * operator asks it of all values, any other of one. Null is equal to nothing and neither above nor below anything.
 */
export function licenseFilter(name: string, operator: string, text: string): LicenseFilter | string {
  const field = licenseFields.get(name);
  if (field === undefined) return `There is no field ${name} to filter by.`;
  const compare = (field.kind === 'text' ? textOperators : orderOperators).get(operator);
  if (compare === undefined) return `The field ${name} has no operator ${operator}.`;
  const wanted = { text, number: text === '' ? Number.NaN : Number(text), date: readDate(text) }[field.kind];
  if (typeof wanted === 'number' && Number.isNaN(wanted))
    return `${name}[${operator}] must be a ${field.kind}.`;
  const test = (value: string | number | null) => value !== null && compare(value, wanted);
  if (NEGATIVE.has(operator)) {
    return (license) => field.read(license).every((value) => value === null || compare(value, wanted));
  }
  return (license) => field.read(license).some(test);
}

/** Says whether a licence is wanted. */
export type LicenseFilter = (license: CryptlexLicense) => boolean;

/** Epoch milliseconds of a date, in UTC where it does not say; `NaN` for what is none. */
export function readDate(text: string): number {
  return Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
}

type Compare = (value: string | number, wanted: string | number) => boolean;

const NEGATIVE = new Set(['ne', 'nc', 'nin']);

const textOperators = mapOf<Compare>({
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  sw: (value, wanted) => String(value).startsWith(String(wanted)),
  ew: (value, wanted) => String(value).endsWith(String(wanted)),
  cn: (value, wanted) => String(value).includes(String(wanted)),
  nc: (value, wanted) => !String(value).includes(String(wanted)),
  in: (value, wanted) => String(wanted).split(',').includes(String(value)),
  nin: (value, wanted) => !String(wanted).split(',').includes(String(value)),
});

const orderOperators = mapOf<Compare>({
  eq: (value, wanted) => value === wanted,
  ne: (value, wanted) => value !== wanted,
  gt: (value, wanted) => value > wanted,
  gte: (value, wanted) => value >= wanted,
  lt: (value, wanted) => value < wanted,
  lte: (value, wanted) => value <= wanted,
});

/** A map has none of the keys that every object has, such as `constructor`. */
function mapOf<Value>(entries: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(entries));
}
