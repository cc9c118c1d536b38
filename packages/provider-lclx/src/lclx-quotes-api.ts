import { knownFields, type UpstreamRequest } from '@latchkey/core';
import {
  asRecord,
  flag,
  integer,
  number,
  readList,
  record,
  recordOf,
  required,
  text,
} from '@latchkey/core/wire';
import { z } from 'zod';
import type {
  LclxOfferedRequest,
  LclxOfferToSubmit,
  LclxRateRequest,
  LclxRequestToSubmit,
} from './lclx-quotes.js';
import { listIn, recordsOf } from './lclx-records.js';

/** `GET /api/quote/request`. */
export function rateRequestsRequest(): UpstreamRequest<LclxRateRequest[]> {
  return { path: '/api/quote/request', schema: rateRequests };
}

/** `POST /api/quote/getrequests`, which newer versions have instead. */
export function newerRateRequestsRequest(): UpstreamRequest<LclxRateRequest[]> {
  return { method: 'POST', path: '/api/quote/getrequests', body: { type: 'all' }, schema: rateRequests };
}

/** `GET /api/quote/offer`. */
export function offersRequest(): UpstreamRequest<LclxOfferedRequest[]> {
  return { path: '/api/quote/offer', schema: offers };
}

/** `POST /api/quote/getoffers`, which newer versions have instead. */
export function newerOffersRequest(): UpstreamRequest<LclxOfferedRequest[]> {
  return { method: 'POST', path: '/api/quote/getoffers', body: { type: 'all' }, schema: offers };
}

/** `GET /api/quote/bid`. */
export function bidsRequest(): UpstreamRequest<LclxOfferedRequest[]> {
  return { path: '/api/quote/bid', schema: listIn('bids', offeredRequest) };
}

/** `POST /api/quote/submitrequest`. */
export function submitRequestRequest(request: LclxRequestToSubmit): UpstreamRequest<LclxRateRequest> {
  const { commodityName, requestType, hazardous, ...same } = request;
  return {
    method: 'POST',
    path: '/api/quote/submitrequest',
    body: { ...same, commodityname: commodityName, requesttype: requestType, hazardous: hazardous ? 1 : 0 },
    schema: onlyOne(rateRequests),
  };
}

/** `POST /api/quote/submitoffer`. */
export function submitOfferRequest(offer: LclxOfferToSubmit): UpstreamRequest<LclxOfferedRequest> {
  const { requestIndex, amount, currencyIndex, rates = {}, terms = '' } = offer;
  return {
    method: 'POST',
    path: '/api/quote/submitoffer',
    body: { requestIndex, offer: amount, currencyId: currencyIndex, rates, terms },
    schema: onlyOne(listIn('bid', offeredRequest)),
  };
}

/** `POST /api/quote/approveoffer`. */
export function approveOfferRequest(
  offerIndex: number,
  approved: boolean,
): UpstreamRequest<LclxOfferedRequest> {
  return {
    method: 'POST',
    path: '/api/quote/approveoffer',
    body: { offerIndex, approved: approved ? 1 : 0 },
    schema: onlyOne(offers),
  };
}

function onlyOne<T>(list: z.ZodType<T[]>): z.ZodType<T> {
  return list.transform(([first], context): T => {
    if (first !== undefined) return first;
    context.addIssue({ code: 'too_small', origin: 'array', minimum: 1, input: [] });
    return z.NEVER;
  });
}

const rateRequest = recordOf(
  {
    index: required(integer),
    commodityname: text,
    refId: text,
    requesttype: text,
    status: text,
    origin: text,
    destination: text,
    needdate: text,
    notes: text,
    qty: number,
    packaging: text,
    measureUnit: text,
    width: number,
    height: number,
    length: number,
    massUnit: text,
    weight: number,
    hazardous: flag,
    incoterm: text,
  },
  ({ commodityname, requesttype, needdate, qty, ...same }) =>
    knownFields({
      ...same,
      commodityName: commodityname,
      requestType: requesttype,
      needDate: needdate,
      quantity: qty,
    }),
);

const rateRequests = listIn('raterequests', rateRequest);

const fees = z
  .unknown()
  .optional()
  .transform((rates): Record<string, number> | undefined => {
    const read = Object.entries(asRecord(rates)).flatMap(([fee, value]) => {
      const amount = number.parse(value);
      return amount === undefined ? [] : [[fee, amount] as const];
    });
    return read.length > 0 ? Object.fromEntries(read) : undefined;
  });

const loadingContact = record.pipe(z.object({ name: text, email: text }).transform(someFields));

const loadingCompany = record.pipe(
  z
    .object({
      name: text,
      address1: text,
      city: text,
      state: text,
      postal: text,
      country: text,
      fax: text,
      otilicense: text,
    })
    .transform(({ otilicense, ...same }) => someFields({ ...same, otiLicense: otilicense })),
);

function someFields<Fields extends object>(
  fields: Fields,
): ReturnType<typeof knownFields<Fields>> | undefined {
  const known = knownFields(fields);
  return Object.keys(known).length > 0 ? known : undefined;
}

const offer = recordOf(
  {
    offerId: integer,
    offerIndex: integer,
    index: integer,
    offerAmount: number,
    currencyId: integer,
    currencyIndex: integer,
    status: text,
    terms: text,
    rates: fees,
    loadingPOC: loadingContact,
    loadingCompany,
  },
  (wire) =>
    knownFields({
      index: wire.offerId ?? wire.offerIndex ?? wire.index,
      amount: wire.offerAmount,
      currencyIndex: wire.currencyId ?? wire.currencyIndex,
      status: wire.status,
      terms: wire.terms,
      rates: wire.rates,
      loadingContact: wire.loadingPOC,
      loadingCompany: wire.loadingCompany,
    }),
);

const offeredRequest: z.ZodType<LclxOfferedRequest> = recordOf(
  {
    index: required(integer),
    cargoname: text,
    status: text,
    origin: text,
    destination: text,
    needdate: text,
    notes: text,
    qty: number,
    packingtype: text,
    measureUnit: text,
    cargowidth: number,
    cargoheight: number,
    cargolength: number,
    massUnit: text,
    weight: number,
    // A list in lists, one object in single replies.
    offer: z
      .unknown()
      .optional()
      .transform((given, context) => readList(offer, recordsOf(given) ?? [], context)),
  },
  ({ cargoname, needdate, qty, packingtype, cargowidth, cargoheight, cargolength, offer: offers, ...same }) =>
    knownFields({
      ...same,
      commodityName: cargoname,
      needDate: needdate,
      quantity: qty,
      packaging: packingtype,
      width: cargowidth,
      height: cargoheight,
      length: cargolength,
      offers,
    }),
);

const offers = listIn('offers', offeredRequest);
