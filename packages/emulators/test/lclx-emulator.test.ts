import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LclxBehaviour, type LclxEmulator, startLclxEmulator } from '../src/index.js';
import { ask, at, lclxLogin, lclxToken } from './ask.js';

let emulator: LclxEmulator;
let origin: string;
let token: string;

beforeEach(async () => {
  emulator = await startLclxEmulator();
  ({ origin } = emulator);
  token = await lclxToken(origin);
});
afterEach(() => emulator.stop());

const get = (path: string, body?: unknown) => ask(origin, `GET ${path}`, { token, body });

function shapeOf(value: unknown): string {
  if (/^\d+$/.test(String(value))) return 'id';
  if (typeof value !== 'string') return typeof value;
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value) ? 'moment' : 'text';
}

describe('lists', () => {
  it.each([
    ['/api/route', 'routes', 12],
    ['/api/currency', 'currencies', 14],
    ['/api/carrier', 'carriers', 8],
    ['/api/quote/request', 'raterequests', 4],
    ['/api/quote/offer', 'offers', 3],
    ['/api/quote/bid', 'bids', 1],
  ])('%s: an object keyed "0", "1", … under %s', async (path, key, count) => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json() as object)).toEqual([key]);
    expect(Object.keys(answer.at(key) as object)).toEqual([...Array(count).keys()].map(String));
  });

  it.each(['1', 1])('one record for the index %j in the body of a GET', async (index) => {
    expect((await get('/api/carrier', { index })).json()).toEqual({
      carriers: { 0: { index: 1, name: 'A.P. Moller-Maersk Group' } },
    });
  });

  it('find a record whose own index is a text, too', async () => {
    expect((await get('/api/route', { index: 5 })).at('routes.0.index')).toBe('5');
  });

  it('are empty for an index that nothing has', async () => {
    expect((await get('/api/currency', { index: '999' })).json()).toEqual({ currencies: {} });
  });

  it.each([{ index: 'one' }, { index: -1 }, { index: 1.5 }, { index: null }, [1], 'text', '5'])(
    'refuse the body %j',
    async (body) => {
      const answer = await get('/api/route', body);
      expect(answer.status).toBe(400);
      expect(answer.at('message')).toMatch(/"index"/);
    },
  );

  it('have the documented carriers and ISO currency numbers', async () => {
    const carriers = Object.values((await get('/api/carrier')).at('carriers') as object);
    expect(carriers.map((one) => [Number(at(one, 'index')), at(one, 'name')])).toEqual([
      [1, 'A.P. Moller-Maersk Group'],
      [3, 'CMA CGM'],
      [4, 'China COSCO Shipping'],
      [5, 'Evergreen Marine'],
      [6, 'Hapag-Lloyd'],
      [8, 'Hamburg Sud'],
      [13, 'Hyundai Merchant Marine'],
      [14, 'K Line'],
    ]);
    expect((await get('/api/currency', { index: '32' })).at('currencies.0.code')).toBe('ARS');
  });

  it('have routes with every documented field', async () => {
    for (const route of Object.values((await get('/api/route')).at('routes') as object)) {
      const types = Object.entries(route as object).map(([key, value]) => [key, shapeOf(value)]);
      expect(Object.fromEntries(types)).toEqual({
        index: 'id',
        origin: 'text',
        destination: 'text',
        cycutoff: 'moment',
        cfscutoff: 'moment',
        estDeparture: 'moment',
        estArrival: 'moment',
        carrier: 'id',
        vesselName: 'text',
        voyageId: 'text',
        timezone: 'text',
      });
    }
  });

  it('write ids as numbers and as text', async () => {
    const routes = Object.values((await get('/api/route')).at('routes') as object);
    expect(new Set(routes.map((one) => typeof at(one, 'index')))).toEqual(new Set(['number', 'string']));
  });
});

describe('the sailings', () => {
  afterEach(() => vi.useRealTimers());

  const sailingsOf = async (from: string) => {
    const answer = await ask(from, 'GET /api/route', { token: await lclxToken(from) });
    return Object.values(answer.at('routes') as Record<string, Record<string, unknown>>);
  };
  const moments = async (from: string, key: string) =>
    (await sailingsOf(from)).map((one) => String(one[key]));

  it('leave in order, the first seven days after the day of the start in UTC, and keep their distances', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2028, 1, 22, 23, 59, 59) });
    await using started = await startLclxEmulator();
    expect((await sailingsOf(started.origin))[0]).toMatchObject({
      cfscutoff: '2028-02-26 12:00:00',
      cycutoff: '2028-02-27 17:00:00',
      estDeparture: '2028-02-29 06:30:00',
      estArrival: '2028-03-17 21:15:00',
    });
    const daysAfterStart = async (key: string) =>
      (await moments(started.origin, key)).map(
        (moment) => (Date.parse(moment.slice(0, 10)) - Date.UTC(2028, 1, 22)) / 86_400_000,
      );
    const departures = [7, 9, 11, 12, 14, 15, 16, 17, 18, 19, 21, 23];
    expect(await daysAfterStart('estDeparture')).toEqual(departures);
    expect(await daysAfterStart('estArrival')).toEqual([24, 27, 43, 46, 26, 28, 30, 42, 30, 37, 44, 58]);
    expect(await daysAfterStart('cycutoff')).toEqual(departures.map((days) => days - 2));
    expect(await daysAfterStart('cfscutoff')).toEqual(departures.map((days) => days - 3));
  });

  it('are all to come at the start, cut-offs too', async () => {
    for (const key of ['cfscutoff', 'cycutoff', 'estDeparture', 'estArrival']) {
      const toCome = (moment: string) => Date.parse(`${moment}Z`) > Date.now();
      expect((await moments(origin, key)).map(toCome)).toEqual(Array(12).fill(true));
    }
  });

  it('stay where they are while the clock moves, and count from a reset anew', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2028, 1, 22) });
    await using started = await startLclxEmulator();
    started.advance(30 * 86_400_000);
    vi.setSystemTime(Date.UTC(2028, 4, 1, 12));
    expect((await moments(started.origin, 'estDeparture'))[0]).toBe('2028-02-29 06:30:00');
    started.reset();
    expect((await moments(started.origin, 'estDeparture'))[0]).toBe('2028-05-08 06:30:00');
  });
});

