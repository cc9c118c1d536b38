import type { RawRecord } from '@latchkey/core/wire';

/** A sailing that freight can be booked on. Moments are `YYYY-MM-DD HH:MM:SS`, local to `timezone`. */
export interface LclxRoute {
  readonly index: number;
  readonly origin?: string;
  readonly destination?: string;
  /** When full containers must be at the container yard. */
  readonly cyCutoff?: string;
  /** When loose freight must be at the container freight station. */
  readonly cfsCutoff?: string;
  readonly estDeparture?: string;
  readonly estArrival?: string;
  /** Index of the carrier. */
  readonly carrier?: number;
  readonly vesselName?: string;
  readonly voyageId?: string;
  /** Name of the zone in the IANA database. */
  readonly timezone?: string;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

/** A shipping company. */
export interface LclxCarrier {
  readonly index: number;
  readonly name?: string;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

/** A currency that offers are made in. */
export interface LclxCurrency {
  /** Looks like the numeric code of ISO 4217. */
  readonly index: number;
  readonly name?: string;
  /** The three letters of ISO 4217. */
  readonly code?: string;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}
