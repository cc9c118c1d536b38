import type { RawRecord } from '@latchkey/core/wire';

/** How often something may be done. Cryptlex writes -1 for unlimited, and for activations 0 too. */
export type Allowance = number | 'unlimited';

/**
 * A licence. Moments are epoch milliseconds, spans are milliseconds. What Cryptlex leaves open is absent; `licenseStatus`
 * tells what it is worth now, since there is no field for that.
 */
export interface CryptlexLicense {
  readonly id: string;
  readonly key?: string;
  readonly revoked: boolean;
  readonly suspended: boolean;
  readonly perpetual?: boolean;
  /** `node-locked`, `hosted-floating` or `on-premise-floating`. */
  readonly type?: string;
  /** How long it is good for from its start. */
  readonly validityMs?: Allowance;
  /** An ISO 8601 duration. */
  readonly subscriptionInterval?: string;
  readonly totalActivations?: number;
  readonly totalDeactivations?: number;
  readonly allowedActivations?: Allowance;
  readonly allowedDeactivations?: Allowance;
  readonly allowedFloatingClients?: Allowance;
  readonly leaseDurationMs?: Allowance;
  readonly createdAt?: number;
  readonly updatedAt?: number;
  /** Absent: it does not expire. */
  readonly expiresAt?: number;
  readonly effectiveAt?: number;
  readonly notes?: string;
  readonly metadata: readonly CryptlexMetadata[];
  readonly meterAttributes: readonly CryptlexMeterAttribute[];
  readonly product?: CryptlexProduct;
  /** Display name of the version of the product. */
  readonly productVersion?: string;
  /** Name of the set. */
  readonly entitlementSet?: string;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

/** What a licence is for. */
export interface CryptlexProduct {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly iconUrl?: string;
}

/** Something that was noted with a licence. */
export interface CryptlexMetadata {
  readonly key: string;
  readonly value?: string;
}

/** Something whose uses a licence counts. */
export interface CryptlexMeterAttribute {
  readonly name: string;
  readonly allowedUses?: Allowance;
  readonly totalUses?: number;
  readonly grossUses?: number;
  readonly floating?: boolean;
}
