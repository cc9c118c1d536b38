import { LatchkeyError } from '@latchkey/core';
import type { CryptlexLicense } from './cryptlex-license.js';

/** Gives one page, from 1, of at most `limit` licences, in an order that does not change of itself. */
export type LicensePage = (page: number, limit: number) => Promise<readonly CryptlexLicense[]>;

/**
 * Walks through all licences, each once and in order, one request at a time and none ahead of need.
 *
 * The API gives pages by number, so that a licence which is removed during the walk moves all later ones one place ahead,
 * and the next page would begin past some that were not seen yet. Therefore each page overlaps the one before it: where
 * what should stand at its beginning is not there, the walk goes back until it finds a licence it knows, or the
 * beginning. A licence that is there during the whole walk is given once, whatever comes and goes beside it, as long
 * as licences keep their order among themselves.
 *
 * @param pageSize licences to ask for with one request, at most; a few more where pages as small as that cannot overlap.
 */
export async function* licenseWalk(
  readPage: LicensePage,
  pageSize: number,
  provider?: string,
): AsyncGenerator<CryptlexLicense, void, undefined> {
  const seen = new Set<string>();
  /** Place in the list up to which everything was seen, as far as is known. */
  let end = 0;
  /** Pages since the last one that brought something; those on the way back are not among them. */
  let idlePages = 0;
  let stepBack = pageSize;
  while (idlePages < mostIdlePages) {
    const { page, limit } = nextWindow(end, pageSize);
    const start = (page - 1) * limit;
    const licenses = await readPage(page, limit);
    if (start > 0 && !licenses.some(({ id }) => seen.has(id))) {
      // All has moved ahead, by the overlap or more. What was not seen yet comes after what was, so look for that.
      end = Math.max(0, start - stepBack);
      stepBack *= 2;
      continue;
    }
    stepBack = pageSize;
    idlePages += 1;
    for (const license of licenses) {
      if (seen.has(license.id)) continue;
      idlePages = 0;
      seen.add(license.id);
      yield license;
    }
    if (licenses.length < limit) return;
    end = start + licenses.length;
  }
  throw new LatchkeyError('invalid_response', {
    provider,
    message: `${mostIdlePages} pages in a row brought no licence that was not there before; the list does not end.`,
  });
}

/**
 * The page that reaches furthest beyond `end` and still begins before it, so that it overlaps what was seen. A page begins
 * at a multiple of its size, which leaves the size to be chosen: for 100 seen, the second page of 99.
 */
function nextWindow(end: number, pageSize: number): { readonly page: number; readonly limit: number } {
  if (end === 0) return { page: 1, limit: pageSize };
  let best = { page: 0, limit: 0 };
  for (let limit = pageSize; limit > 0; limit -= 1) {
    const page = Math.floor((end - 1) / limit) + 1;
    if (page * limit > Math.max(end, best.page * best.limit)) best = { page, limit };
  }
  // Every small page begins or ends at some places, as those of up to 3 do at 6; there it takes a larger one.
  return best.limit > 0 ? best : nextWindow(end, pageSize + 1);
}

// Enough to get past licences that were inserted before the place; too few to go on for ever where a server gives the
// same page whichever is asked for.
const mostIdlePages = 100;
