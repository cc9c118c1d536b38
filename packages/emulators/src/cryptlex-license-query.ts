import type { CryptlexLicense } from './cryptlex-license.js';
import { type LicenseFilter, licenseFields, licenseFilter, readDate } from './cryptlex-license-filter.js';
import type { RecordedRequest } from './recorded-request.js';

/**
 * One page of licences as a query asks for it: filtered, searched, sorted (oldest first unless it says otherwise),
 * cut. A text says what is wrong with the query. Parameters that nobody knows are ignored, unknown filters are not.
 */
export function queryLicenses(
  licenses: readonly CryptlexLicense[],
  query: RecordedRequest['query'],
  now: number,
): readonly CryptlexLicense[] | string {
  const filters: LicenseFilter[] = [];
  const given = Object.entries(query).map(([name, value]) => [name, [value].flat().at(-1) ?? ''] as const);
  for (const [name, value] of given) {
    const filter = readFilter(name, value, now);
    if (typeof filter === 'string') return filter;
    if (filter !== undefined) filters.push(filter);
  }
  const values = new Map(given);
  const page = readWhole(values.get('page') ?? '1');
  const limit = readWhole(values.get('limit') ?? '25');
  if (!(page >= 1)) return 'page must be a whole number from 1.';
  if (!(limit >= 1 && limit <= 100)) return 'limit must be a whole number from 1 to 100.';
  const order = readOrder(values.get('sort') ?? 'createdAt');
  if (typeof order === 'string') return order;
  return licenses
    .filter((license) => filters.every((wanted) => wanted(license)))
    .toSorted(order)
    .slice((page - 1) * limit, page * limit);
}

function readFilter(name: string, value: string, now: number): LicenseFilter | string | undefined {
  if (name === 'search') return searched(value.toLowerCase());
  if (Object.hasOwn(flags, name)) {
    if (value !== 'true' && value !== 'false') return `${name} must be true or false.`;
    return (license) => flags[name]?.(license, now) === (value === 'true');
  }
  const [, field, operator] = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name) ?? [];
  return field === undefined || operator === undefined ? undefined : licenseFilter(field, operator, value);
}

const flags: Readonly<Record<string, (license: CryptlexLicense, now: number) => boolean>> = {
  revoked: ({ revoked }) => revoked,
  suspended: ({ suspended }) => suspended,
  perpetual: ({ perpetual }) => perpetual,
  expired: ({ expiresAt }, now) => expiresAt !== null && readDate(expiresAt) <= now,
};

function searched(text: string): LicenseFilter {
  return ({ key, notes, product }) =>
    [key, notes ?? '', product.displayName].some((one) => one.toLowerCase().includes(text));
}

const readWhole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : Number.NaN);

/** The order of `createdAt` or `-createdAt`. Null comes before everything else. */
function readOrder(sort: string): ((a: CryptlexLicense, b: CryptlexLicense) => number) | string {
  const name = sort.replace(/^-/, '');
  const field = licenseFields.get(name);
  if (field === undefined) return `There is no field ${name} to sort by.`;
  const direction = sort.startsWith('-') ? -1 : 1;
  return (a, b) => direction * compared(field.read(a)[0] ?? null, field.read(b)[0] ?? null);
}

function compared(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}
