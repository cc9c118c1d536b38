import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LclxEmulator, startLclxEmulator } from '../src/index.js';
import { ask, at, lclxToken } from './ask.js';

let emulator: LclxEmulator;
let origin: string;
let token: string;

beforeEach(async () => {
  emulator = await startLclxEmulator();
  ({ origin } = emulator);
  token = await lclxToken(origin);
});
afterEach(() => emulator.stop());

const get = (path: string) => ask(origin, `GET ${path}`, { token });
const post = (path: string, body: unknown) => ask(origin, `POST ${path}`, { token, body });

const cargo = {
  origin: 'Hamburg, DE',
  destination: 'New York, US',
  arrival: '2027-03-01 00:00:00',
  commodityname: 'Books',
  requesttype: 'Shipping',
  packaging: 'Pallet',
  quantity: 3,
  length: 1.2,
  width: 0.8,
  height: 1.1,
  weight: 640,
  incoterm: 'FOB',
  hazardous: 0,
};

describe('the sample quotes', () => {
  it('write the same things under several names and types', async () => {
    const requests = Object.values((await get('/api/quote/request')).at('raterequests') as object);
    expect(requests.map((one) => at(one, 'hazardous'))).toEqual([0, 1, 'FALSE', true]);
    const offered = Object.values((await get('/api/quote/offer')).at('offers') as object);
    const offers = offered.flatMap((one) => Object.values(at(one, 'offer') as object) as object[]);
    const names = new Set(offers.flatMap((one) => Object.keys(one)));
    for (const name of ['offerId', 'offerIndex', 'index', 'currencyId', 'currencyIndex', 'loadingPOC']) {
      expect(names).toContain(name);
    }
    expect(new Set(offers.map((one) => at(one, 'status')))).toEqual(new Set(['pending', 'selected']));
  });
});

describe('submitrequest', () => {
  it('answers with the rate request, in a list of one, and keeps it', async () => {
    const answer = await post('/api/quote/submitrequest', cargo);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      raterequests: {
        0: {
          index: 5,
          commodityname: 'Books',
          refId: 'REF-5',
          requesttype: 'Shipping',
          status: 'Open',
          origin: 'Hamburg, DE',
          destination: 'New York, US',
          needdate: '2027-03-01 00:00:00',
          notes: '',
          qty: 3,
          packaging: 'Pallet',
          measureUnit: 'm',
          width: 0.8,
          height: 1.1,
          length: 1.2,
          massUnit: 'kg',
          weight: 640,
          hazardous: 0,
          incoterm: 'FOB',
        },
      },
    });
    expect((await get('/api/quote/request')).at('raterequests.4')).toEqual(answer.at('raterequests.0'));
    expect((await post('/api/quote/submitrequest', cargo)).at('raterequests.0.index')).toBe(6);
  });

  it.each([
    [undefined, 'The body must be a JSON object.'],
    [[cargo], 'The body must be a JSON object.'],
    ['text', 'The body must be a JSON object.'],
    [{ ...cargo, origin: undefined }, 'The field origin must be a text.'],
    [{ ...cargo, arrival: '2027-03-01' }, 'The field arrival must be YYYY-MM-DD HH:MM:SS.'],
    [{ ...cargo, requesttype: 'Flying' }, 'The field requesttype must be "Trucking" or "Shipping".'],
    [{ ...cargo, quantity: 1.5 }, 'The field quantity must be a whole number.'],
    [{ ...cargo, weight: '640' }, 'The field weight must be a number.'],
    [{ ...cargo, hazardous: true }, 'The field hazardous must be 0 or 1.'],
  ])('refuses %j', async (body, message) => {
    const answer = await post('/api/quote/submitrequest', body);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message });
    expect(Object.keys((await get('/api/quote/request')).at('raterequests') as object)).toHaveLength(4);
  });
});

