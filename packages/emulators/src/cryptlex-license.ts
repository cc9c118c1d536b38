import { sampleId } from './sample-id.js';

/** A licence as Cryptlex writes it. There is no status field: revoked before suspended before expired, else active. */
export interface CryptlexLicense {
  readonly id: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly key: string;
  readonly revoked: boolean;
  readonly suspended: boolean;
  readonly perpetual: boolean;
  readonly type: 'node-locked' | 'hosted-floating' | 'on-premise-floating';
  /** Seconds. */
  readonly validity: number;
  /** An ISO 8601 duration. */
  readonly subscriptionInterval: string | null;
  readonly totalActivations: number;
  readonly totalDeactivations: number;
  /** -1 and 0 mean unlimited. */
  readonly allowedActivations: number;
  readonly allowedDeactivations: number;
  readonly allowedFloatingClients: number;
  /** Seconds. */
  readonly leaseDuration: number;
  readonly expiresAt: string | null;
  readonly effectiveDate: string | null;
  readonly notes: string | null;
  readonly metadata: readonly { readonly key: string; readonly value: string; readonly visible?: boolean }[];
  readonly meterAttributes: readonly CryptlexMeterAttribute[];
  readonly product: CryptlexProduct;
  readonly productVersion: { readonly displayName: string } | null;
  readonly entitlementSet: { readonly name: string } | null;
}

/** What a licence is for. */
export interface CryptlexProduct {
  readonly id: string;
  readonly displayName: string;
  readonly iconUrl: string;
  readonly description: string;
}

/** Something whose uses a licence counts. */
export interface CryptlexMeterAttribute {
  readonly name: string;
  readonly allowedUses: number;
  readonly totalUses: number;
  readonly grossUses: number;
  readonly floating: boolean;
}

/** The licence with everything that was left out: an active, perpetual one for the first sample product. */
export function completeLicense(
  given: Partial<CryptlexLicense>,
  { id, createdAt }: { readonly id: string; readonly createdAt: string },
): CryptlexLicense {
  const perpetual = (given.expiresAt ?? null) === null;
  return {
    id,
    createdAt,
    updatedAt: given.createdAt ?? createdAt,
    key: sampleId(`key of ${given.id ?? id}`).toUpperCase(),
    revoked: false,
    suspended: false,
    perpetual,
    type: 'node-locked',
    validity: perpetual ? 0 : YEAR_SECONDS,
    subscriptionInterval: perpetual ? null : 'P1Y',
    totalActivations: 0,
    totalDeactivations: 0,
    allowedActivations: 1,
    allowedDeactivations: -1,
    allowedFloatingClients: 0,
    leaseDuration: 0,
    expiresAt: null,
    effectiveDate: null,
    notes: null,
    metadata: [],
    meterAttributes: [],
    product: sampleProduct(0),
    productVersion: null,
    entitlementSet: null,
    ...given,
  };
}

/** So many licences for a user: of every product, type and status in turn, one a day, the same in every run. */
export function sampleLicenses(email: string, count: number): readonly CryptlexLicense[] {
  return Array.from({ length: count }, (_, number) => sampleLicense(email, number));
}

const YEAR_SECONDS = 31_536_000;
const DAY_MS = 86_400_000;
const FIRST_CREATED_AT = Date.parse('2019-01-01T09:30:00.123Z');
const LONG_AGO = '2020-06-30T23:59:59.9999999Z';
const FAR_AWAY = '2099-12-31T00:00:00.0000000Z';

const productNames = ['Sample Editor', 'Sample Renderer', 'Sample Server', 'Sample Analytics'] as const;
const types = ['node-locked', 'hosted-floating', 'on-premise-floating'] as const;

/** Every status, and the pairs in which one outranks the other. */
const statuses: readonly Pick<CryptlexLicense, 'revoked' | 'suspended' | 'expiresAt'>[] = [
  { revoked: false, suspended: false, expiresAt: FAR_AWAY },
  { revoked: false, suspended: false, expiresAt: null },
  { revoked: false, suspended: false, expiresAt: LONG_AGO },
  { revoked: false, suspended: true, expiresAt: FAR_AWAY },
  { revoked: true, suspended: false, expiresAt: FAR_AWAY },
  { revoked: false, suspended: true, expiresAt: LONG_AGO },
  { revoked: true, suspended: true, expiresAt: LONG_AGO },
];

function sampleLicense(email: string, number: number): CryptlexLicense {
  const createdAt = sevenDigits(FIRST_CREATED_AT + number * DAY_MS);
  const floating = number % 3 > 0;
  return completeLicense(
    {
      ...statuses[number % statuses.length],
      type: types[number % 3] ?? 'node-locked',
      product: sampleProduct(number % productNames.length),
      allowedActivations: floating ? -1 : 2,
      allowedFloatingClients: floating ? 10 : 0,
      leaseDuration: floating ? 3_600 : 0,
      effectiveDate: number % 2 === 0 ? createdAt : null,
      notes: number % 5 === 0 ? 'Sample licence' : null,
      metadata: number % 2 === 0 ? [{ key: 'seat', value: String(number), visible: true }] : [],
      meterAttributes:
        number % 4 === 0
          ? [{ name: 'exports', allowedUses: 100, totalUses: 7, grossUses: 9, floating: false }]
          : [],
      productVersion: number % 2 === 1 ? { displayName: '2.1' } : null,
      entitlementSet: number % 3 === 0 ? { name: 'Professional' } : null,
    },
    { id: sampleId(`licence ${number} of ${email}`), createdAt },
  );
}

function sampleProduct(number: number): CryptlexProduct {
  const displayName = productNames[number] ?? productNames[0];
  return {
    id: sampleId(displayName),
    displayName,
    iconUrl: `https://example.com/icons/${number + 1}.png`,
    description: `${displayName}, a product of no company`,
  };
}

/** Cryptlex writes up to seven digits of a second. */
function sevenDigits(at: number): string {
  return new Date(at).toISOString().replace('Z', '4567Z');
}
