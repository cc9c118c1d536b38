import { LatchkeyError } from '@latchkey/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CryptlexLicense } from '../src/index.js';
import { licenseWalk, type LicensePage } from '../src/license-walk.js';

/** Pages of a list that a test may change between requests. */
function pagesOf(ids: readonly string[], beforeRequest: (request: number) => void = () => {}) {
  const asked: { page: number; limit: number }[] = [];
  const readPage: LicensePage = async (page, limit) => {
    beforeRequest(asked.length);
    asked.push({ page, limit });
    return ids.slice((page - 1) * limit, page * limit).map(licenseOf);
  };
  return { asked, readPage };
}

const licenseOf = (id: string): CryptlexLicense => ({
  id,
  revoked: false,
  suspended: false,
  metadata: [],
  meterAttributes: [],
  raw: {},
});

const idsTo = (count: number) => Array.from({ length: count }, (_, at) => String(at));

/** What a walk gives, and the error that it ends with. */
async function walked(readPage: LicensePage, pageSize: number) {
  const given: string[] = [];
  try {
    for await (const { id } of licenseWalk(readPage, pageSize)) given.push(id);
    return { given };
  } catch (error) {
    return { given, error };
  }
}

const pageSize = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 100 }));
const length = fc.integer({ min: 0, max: 400 });

describe('a walk over licences that stay as they are', () => {
  it('gives each once and in order, whatever the size of pages', () =>
    fc.assert(
      fc.asyncProperty(pageSize, length, async (pageSize, length) => {
        const { asked, readPage } = pagesOf(idsTo(length));
        expect(await walked(readPage, pageSize)).toEqual({ given: idsTo(length) });
        for (const { page, limit } of asked) {
          expect(page).toBeGreaterThanOrEqual(1);
          expect(limit).toBeGreaterThanOrEqual(1);
          expect(limit).toBeLessThanOrEqual(Math.max(pageSize, 8));
        }
        expect(asked[0]).toEqual({ page: 1, limit: pageSize });
      }),
      { numRuns: 200 },
    ));

  it.each([
    [0, 1],
    [1, 1],
    [99, 1],
    [100, 2],
    [197, 2],
    [198, 3],
    [237, 3],
    [1000, 12],
  ])('costs, for %i of them in pages of 100, %i requests', async (length, requests) => {
    const { asked, readPage } = pagesOf(idsTo(length));
    expect((await walked(readPage, 100)).given).toHaveLength(length);
    expect(asked).toHaveLength(requests);
  });

  it('gives each once and in order up to a request that fails, and then that error', () =>
    fc.assert(
      fc.asyncProperty(
        pageSize,
        length,
        fc.integer({ min: 0, max: 12 }),
        fc.constantFrom('rate_limited', 'upstream_error', 'token_rejected'),
        async (pageSize, length, failing, code) => {
          const failure = new LatchkeyError(code);
          const { asked, readPage } = pagesOf(idsTo(length), (request) => {
            if (request === failing) throw failure;
          });
          const { given, error } = await walked(readPage, pageSize);
          expect(given).toEqual(idsTo(length).slice(0, given.length));
          if (error === undefined) expect(given).toHaveLength(length);
          else expect(error).toBe(failure);
          expect(asked.length).toBeLessThanOrEqual(failing);
        },
      ),
      { numRuns: 200 },
    ));

  it('does not ask for the next page before somebody wants it', async () => {
    const { asked, readPage } = pagesOf(idsTo(30));
    const walk = licenseWalk(readPage, 10);
    expect(asked).toHaveLength(0);
    for (let taken = 1; taken <= 10; taken += 1) await walk.next();
    expect(asked).toHaveLength(1);
    await walk.next();
    expect(asked).toHaveLength(2);
  });
});

type Change =
  | { readonly kind: 'add'; readonly place: number; readonly count: number }
  | { readonly kind: 'remove'; readonly place: number; readonly count: number };

