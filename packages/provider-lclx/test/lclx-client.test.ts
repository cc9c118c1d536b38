import { staticTokenSource, type TokenSource } from '@latchkey/core';
import type { LclxBehaviour } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { lclxClient, type LclxOfferToSubmit, type LclxRequestToSubmit } from '../src/index.js';
import { emulated } from './emulated.js';

const request: LclxRequestToSubmit = {
  origin: 'Hamburg, DE',
  destination: 'New York, US',
  arrival: '2027-03-01 12:00:00',
  commodityName: 'Books',
  requestType: 'Shipping',
  packaging: 'Pallet',
  quantity: 2,
  length: 1.2,
  width: 0.8,
  height: 1.5,
  weight: 640.5,
  incoterm: 'FOB',
  hazardous: false,
};

const offer: LclxOfferToSubmit = {
  requestIndex: 1,
  amount: 900.5,
  currencyIndex: 840,
  rates: { handling: 20 },
  terms: 'Prepaid',
};

describe('lists', () => {
  it('gives routes in one shape, with the original under raw', () =>
    emulated(async ({ client }) => {
      const [first] = await (await client()).routes();
      expect(first).toEqual({
        index: 1,
        origin: 'Shanghai, CN',
        destination: 'Los Angeles, US',
        cyCutoff: expect.stringMatching(moment) as string,
        cfsCutoff: expect.stringMatching(moment) as string,
        estDeparture: expect.stringMatching(moment) as string,
        estArrival: expect.stringMatching(moment) as string,
        carrier: 4,
        vesselName: 'COSCO Sample 1',
        voyageId: expect.any(String) as string,
        timezone: expect.stringContaining('/') as string,
        raw: expect.objectContaining({ cycutoff: first?.cyCutoff }) as object,
      });
    }));

  it('gives carriers and currencies', () =>
    emulated(async ({ client }) => {
      const { carriers, currencies } = await client();
      expect(await carriers()).toContainEqual({
        index: 1,
        name: 'A.P. Moller-Maersk Group',
        raw: expect.anything() as object,
      });
      expect(await currencies()).toContainEqual(expect.objectContaining({ index: 840, code: 'USD' }));
    }));

  it.each<[string, Partial<LclxBehaviour>]>([
    ['objects keyed by number', { lists: 'object' }],
    ['arrays', { lists: 'array' }],
  ])('reads lists written as %s', (_, behaviour) =>
    emulated(async ({ emulator, client }) => {
      const { carriers, route } = await client();
      emulator.set(behaviour);
      expect((await carriers()).map(({ index }) => index)).toEqual([1, 3, 4, 5, 6, 8, 13, 14]);
      expect(await route(5)).toMatchObject({ index: 5 });
    }),
  );

  it.each(['object', 'array', 'absent'] as const)('reads an empty list that is %s', (emptyLists) =>
    emulated(async ({ emulator, client }) => {
      const { routes, carriers, currencies, rateRequests, offers, bids } = await client();
      emulator.set({ emptyLists, noRecords: true });
      for (const list of [routes, carriers, currencies, rateRequests, offers, bids])
        expect(await list()).toEqual([]);
    }),
  );

  it.each(['[]', 'null'])('reads a list that is %s', (json) =>
    emulated(async ({ emulator, client }) => {
      const { routes } = await client();
      emulator.next({ kind: 'wrong-shape', json: { routes: JSON.parse(json) as unknown } });
      expect(await routes()).toEqual([]);
    }),
  );

  it('leaves out what a record does not say, and keeps the others', () =>
    emulated(async ({ emulator, client }) => {
      const { routes } = await client();
      emulator.next({
        kind: 'wrong-shape',
        json: {
          routes: [
            { index: 1, origin: '' },
            { index: '2', origin: 'a' },
          ],
        },
      });
      expect(await routes()).toEqual([
        { index: 1, raw: { index: 1, origin: '' } },
        { index: 2, origin: 'a', raw: { index: '2', origin: 'a' } },
      ]);
    }));

  it('keeps the order of the keys "0" to "11"', () =>
    emulated(async ({ emulator, client }) => {
      const { carriers } = await client();
      const wire = Object.fromEntries(
        Array.from({ length: 12 }, (_, at) => [String(11 - at), { index: 11 - at, name: 'x' }]),
      );
      emulator.next({ kind: 'wrong-shape', json: { carriers: wire } });
      expect((await carriers()).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }));

  it.each([
    ['text for a list', { routes: 'none' }],
    ['a number for a list', { routes: 5 }],
    ['a record without an index', { routes: { 0: { origin: 'a', destination: 'b' } } }],
    ['a message for a list', { message: 'Server busy' }],
    ['null for a record', { routes: [null] }],
    ['text', 'routes'],
  ])('refuses %s as invalid_response', (_, json) =>
    emulated(async ({ emulator, client }) => {
      const { routes } = await client();
      emulator.next({ kind: 'wrong-shape', json });
      await expect(routes()).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
    }),
  );
});

describe('one record', () => {
  it('is asked for by a GET with a JSON body', () =>
    emulated(async ({ emulator, client }) => {
      const { route, currency, carrier } = await client();
      expect(await route(5)).toMatchObject({ index: 5, origin: 'Busan, KR' });
      expect(await currency(840)).toMatchObject({ code: 'USD' });
      expect(await carrier(13)).toMatchObject({ name: 'Hyundai Merchant Marine' });
      expect(emulator.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
        ['GET', '/api/route', { index: '5' }],
        ['GET', '/api/currency', { index: '840' }],
        ['GET', '/api/carrier', { index: '13' }],
      ]);
      expect(emulator.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
    }));

  it('is undefined where there is none', () =>
    emulated(async ({ client }) => {
      expect(await (await client()).route(999_999)).toBeUndefined();
    }));

  it('is found among all records when something on the way drops the body of the GET', () =>
    emulated(async ({ emulator, client }) => {
      const { carrier } = await client();
      emulator.next({
        kind: 'wrong-shape',
        json: {
          carriers: [
            { index: 1, name: 'a' },
            { index: '3', name: 'b' },
          ],
        },
      });
      expect(await carrier(3)).toMatchObject({ name: 'b' });
    }));

  it.each([-1, 1.5, Number.NaN, '5', undefined, { index: 5 }])(
    'refuses the index %j before anything is sent',
    (index) =>
      emulated(async ({ emulator, client }) => {
        const { route } = await client();
        await expect(route(index as number)).rejects.toMatchObject({ code: 'invalid_input' });
        expect(emulator.requests).toHaveLength(0);
      }),
  );
});

describe('quotes', () => {
  it('gives one name and one type for what the wire has several of', () =>
    emulated(async ({ client }) => {
      const { rateRequests, offers, bids } = await client();
      const requests = await rateRequests();
      expect(requests.map(({ index, hazardous, quantity }) => [index, hazardous, quantity])).toEqual([
        [1, false, 12],
        [2, true, 4],
        [3, false, expect.any(Number)],
        [4, true, expect.any(Number)],
      ]);
      const offered = (await offers()).flatMap((one) => one.offers);
      expect(offered.map(({ index, amount, currencyIndex }) => [index, amount, currencyIndex])).toEqual(
        expect.arrayContaining([
          [21, 1250.5, 840],
          [22, 1180, 978],
          [23, 640, 840],
        ]),
      );
      expect(offered.find(({ index }) => index === 21)).toMatchObject({
        terms: 'Prepaid',
        rates: { documentation: 45 },
      });
      expect(offered.find(({ index }) => index === 22)).not.toHaveProperty('rates');
      expect(offered.find(({ status }) => status === 'selected')).toMatchObject({
        loadingContact: { email: 'loading@example.com' },
        loadingCompany: { otiLicense: '000042', postal: '07114' },
      });
      expect((await bids()).flatMap((one) => one.offers)).toContainEqual(
        expect.objectContaining({ index: 24, amount: 990 }),
      );
    }));

  it('names the cargo of a request and of an offered request alike', () =>
    emulated(async ({ client }) => {
      const { rateRequests, offers } = await client();
      const shared = [
        'commodityName',
        'quantity',
        'packaging',
        'width',
        'height',
        'length',
        'weight',
        'needDate',
      ] as const;
      const [asked] = await rateRequests();
      const offered = (await offers()).find(({ index }) => index === asked?.index);
      for (const name of shared) expect(offered?.[name], name).toEqual(asked?.[name]);
    }));

  it('asks the newer way where the older one answers 404', () =>
    emulated(async ({ emulator, client }) => {
      const { rateRequests, offers } = await client();
      emulator.set({ quoteGets: false });
      expect((await rateRequests()).length).toBeGreaterThan(0);
      expect((await offers()).length).toBeGreaterThan(0);
      expect(emulator.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
        ['GET', '/api/quote/request', undefined],
        ['POST', '/api/quote/getrequests', { type: 'all' }],
        ['GET', '/api/quote/offer', undefined],
        ['POST', '/api/quote/getoffers', { type: 'all' }],
      ]);
    }));

  it('does not ask the newer way after any other failure', () =>
    emulated(async ({ emulator, client }) => {
      const { offers } = await client();
      emulator.next('html-500');
      await expect(offers()).rejects.toMatchObject({ code: 'upstream_error', status: 500 });
      expect(emulator.requests).toHaveLength(1);
    }));

  it('submits a request, which is then in the list', () =>
    emulated(async ({ emulator, client }) => {
      const { submitRequest, rateRequests } = await client();
      const submitted = await submitRequest(request);
      expect(submitted).toMatchObject({
        commodityName: 'Books',
        quantity: 2,
        weight: 640.5,
        hazardous: false,
      });
      expect(emulator.requests[0]?.body).toEqual({
        origin: 'Hamburg, DE',
        destination: 'New York, US',
        arrival: '2027-03-01 12:00:00',
        commodityname: 'Books',
        requesttype: 'Shipping',
        packaging: 'Pallet',
        quantity: 2,
        length: 1.2,
        width: 0.8,
        height: 1.5,
        weight: 640.5,
        incoterm: 'FOB',
        hazardous: 0,
      });
      expect((await rateRequests()).map(({ index }) => index)).toContain(submitted.index);
    }));

  it('submits an offer, approves it, and takes the approval back', () =>
    emulated(async ({ emulator, client }) => {
      const { submitOffer, approveOffer } = await client();
      const bid = await submitOffer(offer);
      expect(emulator.requests[0]?.body).toEqual({
        requestIndex: 1,
        offer: 900.5,
        currencyId: 840,
        rates: { handling: 20 },
        terms: 'Prepaid',
      });
      const made = bid.offers[0];
      expect(made).toMatchObject({
        amount: 900.5,
        currencyIndex: 840,
        status: 'pending',
        rates: { handling: 20 },
      });

      const approved = await approveOffer(made!.index!, true);
      expect(approved.offers).toMatchObject([
        { index: made!.index, status: 'selected', loadingContact: expect.anything() as object },
      ]);
      const withdrawn = await approveOffer(made!.index!, false);
      expect(withdrawn.offers).toMatchObject([{ index: made!.index, status: 'pending' }]);
      expect(emulator.requests.slice(1).map(({ body }) => body)).toEqual([
        { offerIndex: made!.index, approved: 1 },
        { offerIndex: made!.index, approved: 0 },
      ]);
    }));

  it.each<[string, object]>([
    ['nothing', {}],
    ['a missing field', { ...request, incoterm: undefined }],
    ['an empty field', { ...request, origin: '  ' }],
    ['another form of moment', { ...request, arrival: '2027-03-01' }],
    ['a quantity that is no whole number', { ...request, quantity: 1.5 }],
    ['a weight of nothing', { ...request, weight: 0 }],
    ['a weight as text', { ...request, weight: '5' }],
    ['another type', { ...request, requestType: 'Flying' }],
    ['a field that there is not', { ...request, colour: 'red' }],
    ['a number for a flag', { ...request, hazardous: 1 }],
  ])('refuses a request with %s before anything is sent', (_, bad) =>
    emulated(async ({ emulator, client }) => {
      const { submitRequest } = await client();
      await expect(submitRequest(bad as LclxRequestToSubmit)).rejects.toMatchObject({
        code: 'invalid_input',
      });
      expect(emulator.requests).toHaveLength(0);
    }),
  );

  it.each<[string, object]>([
    ['a negative amount', { ...offer, amount: -1 }],
    ['no currency', { ...offer, currencyIndex: undefined }],
    ['a fee as text', { ...offer, rates: { handling: '20' } }],
  ])('refuses an offer with %s before anything is sent', (_, bad) =>
    emulated(async ({ emulator, client }) => {
      const { submitOffer, approveOffer } = await client();
      await expect(submitOffer(bad as LclxOfferToSubmit)).rejects.toMatchObject({ code: 'invalid_input' });
      await expect(approveOffer(21, 'yes' as unknown as boolean)).rejects.toMatchObject({
        code: 'invalid_input',
      });
      expect(emulator.requests).toHaveLength(0);
    }),
  );

  it('F5: a submission that is not answered is not sent again', () =>
    emulated(async ({ emulator, client }) => {
      const { submitRequest } = await client();
      emulator.set({ fault: 'reset' });
      await expect(submitRequest(request)).rejects.toMatchObject({ code: 'upstream_unavailable' });
      expect(emulator.requests).toHaveLength(1);
    }));
});

