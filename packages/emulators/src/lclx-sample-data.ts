import type { LclxRecord } from './lclx-lists.js';

/** Carriers, with the indexes and names of the documents. */
export const sampleCarriers: readonly LclxRecord[] = [
  { index: 1, name: 'A.P. Moller-Maersk Group' },
  { index: 3, name: 'CMA CGM' },
  { index: 4, name: 'China COSCO Shipping' },
  { index: 5, name: 'Evergreen Marine' },
  { index: 6, name: 'Hapag-Lloyd' },
  { index: '8', name: 'Hamburg Sud' },
  { index: 13, name: 'Hyundai Merchant Marine' },
  { index: '14', name: 'K Line' },
];

/** Currencies; the index is the numeric code of ISO 4217. */
export const sampleCurrencies: readonly LclxRecord[] = [
  { index: 32, name: 'Argentine Peso', code: 'ARS' },
  { index: 36, name: 'Australian Dollar', code: 'AUD' },
  { index: 124, name: 'Canadian Dollar', code: 'CAD' },
  { index: '156', name: 'Yuan Renminbi', code: 'CNY' },
  { index: 344, name: 'Hong Kong Dollar', code: 'HKD' },
  { index: 356, name: 'Indian Rupee', code: 'INR' },
  { index: 392, name: 'Yen', code: 'JPY' },
  { index: 410, name: 'Won', code: 'KRW' },
  { index: 702, name: 'Singapore Dollar', code: 'SGD' },
  { index: 756, name: 'Swiss Franc', code: 'CHF' },
  { index: 826, name: 'Pound Sterling', code: 'GBP' },
  { index: '840', name: 'US Dollar', code: 'USD' },
  { index: 978, name: 'Euro', code: 'EUR' },
  { index: 986, name: 'Brazilian Real', code: 'BRL' },
];

/**
 * Sailings that are all to come at `startedAt` (epoch milliseconds), cut-offs too, in the order of their departures: the
 * first leaves seven days after that day in UTC. Some indexes are numbers and some are text, as ids on this API are.
 */
export function sampleRoutes(startedAt: number): readonly LclxRecord[] {
  return [
    route(1, 'Shanghai, CN', 'Los Angeles, US', [7, 24], 4, 'COSCO Sample 1', 'America/Los_Angeles'),
    route(2, 'Ningbo, CN', 'Long Beach, US', [9, 27], '5', 'Ever Sample', 'America/Los_Angeles'),
    route('3', 'Shenzhen, CN', 'Rotterdam, NL', [11, 43], 1, 'Maersk Sample', 'Europe/Amsterdam'),
    route(4, 'Hong Kong, HK', 'Hamburg, DE', [12, 46], 6, 'Sample Express', 'Europe/Berlin'),
    route('5', 'Busan, KR', 'Seattle, US', [14, 26], '13', 'Hyundai Sample', 'America/Los_Angeles'),
    route(6, 'Tokyo, JP', 'Vancouver, CA', [15, 28], 14, 'Sample Bridge', 'America/Vancouver'),
    route(7, 'Singapore, SG', 'Sydney, AU', [16, 30], 3, 'CMA Sample', 'Australia/Sydney'),
    route(8, 'Nhava Sheva, IN', 'Felixstowe, GB', [17, 42], '3', 'CMA Sample 2', 'Europe/London'),
    route(9, 'Hamburg, DE', 'New York, US', [18, 30], 6, 'Sample Express 2', 'America/New_York'),
    route(10, 'Antwerp, BE', 'Santos, BR', [19, 37], '8', 'Cap Sample', 'America/Sao_Paulo'),
    route(
      '11',
      'Rotterdam, NL',
      'Buenos Aires, AR',
      [21, 44],
      8,
      'Cap Sample 2',
      'America/Argentina/Buenos_Aires',
    ),
    route(12, 'Savannah, US', 'Shanghai, CN', [23, 58], 4, 'COSCO Sample 2', 'Asia/Shanghai'),
  ];

  function route(
    index: number | string,
    origin: string,
    destination: string,
    [departure, arrival]: readonly [daysToDeparture: number, daysToArrival: number],
    carrier: number | string,
    vesselName: string,
    timezone: string,
  ): LclxRecord {
    return {
      index,
      origin,
      destination,
      cycutoff: `${dayAfter(startedAt, departure - 2)} 17:00:00`,
      cfscutoff: `${dayAfter(startedAt, departure - 3)} 12:00:00`,
      estDeparture: `${dayAfter(startedAt, departure)} 06:30:00`,
      estArrival: `${dayAfter(startedAt, arrival)} 21:15:00`,
      carrier,
      vesselName,
      voyageId: `0${30 + Number(index)}W`,
      timezone,
    };
  }
}

function dayAfter(at: number, days: number): string {
  return new Date(at + days * 86_400_000).toISOString().slice(0, 10);
}
