import {
  checkedInput,
  isLatchkeyError,
  signedUpstream,
  type CallOptions,
  type TokenSource,
  type TokenSourceHolder,
  type UpstreamOptions,
  type UpstreamRequest,
} from '@latchkey/core';
import type { LclxCarrier, LclxCurrency, LclxRoute } from './lclx-freight.js';
import { carriersRequest, currenciesRequest, routesRequest } from './lclx-freight-api.js';
import type {
  LclxOfferedRequest,
  LclxOfferToSubmit,
  LclxRateRequest,
  LclxRequestToSubmit,
} from './lclx-quotes.js';
import {
  approveOfferRequest,
  bidsRequest,
  newerOffersRequest,
  newerRateRequestsRequest,
  offersRequest,
  rateRequestsRequest,
  submitOfferRequest,
  submitRequestRequest,
} from './lclx-quotes-api.js';
import { dataRefused } from './lclx-records.js';
import { approval, offerToSubmit, recordIndex, requestToSubmit } from './lclx-input.js';

/** The freight API of LCLXchange in one account's name. What each call gives is as the provider has it at that moment. */
export interface LclxClient {
  routes(options?: CallOptions): Promise<LclxRoute[]>;
  /** One route, or `undefined` where there is none of that index. */
  route(index: number, options?: CallOptions): Promise<LclxRoute | undefined>;
  carriers(options?: CallOptions): Promise<LclxCarrier[]>;
  /** One carrier, or `undefined` where there is none of that index. */
  carrier(index: number, options?: CallOptions): Promise<LclxCarrier | undefined>;
  currencies(options?: CallOptions): Promise<LclxCurrency[]>;
  /** One currency, or `undefined` where there is none of that index. */
  currency(index: number, options?: CallOptions): Promise<LclxCurrency | undefined>;
  /** The account's requests for rates. */
  rateRequests(options?: CallOptions): Promise<LclxRateRequest[]>;
  /** The account's requests with the offers that others made for them. */
  offers(options?: CallOptions): Promise<LclxOfferedRequest[]>;
  /** Requests of others, with the offers that this account made for them. */
  bids(options?: CallOptions): Promise<LclxOfferedRequest[]>;
  /** Asks for rates. Sent once: after `upstream_unavailable`, `timeout`, `upstream_error` or
   * `invalid_response` look whether it is there before trying again. */
  submitRequest(request: LclxRequestToSubmit, options?: CallOptions): Promise<LclxRateRequest>;
  /** Makes an offer for a request. Sent once, likewise. */
  submitOffer(offer: LclxOfferToSubmit, options?: CallOptions): Promise<LclxOfferedRequest>;
  /** Selects an offer, or takes the selection back. */
  approveOffer(offerIndex: number, approved: boolean, options?: CallOptions): Promise<LclxOfferedRequest>;
  /** Closes the connections that the client made; those of a source's own upstream are left to its owner. */
  close(): Promise<void>;
}

/** The HTTP side, for a source that brings none. */
export interface LclxClientOptions extends Omit<UpstreamOptions, 'name' | 'origin'> {
  /** What errors call the provider. Default: `lclx`. */
  readonly name?: string | undefined;
}

/**
 * A client for LCLXchange with the tokens of `given`: a token source, or a session that has one.
 *
 * Requests go through the source's own upstream; where it has none, as `staticTokenSource`, through one made with
 * `options`. A token that is refused is renewed once where the source can do that, and the call repeated.
 *
 * Every call throws `LatchkeyError`: `token_rejected` when no good token can be had, `invalid_input` for arguments that
 * cannot be sent, and what else a provider can answer.
 *
 * @example
 * const client = lclxClient(staticTokenSource(grant.accessToken, provider));
 * const routes = await client.routes();
 */
export function lclxClient(
  given: TokenSource | TokenSourceHolder,
  options: LclxClientOptions = {},
): LclxClient {
  const upstream = signedUpstream(given, { ...options, name: options.name ?? 'lclx' });

  return Object.freeze({
    routes: (options) => call(routesRequest(), options),
    route: (index, options) => one(routesRequest, index, options),
    carriers: (options) => call(carriersRequest(), options),
    carrier: (index, options) => one(carriersRequest, index, options),
    currencies: (options) => call(currenciesRequest(), options),
    currency: (index, options) => one(currenciesRequest, index, options),
    rateRequests: (options) => eitherOf(rateRequestsRequest(), newerRateRequestsRequest(), options),
    offers: (options) => eitherOf(offersRequest(), newerOffersRequest(), options),
    bids: (options) => call(bidsRequest(), options),
    close: () => upstream.close(),

    async submitRequest(request, options) {
      return call(
        submitRequestRequest(checkedInput('request', requestToSubmit, request, upstream.name)),
        options,
      );
    },
    async submitOffer(offer, options) {
      return call(submitOfferRequest(checkedInput('offer', offerToSubmit, offer, upstream.name)), options);
    },
    async approveOffer(index, approved, options) {
      const checked = checkedInput('approval', approval, { offerIndex: index, approved }, upstream.name);
      return call(approveOfferRequest(checked.offerIndex, checked.approved), options);
    },
  } satisfies LclxClient);

  function call<T>(request: UpstreamRequest<T>, { signal }: CallOptions = {}): Promise<T> {
    return upstream.json({ signal, refused: dataRefused, ...request });
  }

  async function one<T extends { readonly index: number }>(
    request: (only: number) => UpstreamRequest<T[]>,
    index: number,
    options?: CallOptions,
  ): Promise<T | undefined> {
    const wanted = checkedInput('index', recordIndex, index, upstream.name);
    const records = await call(request(wanted), options);
    // Whatever stands between may drop the body of a GET, and then all records come.
    return records.find((record) => record.index === wanted);
  }

  async function eitherOf<T>(
    older: UpstreamRequest<T>,
    newer: UpstreamRequest<T>,
    options?: CallOptions,
  ): Promise<T> {
    try {
      return await call(older, options);
    } catch (error) {
      if (isLatchkeyError(error, 'upstream_error') && error.status === 404) return call(newer, options);
      throw error;
    }
  }
}
