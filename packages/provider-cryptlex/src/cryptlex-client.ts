import {
  checkedInput,
  signedUpstream,
  type CallOptions,
  type TokenSource,
  type TokenSourceHolder,
  type UpstreamOptions,
  type UpstreamRequest,
} from '@latchkey/core';
import { z } from 'zod';
import type { CryptlexAccount } from './cryptlex-account.js';
import type { CryptlexLicense } from './cryptlex-license.js';
import { cryptlexPace } from './cryptlex-pace.js';
import { licenseRequest, licensesRequest } from './cryptlex-licenses-api.js';
import { meRequest } from './cryptlex-me-api.js';
import { readCryptlexRateLimit } from './cryptlex-rate-limit.js';
import { callRefusal } from './cryptlex-refusal.js';
import { licenseList, type LicenseList } from './license-list.js';
import { licenseQuery, type LicenseQuery } from './license-query.js';
import { licenseWalk } from './license-walk.js';

/** What a signed-in user of Cryptlex can see: the own profile and the own licences. */
export interface CryptlexClient {
  /** The account that the token belongs to. */
  me(options?: CallOptions): Promise<CryptlexAccount>;
  /**
   * The user's licences, asked for a page at a time as they are needed; leaving the loop asks for no more.
   *
   * A licence that is there during the whole walk comes once, whatever is added or removed meanwhile, as long as the order
   * is one that does not change, such as the default; `sort: 'updatedAt'` is not.
   *
   * @throws LatchkeyError `invalid_input` at once for a query that cannot be sent.
   */
  licenses(query?: LicenseQuery, options?: CallOptions): LicenseList;
  /** One licence. Where there is none of that id, `upstream_error` with the status 404. */
  license(id: string, options?: CallOptions): Promise<CryptlexLicense>;
  /** Closes the connections that the client made; those of a source's own upstream are left to its owner. */
  close(): Promise<void>;
}

/** The HTTP side, for a source that brings none. */
export interface CryptlexClientOptions extends Omit<UpstreamOptions, 'name' | 'origin'> {
  /** What errors call the provider. Default: `cryptlex`. */
  readonly name?: string | undefined;
}

/**
 * A client for Cryptlex with the tokens of `given`: a token source, or a session that has one.
 *
 * Requests go through the source's own upstream; where it has none, as `staticTokenSource`, through one made with
 * `options`. A token that is refused is renewed once where the source can do that, and the call repeated.
 *
 * Every call throws `LatchkeyError`: `token_rejected` when no good token can be had, `invalid_input` for arguments that
 * cannot be sent, and what else a provider can answer.
 *
 * @example
 * const client = cryptlexClient(staticTokenSource(grant.accessToken, provider));
 * for await (const license of client.licenses({ expired: false })) console.log(license.key, licenseStatus(license));
 */
export function cryptlexClient(
  given: TokenSource | TokenSourceHolder,
  options: CryptlexClientOptions = {},
): CryptlexClient {
  const { name = 'cryptlex', pace = cryptlexPace } = options;
  const upstream = signedUpstream(given, { ...options, pace, rateLimit: readCryptlexRateLimit, name });

  return Object.freeze({
    me: (options) => call(meRequest(), options),
    close: () => upstream.close(),

    licenses(given = {}, options) {
      const { pageSize, query } = checkedInput('query', licenseQuery, given, upstream.name);
      const readPage = (page: number, limit: number) => call(licensesRequest(query, page, limit), options);
      return licenseList(upstream.name, () => licenseWalk(readPage, pageSize, upstream.name));
    },

    async license(id, options) {
      return call(licenseRequest(checkedInput('id', licenseId, id, upstream.name)), options);
    },
  } satisfies CryptlexClient);

  function call<T>(request: UpstreamRequest<T>, { signal }: CallOptions = {}): Promise<T> {
    return upstream.json({ signal, refused: callRefusal, ...request });
  }
}

// Dots alone would be read as a step in the path.
const licenseId = z
  .string('must be text')
  .regex(/^(?!\.{1,2}$)[\x21-\x7e]{1,256}$/, 'must be the id of a licence');