const place = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1));
const few = fc.integer({ min: 1, max: 4 });
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('add'), place, count: few }),
  fc.record({ kind: fc.constant('remove'), place, count: few }),
  fc.record({ kind: fc.constant('remove'), place, count: fc.integer({ min: 1, max: 150 }) }),
);
/** As they come in the default order: what is new is the newest. */
const usualChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('add'), place: fc.constant(1), count: few }),
  fc.record({ kind: fc.constant('remove'), place, count: few }),
);

describe('a walk over licences that come and go between its requests', () => {
  it.each([
    ['anywhere', anyChange, 1],
    ['new ones at the end', usualChange, 1],
    ['anywhere, in pages of three to six', anyChange, 3],
  ])('gives each that was there all the time once and in order: %s', (_, change, least) =>
    fc.assert(
      fc.asyncProperty(
        least === 3 ? fc.integer({ min: 3, max: 6 }) : pageSize,
        fc.integer({ min: 0, max: 150 }),
        // Before the second request and each one after it.
        fc.array(fc.array(change, { maxLength: 2 }), { maxLength: 12 }),
        async (pageSize, length, changes) => {
          const list = idsTo(length);
          const removed = new Set<string>();
          let added = 0;
          const { readPage } = pagesOf(list, (request) => {
            if (request === 0) return;
            for (const { kind, place, count } of changes[request - 1] ?? []) {
              const at = Math.round(place * list.length);
              if (kind === 'remove') for (const id of list.splice(at, count)) removed.add(id);
              else list.splice(at, 0, ...Array.from({ length: count }, () => `new-${added++}`));
            }
          });
          const { given, error } = await walked(readPage, pageSize);
          expect(error).toBeUndefined();
          expect(new Set(given).size).toBe(given.length);
          const lasting = (id: string) => !id.startsWith('new') && !removed.has(id);
          expect(given.filter(lasting)).toEqual(idsTo(length).filter(lasting));
        },
      ),
      { numRuns: 400 },
    ),
  );

  it('goes back to the beginning when all that it saw has gone', async () => {
    const list = idsTo(30);
    const { readPage } = pagesOf(list, (request) => {
      if (request === 2) list.splice(0, 18);
    });
    expect((await walked(readPage, 10)).given).toEqual(idsTo(30));
  });

  it.each([
    [1, 1_000, 700],
    [5, 1_000, 800],
    [10, 2_000, 1_550],
    [100, 20_000, 15_000],
  ])(
    'with pages of %i finds its place again when of %i licences %i that it saw have gone',
    async (size, length, gone) => {
      const list = idsTo(length);
      let seen = 0;
      const { readPage } = pagesOf(list, () => {
        if (seen > gone && list.length === length) list.splice(0, gone);
      });
      const given: string[] = [];
      for await (const { id } of licenseWalk(readPage, size)) {
        given.push(id);
        seen += 1;
      }
      expect(given).toEqual(idsTo(length));
    },
  );

  it('ends where everything has gone', async () => {
    const list = idsTo(30);
    const { readPage } = pagesOf(list, (request) => {
      if (request === 1) list.length = 0;
    });
    expect(await walked(readPage, 10)).toEqual({ given: idsTo(10) });
  });
});

describe('a walk over pages that do not end', () => {
  it('ends with invalid_response where every page is the same', () =>
    fc.assert(
      fc.asyncProperty(pageSize, fc.boolean(), async (pageSize, heedsLimit) => {
        let requests = 0;
        const { given, error } = await walked(async (_, limit) => {
          requests += 1;
          return idsTo(heedsLimit ? limit : 100).map(licenseOf);
        }, pageSize);
        expect(error).toMatchObject({ code: 'invalid_response' });
        expect(new Set(given).size).toBe(given.length);
        expect(requests).toBeLessThan(300);
      }),
      { numRuns: 30 },
    ));

  it('gives a licence once that is on a page twice', async () => {
    const twice = async () => ['a', 'b', 'a'].map(licenseOf);
    expect(await walked(twice, 10)).toEqual({ given: ['a', 'b'] });
  });
});