describe('a data call', () => {
  it.each([undefined, 'unknown'])('without a live token (%s) is refused as documented', async (bad) => {
    const answer = await ask(origin, 'GET /api/route', { token: bad });
    expect(answer.status).toBe(401);
    expect(answer.json()).toEqual({ Unauthorized: 'Access denied.' });
  });

  it('needs the scheme Bearer', async () => {
    const answer = await ask(origin, 'GET /api/route', { headers: { authorization: `Basic ${token}` } });
    expect(answer.status).toBe(401);
  });

  it('to an unknown path is a 404, by another method a 405', async () => {
    expect((await get('/api/nowhere')).status).toBe(404);
    expect((await get('/api/route/')).status).toBe(404);
    expect((await ask(origin, 'POST /api/route', { token })).status).toBe(405);
    expect((await get('/api/login')).status).toBe(405);
  });
});

describe('switches of the data calls', () => {
  const refusedAs = async (refusal: LclxBehaviour['refusal']) => {
    emulator.set({ refusal });
    const answer = await ask(origin, 'GET /api/route');
    return [answer.status, answer.text];
  };

  it.each([
    ['documented', 401, '{"Unauthorized":"Access denied."}'],
    ['403', 403, '{"Unauthorized":"Access denied."}'],
    ['200', 200, '{"Unauthorized":"Access denied."}'],
    ['empty', 401, ''],
    ['message', 401, '{"message":"Unauthorized."}'],
  ] as const)('refusal %s', async (refusal, status, text) => {
    expect(await refusedAs(refusal)).toEqual([status, text]);
  });

  it('contentType: every JSON answer is labelled as HTML', async () => {
    emulator.set({ contentType: 'text/html' });
    expect((await get('/api/carrier')).headers['content-type']).toBe('text/html');
    expect((await lclxLogin(origin)).headers['content-type']).toBe('text/html');
    expect((await lclxLogin(origin)).at('user.email')).toBe('demo@example.com');
  });

  it('bom: every JSON answer has one', async () => {
    emulator.set({ bom: true });
    const answer = await get('/api/carrier');
    expect([...answer.bytes.subarray(0, 4)]).toEqual([0xef, 0xbb, 0xbf, 0x7b]);
  });

  it('lists as arrays, inner ones too', async () => {
    emulator.set({ lists: 'array' });
    expect((await get('/api/carrier')).at('carriers')).toBeInstanceOf(Array);
    expect((await get('/api/quote/offer')).at('offers.0.offer')).toBeInstanceOf(Array);
    expect((await get('/api/carrier', { index: 1 })).at('carriers')).toHaveLength(1);
  });

  it.each([
    ['object', { carriers: {} }],
    ['array', { carriers: [] }],
    ['absent', {}],
  ] as const)('emptyLists %s', async (emptyLists, expected) => {
    emulator.set({ emptyLists });
    expect((await get('/api/carrier', { index: 999 })).json()).toEqual(expected);
    emulator.set({ lists: 'array' });
    expect((await get('/api/carrier', { index: 999 })).json()).toEqual(expected);
  });

  it.each([
    ['/api/route', 'routes'],
    ['/api/currency', 'currencies'],
    ['/api/carrier', 'carriers'],
    ['/api/quote/request', 'raterequests'],
    ['/api/quote/offer', 'offers'],
    ['/api/quote/bid', 'bids'],
  ])('noRecords: %s is empty', async (path, key) => {
    emulator.set({ noRecords: true });
    expect((await get(path)).json()).toEqual({ [key]: {} });
  });

  it('quoteGets off: the older calls answer 404, the newer ones and the bids answer', async () => {
    emulator.set({ quoteGets: false });
    expect((await get('/api/quote/request')).status).toBe(404);
    expect((await get('/api/quote/offer')).status).toBe(404);
    const newer = (path: string) => ask(origin, `POST ${path}`, { token, body: { type: 'all' } });
    const requests = (await newer('/api/quote/getrequests')).json();
    const offers = (await newer('/api/quote/getoffers')).json();
    expect((await get('/api/quote/bid')).status).toBe(200);
    emulator.set({ quoteGets: true });
    expect((await get('/api/quote/request')).json()).toEqual(requests);
    expect((await get('/api/quote/offer')).json()).toEqual(offers);
  });
});
