import { knownFields, type UpstreamRequest } from '@latchkey/core';
import { integer, recordOf, required, text } from '@latchkey/core/wire';
import type { LclxCarrier, LclxCurrency, LclxRoute } from './lclx-freight.js';
import { listIn } from './lclx-records.js';

/** `GET /api/route`, of all routes or of one. */
export function routesRequest(only?: number): UpstreamRequest<LclxRoute[]> {
  return { path: '/api/route', body: onlyBody(only), schema: listIn('routes', route) };
}

/** `GET /api/carrier`, of all carriers or of one. */
export function carriersRequest(only?: number): UpstreamRequest<LclxCarrier[]> {
  return { path: '/api/carrier', body: onlyBody(only), schema: listIn('carriers', carrier) };
}

/** `GET /api/currency`, of all currencies or of one. */
export function currenciesRequest(only?: number): UpstreamRequest<LclxCurrency[]> {
  return { path: '/api/currency', body: onlyBody(only), schema: listIn('currencies', currency) };
}

// One record is asked for by a GET with a body; its index is text there, as in the documents.
function onlyBody(only: number | undefined): { readonly index: string } | undefined {
  return only === undefined ? undefined : { index: String(only) };
}

const route = recordOf(
  {
    index: required(integer),
    origin: text,
    destination: text,
    cycutoff: text,
    cfscutoff: text,
    estDeparture: text,
    estArrival: text,
    carrier: integer,
    vesselName: text,
    voyageId: text,
    timezone: text,
  },
  ({ cycutoff, cfscutoff, ...same }) => knownFields({ ...same, cyCutoff: cycutoff, cfsCutoff: cfscutoff }),
);

const carrier = recordOf({ index: required(integer), name: text }, (same) => knownFields(same));

const currency = recordOf({ index: required(integer), name: text, code: text }, (same) => knownFields(same));