describe('the token', () => {
  it.each(['documented', '403', '200', 'empty', 'message'] as const)(
    'is told to be refused by the answer "%s"',
    (refusal) =>
      emulated(async ({ emulator, client }) => {
        const { routes } = await client();
        emulator.set({ refusal });
        emulator.revokeTokens();
        await expect(routes()).rejects.toMatchObject({ code: 'token_rejected' });
      }),
  );

  it('is renewed once where the source can do that, and the call repeated once', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const asked: unknown[] = [];
      const source: TokenSource = {
        origin: provider.origin,
        upstream: provider.upstream,
        async getToken({ rejected } = {}) {
          asked.push(rejected?.value);
          return rejected ? { value: (await provider.signIn(credentials)).accessToken } : { value: 'dead' };
        },
      };
      expect((await lclxClient(source).routes()).length).toBeGreaterThan(0);
      expect(asked).toEqual([undefined, 'dead']);
      expect(emulator.requests.map(({ path }) => path)).toEqual(['/api/route', '/api/login', '/api/route']);

      emulator.set({ lifetimeSeconds: 0 });
      await expect(lclxClient(source).routes()).rejects.toMatchObject({ code: 'token_rejected' });
      expect(emulator.requests).toHaveLength(6);
    }));

  it('comes from a session as well', () =>
    emulated(async ({ provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const session = { source: staticTokenSource(accessToken, provider) };
      expect((await lclxClient(session).carriers()).length).toBeGreaterThan(0);
    }));

  it('goes to the origin of a source that brings no upstream', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const client = lclxClient(staticTokenSource(accessToken, emulator.origin), {
        userAgent: 'freight-desk/1',
      });
      expect((await client.carriers()).length).toBeGreaterThan(0);
      expect(emulator.requests.at(-1)?.headers).toMatchObject({ 'user-agent': 'freight-desk/1' });
    }));

  it('is not asked for when the caller has given up', () =>
    emulated(async ({ emulator, client }) => {
      const { routes } = await client();
      const reason = new Error('gave up');
      await expect(routes({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(emulator.requests).toHaveLength(0);
    }));
});

const moment = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;