describe('submitoffer', () => {
  const offer = { requestIndex: 3, offer: 500.25, currencyId: 840, rates: { fuel: 12 }, terms: 'Prepaid' };

  it('answers with the request and one offer, and keeps it among the offers and the bids', async () => {
    const answer = await post('/api/quote/submitoffer', offer);
    expect(answer.status).toBe(200);
    const made = {
      offerIndex: '25',
      status: 'pending',
      offerAmount: 500.25,
      currencyId: 840,
      rates: { fuel: 12 },
      terms: 'Prepaid',
    };
    expect(answer.at('bid')).toEqual({
      index: 3,
      cargoname: 'Garments',
      status: 'Open',
      origin: 'Los Angeles, US',
      destination: 'Denver, US',
      needdate: '2027-02-15 00:00:00',
      notes: 'Keep dry.',
      qty: 1,
      packingtype: 'Pallet',
      measureUnit: 'm',
      cargowidth: 0.8,
      cargoheight: 1.44,
      cargolength: 1.2,
      massUnit: 'kg',
      weight: 420,
      offer: made,
    });
    expect((await get('/api/quote/bid')).at('bids.0.offer')).toEqual({ 0: made });
    expect((await get('/api/quote/offer')).at('offers.2.offer')).toEqual({ 0: made });
  });

  it('needs neither rates nor terms', async () => {
    const answer = await post('/api/quote/submitoffer', { requestIndex: '3', offer: 1, currencyId: 36 });
    expect(answer.status).toBe(200);
    expect(answer.at('bid.offer')).not.toHaveProperty('terms');
  });

  it.each([
    [{ ...offer, requestIndex: 99 }, 'There is no rate request 99.'],
    [{ ...offer, currencyId: 1 }, 'There is no currency 1.'],
    [{ ...offer, offer: '500' }, 'The field offer must be a number.'],
    [{ ...offer, requestIndex: -1 }, 'The field requestIndex must be an index.'],
    [{ ...offer, rates: { fuel: '12' } }, 'The field rates must be an object of numbers.'],
    [{ ...offer, rates: [1] }, 'The field rates must be an object of numbers.'],
    [{ ...offer, terms: 5 }, 'The field terms must be a text.'],
    [{}, 'The field requestIndex must be an index.'],
  ])('refuses %j', async (body, message) => {
    const answer = await post('/api/quote/submitoffer', body);
    expect([answer.status, answer.json()]).toEqual([400, { message }]);
  });
});

describe('approveoffer', () => {
  it('makes the offer a selected one that says where to load, for everybody and from then on', async () => {
    const answer = await post('/api/quote/approveoffer', { offerIndex: 21, approved: 1 });
    expect(answer.status).toBe(200);
    const offer = answer.at('offers.0.offer');
    expect(offer).toEqual({
      offerId: '21',
      offerAmount: 1250.5,
      currencyId: 840,
      terms: 'Prepaid',
      rates: { documentation: 45 },
      status: 'selected',
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
    });
    token = await lclxToken(origin, { email: 'second@example.com', password: 'sample-password-2' });
    expect((await get('/api/quote/offer')).at('offers.0.offer.0')).toEqual(offer);
    expect((await get('/api/quote/offer')).at('offers.0.offer.1.status')).toBe('pending');
  });

  it.each([
    ['offerIndex', 22, 'offers.0.offer.1'],
    ['index', 23, 'offers.1.offer.0'],
    ['offerId', 24, 'offers.2.offer.0'],
  ])('finds an offer that has its number as %s', async (_name, offerIndex, path) => {
    await post('/api/quote/approveoffer', { offerIndex: String(offerIndex), approved: 1 });
    expect((await get('/api/quote/offer')).at(`${path}.status`)).toBe('selected');
  });

  it('takes an approval back with 0', async () => {
    const answer = await post('/api/quote/approveoffer', { offerIndex: 23, approved: 0 });
    expect(answer.at('offers.0.offer')).toEqual({
      index: '23',
      offerAmount: 640,
      currencyIndex: '840',
      status: 'pending',
    });
  });

  it.each([
    [{ offerIndex: 99, approved: 1 }, 'There is no offer 99.'],
    [{ offerIndex: 'x', approved: 1 }, 'The field offerIndex must be an index.'],
    [{ offerIndex: 21, approved: true }, 'The field approved must be 0 or 1.'],
    [{ offerIndex: 21 }, 'The field approved must be 0 or 1.'],
  ])('refuses %j', async (body, message) => {
    const answer = await post('/api/quote/approveoffer', body);
    expect([answer.status, answer.json()]).toEqual([400, { message }]);
  });

  it('works on an offer that was just submitted', async () => {
    const request = await post('/api/quote/submitrequest', cargo);
    const requestIndex = request.at('raterequests.0.index');
    const bid = await post('/api/quote/submitoffer', { requestIndex, offer: 10, currencyId: 978 });
    await post('/api/quote/approveoffer', { offerIndex: bid.at('bid.offer.offerIndex'), approved: 1 });
    expect((await get('/api/quote/bid')).at('bids.1.offer.0.status')).toBe('selected');
  });

  it('needs a live token, as every call here does', async () => {
    const answer = await ask(origin, 'POST /api/quote/approveoffer', {
      body: { offerIndex: 21, approved: 1 },
    });
    expect(answer.status).toBe(401);
  });
});
