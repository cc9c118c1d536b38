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

/** Sailings. Some indexes are numbers and some are text, as ids on this API are. */
export const sampleRoutes: readonly LclxRecord[] = [
  route(
    1,
    'Shanghai, CN',
    'Los Angeles, US',
    ['2027-01-04', '2027-01-21'],
    4,
    'COSCO Sample 1',
    'America/Los_Angeles',
  ),
  route(
    2,
    'Ningbo, CN',
    'Long Beach, US',
    ['2027-01-06', '2027-01-24'],
    '5',
    'Ever Sample',
    'America/Los_Angeles',
  ),
  route(
    '3',
    'Shenzhen, CN',
    'Rotterdam, NL',
    ['2027-01-08', '2027-02-09'],
    1,
    'Maersk Sample',
    'Europe/Amsterdam',
  ),
  route(
    4,
    'Hong Kong, HK',
    'Hamburg, DE',
    ['2027-01-09', '2027-02-12'],
    6,
    'Sample Express',
    'Europe/Berlin',
  ),
  route(
    '5',
    'Busan, KR',
    'Seattle, US',
    ['2027-01-11', '2027-01-23'],
    '13',
    'Hyundai Sample',
    'America/Los_Angeles',
  ),
  route(
    6,
    'Tokyo, JP',
    'Vancouver, CA',
    ['2027-01-12', '2027-01-25'],
    14,
    'Sample Bridge',
    'America/Vancouver',
  ),
  route(7, 'Singapore, SG', 'Sydney, AU', ['2027-01-13', '2027-01-27'], 3, 'CMA Sample', 'Australia/Sydney'),
  route(
    8,
    'Nhava Sheva, IN',
    'Felixstowe, GB',
    ['2027-01-14', '2027-02-08'],
    '3',
    'CMA Sample 2',
    'Europe/London',
  ),
  route(
    9,
    'Hamburg, DE',
    'New York, US',
    ['2027-01-15', '2027-01-27'],
    6,
    'Sample Express 2',
    'America/New_York',
  ),
  route(
    10,
    'Antwerp, BE',
    'Santos, BR',
    ['2027-01-16', '2027-02-03'],
    '8',
    'Cap Sample',
    'America/Sao_Paulo',
  ),
  route(
    '11',
    'Rotterdam, NL',
    'Buenos Aires, AR',
    ['2027-01-18', '2027-02-10'],
    8,
    'Cap Sample 2',
    'America/Argentina/Buenos_Aires',
  ),
  route(
    12,
    'Savannah, US',
    'Shanghai, CN',
    ['2027-01-20', '2027-02-24'],
    4,
    'COSCO Sample 2',
    'Asia/Shanghai',
  ),
];

function route(
  index: number | string,
  origin: string,
  destination: string,
  [departure, arrival]: readonly [departure: string, arrival: string],
  carrier: number | string,
  vesselName: string,
  timezone: string,
): LclxRecord {
  return {
    index,
    origin,
    destination,
    cycutoff: `${daysBefore(departure, 2)} 17:00:00`,
    cfscutoff: `${daysBefore(departure, 3)} 12:00:00`,
    estDeparture: `${departure} 06:30:00`,
    estArrival: `${arrival} 21:15:00`,
    carrier,
    vesselName,
    voyageId: `0${30 + Number(index)}W`,
    timezone,
  };
}

function daysBefore(date: string, days: number): string {
  return new Date(Date.parse(date) - days * 86_400_000).toISOString().slice(0, 10);
}
