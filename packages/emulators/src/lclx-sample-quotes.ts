import type { LclxRecord } from './lclx-lists.js';

/** An offer on a rate request. */
export interface LclxOffer {
  readonly requestIndex: number;
  /** True for an offer that was made from here: it is in the list of bids too. */
  readonly bid: boolean;
  /** As it is written on the wire. */
  readonly wire: LclxRecord;
}

/** The number of an offer, under whichever of its three names. */
export function offerIndexOf({ wire }: LclxOffer): number {
  return Number(wire['offerIndex'] ?? wire['offerId'] ?? wire['index']);
}

/** What a selected offer says about where the cargo is handed over. */
export const loadingDetails: LclxRecord = {
  loadingPOC: { name: 'Sample Contact', email: 'loading@example.com' },
  loadingCompany: {
    name: 'Example Loading Co.',
    address1: '1 Sample Pier',
    city: 'Newark',
    state: 'NJ',
    postal: '07114',
    country: 'UNITED STATES',
    fax: '+1 (555) 010-0101',
    otilicense: '000042',
  },
};

/** Rate requests. The same kind of value comes in several types, as on this API. */
export const sampleRateRequests: readonly LclxRecord[] = [
  rateRequest(1, 'Machine parts', 'Shipping', ['Shenzhen, CN', 'Rotterdam, NL'], { qty: 12, hazardous: 0 }),
  rateRequest('2', 'Paint', 'Shipping', ['Antwerp, BE', 'Santos, BR'], {
    qty: '4',
    hazardous: 1,
    packaging: 'Drum',
  }),
  rateRequest(3, 'Garments', 'Trucking', ['Los Angeles, US', 'Denver, US'], {
    hazardous: 'FALSE',
    notes: 'Keep dry.',
  }),
  rateRequest(4, 'Lithium batteries', 'Shipping', ['Busan, KR', 'Seattle, US'], {
    hazardous: true,
    weight: '310.5',
  }),
];

/** Offers on them: each of the names and types that are documented, one selected, one without rates and terms. */
export const sampleOffers: readonly LclxOffer[] = [
  offer(1, {
    offerId: '21',
    offerAmount: 1250.5,
    currencyId: 840,
    terms: 'Prepaid',
    rates: { documentation: 45 },
  }),
  offer(1, { offerIndex: '22', offerAmount: 1180, currencyIndex: 978 }),
  offer(2, { index: '23', offerAmount: 640, currencyIndex: '840', status: 'selected', ...loadingDetails }),
  { ...offer(4, { offerId: 24, offerAmount: '990.00', currencyId: 410, terms: 'Collect' }), bid: true },
];

function rateRequest(
  index: number | string,
  commodityname: string,
  requesttype: 'Trucking' | 'Shipping',
  [origin, destination]: readonly [origin: string, destination: string],
  different: LclxRecord,
): LclxRecord {
  return {
    index,
    commodityname,
    refId: `REF-${index}`,
    requesttype,
    status: 'Open',
    origin,
    destination,
    needdate: '2027-02-15 00:00:00',
    notes: '',
    qty: 1,
    packaging: 'Pallet',
    measureUnit: 'm',
    width: 0.8,
    height: 1.44,
    length: 1.2,
    massUnit: 'kg',
    weight: 420,
    hazardous: 0,
    incoterm: 'FOB',
    ...different,
  };
}

function offer(requestIndex: number, wire: LclxRecord): LclxOffer {
  return { requestIndex, bid: false, wire: { status: 'pending', ...wire } };
}
