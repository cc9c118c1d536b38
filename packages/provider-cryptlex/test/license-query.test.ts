import type { CryptlexLicense } from '@latchkey/emulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LicenseQuery } from '../src/index.js';
import { licenseQuery } from '../src/license-query.js';
import { emulated } from './emulated.js';

const many = 'many@example.com';
const middle = Date.UTC(2019, 4, 1);
const isPast = (date: string | null) => date !== null && Date.parse(date) < Date.UTC(2025, 0, 1);
const valuesOf = ({ metadata }: CryptlexLicense) => metadata.map(({ value }) => value);

describe('a query for licences', () => {
  it.each<[LicenseQuery, Record<string, string>, (license: CryptlexLicense, at: number) => boolean]>([
    [{}, {}, () => true],
    [{ revoked: true }, { revoked: 'true' }, ({ revoked }) => revoked],
    [
      { revoked: false, suspended: true },
      { revoked: 'false', suspended: 'true' },
      (one) => !one.revoked && one.suspended,
    ],
    [{ expired: true }, { expired: 'true' }, ({ expiresAt }) => isPast(expiresAt)],
    [{ perpetual: false }, { perpetual: 'false' }, ({ perpetual }) => !perpetual],
    [{ search: 'Sample licence' }, { search: 'Sample licence' }, ({ notes }) => notes !== null],
    [{ type: { eq: 'node-locked' } }, { 'type[eq]': 'node-locked' }, ({ type }) => type === 'node-locked'],
    [{ type: { ne: 'node-locked' } }, { 'type[ne]': 'node-locked' }, ({ type }) => type !== 'node-locked'],
    [{ type: { sw: 'on-' } }, { 'type[sw]': 'on-' }, ({ type }) => type === 'on-premise-floating'],
    [{ type: { ew: 'floating' } }, { 'type[ew]': 'floating' }, ({ type }) => type !== 'node-locked'],
    [{ type: { cn: 'hosted' } }, { 'type[cn]': 'hosted' }, ({ type }) => type === 'hosted-floating'],
    [{ type: { nc: 'hosted' } }, { 'type[nc]': 'hosted' }, ({ type }) => type !== 'hosted-floating'],
    [
      { type: { in: ['node-locked', 'hosted-floating'] } },
      { 'type[in]': 'node-locked,hosted-floating' },
      ({ type }) => type !== 'on-premise-floating',
    ],
    [
      { type: { nin: ['node-locked', 'hosted-floating'] } },
      { 'type[nin]': 'node-locked,hosted-floating' },
      ({ type }) => type === 'on-premise-floating',
    ],
    [{ notes: { eq: 'Sample licence' } }, { 'notes[eq]': 'Sample licence' }, ({ notes }) => notes !== null],
    [{ 'metadata.key': { eq: 'seat' } }, { 'metadata.key[eq]': 'seat' }, (one) => one.metadata.length > 0],
    [
      { 'metadata.value': { in: ['2', '4'] } },
      { 'metadata.value[in]': '2,4' },
      (one) => ['2', '4'].includes(valuesOf(one)[0] ?? ''),
    ],
    [
      { allowedActivations: { eq: -1 } },
      { 'allowedActivations[eq]': '-1' },
      (one) => one.allowedActivations === -1,
    ],
    [
      { allowedActivations: { gte: 2 }, revoked: true },
      { 'allowedActivations[gte]': '2', revoked: 'true' },
      (one) => one.allowedActivations >= 2 && one.revoked,
    ],
    [{ totalActivations: { lt: 0.5 } }, { 'totalActivations[lt]': '0.5' }, () => true],
    [{ validityMs: { ne: 0 } }, { 'validity[ne]': '0' }, ({ validity }) => validity !== 0],
    [
      { validityMs: { gte: 31_536_000_000 } },
      { 'validity[gte]': '31536000' },
      ({ validity }) => validity >= 31_536_000,
    ],
    [
      { createdAt: { gt: new Date(middle) } },
      { 'createdAt[gt]': '2019-05-01T00:00:00.000Z' },
      ({ createdAt }) => Date.parse(createdAt) > middle,
    ],
    [
      { createdAt: { lte: middle, gte: '2019-03-01' } },
      { 'createdAt[lte]': '2019-05-01T00:00:00.000Z', 'createdAt[gte]': '2019-03-01T00:00:00.000Z' },
      ({ createdAt }) => Date.parse(createdAt) <= middle && Date.parse(createdAt) >= Date.UTC(2019, 2, 1),
    ],
    [
      { updatedAt: { lt: '2019-05-01T02:00:00.1234567+02:00' } },
      { 'updatedAt[lt]': '2019-05-01T00:00:00.123Z' },
      ({ updatedAt }) => Date.parse(updatedAt) < middle + 123,
    ],
    [
      { expiresAt: { lt: '2025-01-01T00:00:00' } },
      { 'expiresAt[lt]': '2025-01-01T00:00:00.000Z' },
      ({ expiresAt }) => isPast(expiresAt),
    ],
  ])('%j goes over the wire as %j', (query, sent, wanted) =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      const all = emulator.users.find(({ email }) => email === many)!.licenses;
      const found = await licenses(query).toArray();
      expect(emulator.requests[0]?.query).toEqual({ ...sent, page: '1', limit: '100' });
      for (const request of emulator.requests) expect(request.query).toMatchObject(sent);
      expect(found.length).toBeGreaterThan(0);
      expect(found.map(({ id }) => id)).toEqual(
        all.filter((one) => wanted(one, Date.now())).map(({ id }) => id),
      );
    }),
  );

  it('filters by id, key and product', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      const wanted = emulator.users.find(({ email }) => email === many)!.licenses[100]!;
      expect(await licenses({ id: { eq: wanted.id } }).toArray()).toMatchObject([{ id: wanted.id }]);
      expect(await licenses({ key: { in: [wanted.key] } }).toArray()).toMatchObject([{ id: wanted.id }]);
      const ofProduct = await licenses({ productId: { eq: wanted.product.id } }).toArray();
      expect(ofProduct).toHaveLength(60);
      expect(new Set(ofProduct.map(({ product }) => product?.id))).toEqual(new Set([wanted.product.id]));
    }));

  it('sorts either way, over all pages', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client(many);
      const oldestFirst = await licenses({ sort: 'createdAt' }).toArray();
      expect(await licenses({ sort: '-createdAt' }).toArray()).toEqual(oldestFirst.toReversed());
      expect(emulator.requests.map(({ query }) => query['sort'])).toEqual([
        ...Array.from({ length: 3 }, () => 'createdAt'),
        ...Array.from({ length: 3 }, () => '-createdAt'),
      ]);
    }));

  it('sends texts as they are, whatever is in them', () =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      const text = 'a&b=c#d?%20+é\u{1f511} "[eq]"';
      await licenses({ search: text, notes: { cn: text } }).toArray();
      expect(emulator.requests[0]?.query).toEqual({
        search: text,
        'notes[cn]': text,
        page: '1',
        limit: '100',
      });
    }));

  it.each<[string, unknown]>([
    ['null', null],
    ['text', 'revoked'],
    ['a list', []],
    ['a field that there is not', { colour: { eq: 'red' } }],
    ['the page', { page: 2 }],
    ['the limit', { limit: 5 }],
    ['text for a flag', { revoked: 'true' }],
    ['null for a flag', { expired: null }],
    ['text for a filter', { key: 'ABC' }],
    ['an operator that there is not', { key: { like: 'A' } }],
    ['an operator of numbers for a text', { key: { gt: 'A' } }],
    ['an operator of texts for a number', { totalActivations: { sw: 1 } }],
    ['an operator of texts for a date', { createdAt: { in: ['2026-01-01'] } }],
    ['an empty text', { key: { eq: '' } }],
    ['a long text', { key: { eq: 'x'.repeat(257) } }],
    ['an empty search', { search: '' }],
    ['F4: a lone surrogate', { search: 'x\ud800' }],
    ['F4: NUL', { key: { eq: 'x\0' } }],
    ['F4: a lone surrogate in a list', { key: { in: ['\udc00'] } }],
    ['a number for a text', { key: { eq: 5 } }],
    ['text for a list', { key: { in: 'a,b' } }],
    ['an empty list', { key: { in: [] } }],
    ['a list with a comma in it', { key: { in: ['a,b'] } }],
    ['a list with an empty text', { key: { nin: ['a', ''] } }],
    ['a list of 101', { key: { in: Array.from({ length: 101 }, String) } }],
    ['text for a number', { validity: { gt: '5' } }],
    ['NaN for a number', { validity: { gt: Number.NaN } }],
    ['Infinity for a number', { validity: { gt: Infinity } }],
    ['text that is no date', { expiresAt: { lt: 'tomorrow' } }],
    ['a date that is none', { expiresAt: { lt: new Date(Number.NaN) } }],
    ['a moment beyond all dates', { expiresAt: { lt: 8.64e15 + 1 } }],
    ['a flag for a date', { expiresAt: { lt: true } }],
    ['an order that is none', { sort: 'created at' }],
    ['an order of two fields', { sort: 'a,b' }],
    ['an empty order', { sort: '' }],
    ['a page size of 0', { pageSize: 0 }],
    ['a page size of 101', { pageSize: 101 }],
    ['a page size of 1.5', { pageSize: 1.5 }],
    ['a page size as text', { pageSize: '5' }],
    ['F4: a field that all objects have', JSON.parse('{"__proto__":{"eq":"x"}}')],
    ['F4: an operator that all objects have', { key: JSON.parse('{"__proto__":"x"}') as unknown }],
    ['F4: a field of that name', { constructor: { eq: 'x' } }],
  ])('with %s is refused at once, and nothing is sent', (_, query) =>
    emulated(async ({ emulator, client }) => {
      const { licenses } = await client();
      expect(() => licenses(query as LicenseQuery)).toThrow(
        expect.objectContaining({ code: 'invalid_input', provider: 'cryptlex' }),
      );
      expect(emulator.requests).toHaveLength(0);
    }),
  );

  it('names every problem in one message, and no value', async () => {
    const bad = { colour: 1, key: { like: 'se-cret' }, search: 5, sort: 'se cret', pageSize: 0 };
    await emulated(async ({ client }) => {
      const { licenses } = await client();
      const thrown = () => licenses(bad as object);
      for (const name of ['"colour"', 'key', '"like"', 'search', 'sort', 'pageSize'])
        expect(thrown).toThrow(name);
      expect(thrown).not.toThrow(/cret/);
    });
  });

  it('reads any date that a moment can be written as alike', () =>
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        const sent = [date, date.getTime(), date.toISOString(), date.toISOString().replace('Z', '4567')].map(
          (operand) => licenseQuery.parse({ expiresAt: { gte: operand } }),
        );
        for (const { query } of sent) expect(query).toEqual({ 'expiresAt[gte]': date.toISOString() });
      }),
    ));

  it('leaves out what is undefined', () => {
    const query = { revoked: undefined, key: undefined, type: { eq: undefined, sw: 'n' }, search: undefined };
    expect(licenseQuery.parse(query)).toEqual({ pageSize: 100, query: { 'type[sw]': 'n' } });
    expect(licenseQuery.parse({ pageSize: undefined, type: {} })).toEqual({ pageSize: 100, query: {} });
  });
});
