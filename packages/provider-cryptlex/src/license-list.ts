import type { CryptlexLicense } from './cryptlex-license.js';

/** Licences that are asked for page by page, as they are needed. Each `for await` asks anew. */
export interface LicenseList extends AsyncIterable<CryptlexLicense> {
  /** All of them, or the first `max`; nothing is asked for beyond those. */
  toArray(options?: { readonly max?: number | undefined }): Promise<CryptlexLicense[]>;
}

/** Makes the list of a walk, which is begun anew for each use. */
export function licenseList(walk: () => AsyncGenerator<CryptlexLicense, void, undefined>): LicenseList {
  return Object.freeze({
    [Symbol.asyncIterator]: walk,
    async toArray({ max = Infinity } = {}) {
      const licenses: CryptlexLicense[] = [];
      if (max < 1) return licenses;
      for await (const license of walk()) {
        licenses.push(license);
        if (licenses.length >= max) break;
      }
      return licenses;
    },
  } satisfies LicenseList);
}
