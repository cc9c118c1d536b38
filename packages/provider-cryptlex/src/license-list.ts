import { checkedInput } from '@latchkey/core';
import { z } from 'zod';
import type { CryptlexLicense } from './cryptlex-license.js';

/** Licences that are asked for page by page, as they are needed. Each `for await` asks anew. */
export interface LicenseList extends AsyncIterable<CryptlexLicense> {
  /**
   * All of them, or the first `max`, a whole number; nothing is asked for beyond those.
   *
   * @throws LatchkeyError `invalid_input` for another `max`.
   */
  toArray(options?: { readonly max?: number | undefined }): Promise<CryptlexLicense[]>;
}

/** Makes the list of a walk, which is begun anew for each use. */
export function licenseList(
  provider: string,
  walk: () => AsyncGenerator<CryptlexLicense, void, undefined>,
): LicenseList {
  return Object.freeze({
    [Symbol.asyncIterator]: walk,
    async toArray(options) {
      const { max = Infinity } = checkedInput('options', arrayOptions, options, provider);
      const licenses: CryptlexLicense[] = [];
      if (max === 0) return licenses;
      for await (const license of walk()) {
        licenses.push(license);
        if (licenses.length >= max) break;
      }
      return licenses;
    },
  } satisfies LicenseList);
}

const rule = 'must be a whole number, 0 or more';

const arrayOptions = z
  .strictObject(
    { max: z.union([z.int().nonnegative(), z.literal(Infinity)], rule).optional() },
    'must be an object',
  )
  .default({});
