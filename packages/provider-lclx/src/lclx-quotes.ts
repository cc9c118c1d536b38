import type { RawRecord } from '@latchkey/core/wire';

/** What is to be shipped: the part that requests and the offers for them have in common. */
export interface LclxCargo {
  readonly commodityName?: string;
  readonly origin?: string;
  readonly destination?: string;
  /** `YYYY-MM-DD HH:MM:SS`; LCLXchange does not say in which zone. */
  readonly needDate?: string;
  readonly notes?: string;
  readonly quantity?: number;
  readonly packaging?: string;
  /** Unit of width, height and length, such as `m`. */
  readonly measureUnit?: string;
  readonly width?: number;
  readonly height?: number;
  readonly length?: number;
  /** Unit of weight, such as `kg`. */
  readonly massUnit?: string;
  readonly weight?: number;
  readonly status?: string;
}

/** A request for rates. */
export interface LclxRateRequest extends LclxCargo {
  readonly index: number;
  readonly refId?: string;
  /** `Trucking` or `Shipping`. */
  readonly requestType?: string;
  readonly hazardous?: boolean;
  /** A term of the ICC, such as `FOB`. */
  readonly incoterm?: string;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

/** A request with the offers made for it. */
export interface LclxOfferedRequest extends LclxCargo {
  readonly index: number;
  readonly offers: readonly LclxOffer[];
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

/** An offer. */
export interface LclxOffer {
  readonly index?: number;
  readonly amount?: number;
  /** Index of the currency. */
  readonly currencyIndex?: number;
  /** `pending` or `selected`. */
  readonly status?: string;
  readonly terms?: string;
  /** Fees by name, in the currency of the offer. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Whom to ask at the place of loading; known once the offer is selected. */
  readonly loadingContact?: LclxLoadingContact;
  /** Where to load; known once the offer is selected. */
  readonly loadingCompany?: LclxLoadingCompany;
  /** The record as it came, for what has no name here. */
  readonly raw: RawRecord;
}

export interface LclxLoadingContact {
  readonly name?: string;
  readonly email?: string;
}

export interface LclxLoadingCompany {
  readonly name?: string;
  readonly address1?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postal?: string;
  readonly country?: string;
  readonly fax?: string;
  readonly otiLicense?: string;
}

/** A request for rates that is to be made. Lengths are in metres, the weight in kilograms. */
export interface LclxRequestToSubmit {
  readonly origin: string;
  readonly destination: string;
  /** `YYYY-MM-DD HH:MM:SS`. */
  readonly arrival: string;
  readonly commodityName: string;
  readonly requestType: 'Trucking' | 'Shipping';
  readonly packaging: string;
  readonly quantity: number;
  readonly length: number;
  readonly width: number;
  readonly height: number;
  readonly weight: number;
  readonly incoterm: string;
  readonly hazardous: boolean;
}

/** An offer that is to be made. */
export interface LclxOfferToSubmit {
  /** Index of the request it is for. */
  readonly requestIndex: number;
  readonly amount: number;
  /** Index of the currency. */
  readonly currencyIndex: number;
  /** Fees by name, in that currency. Default: none. */
  readonly rates?: Readonly<Record<string, number>> | undefined;
  /** Default: none. */
  readonly terms?: string | undefined;
}
