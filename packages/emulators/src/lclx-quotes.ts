import { type Answer, jsonAnswer } from './answer.js';
import type { ProviderContext } from './emulator.js';
import type { LclxBehaviour } from './lclx-behaviour.js';
import { lclxList, lclxListAnswer, type LclxRecord } from './lclx-lists.js';
import { readApproval, readSubmittedOffer, readSubmittedRequest } from './lclx-quote-input.js';
import { sampleCurrencies } from './lclx-sample-data.js';
import {
  type LclxOffer,
  loadingDetails,
  offerIndexOf,
  sampleOffers,
  sampleRateRequests,
} from './lclx-sample-quotes.js';
import type { RecordedRequest } from './recorded-request.js';
import type { Route } from './route-table.js';

/**
 * Rate requests, offers on them and bids, kept on one board that all users share: a request that was submitted is
 * in everybody's list, and an offer that was submitted is in the list of bids and can be approved.
 */
export function lclxQuotes({ behaviour }: ProviderContext<LclxBehaviour>): readonly Route[] {
  const requests: LclxRecord[] = [...sampleRateRequests];
  let offers: readonly LclxOffer[] = sampleOffers;

  const requestOf = (index: number) => requests.find((request) => Number(request['index']) === index);

  const listRequests = (request: RecordedRequest) =>
    lclxListAnswer('raterequests', requests, request, behaviour());

  const listOffered = (key: string, shown: (offer: LclxOffer) => boolean) => (request: RecordedRequest) => {
    const offered = requests.flatMap((one) => {
      const its = offers.filter((offer) => offer.requestIndex === Number(one['index']) && shown(offer));
      const wires = its.map(({ wire }) => wire);
      return its.length === 0 ? [] : [offeredRequest(one, lclxList(wires, behaviour()))];
    });
    return lclxListAnswer(key, offered, request, behaviour());
  };
  const listOffers = listOffered('offers', () => true);
  const listBids = listOffered('bids', ({ bid }) => bid);

  function submitRequest({ body }: RecordedRequest): Answer {
    const submitted = readSubmittedRequest(body);
    if (typeof submitted === 'string') return refused(submitted);
    const index = 1 + Math.max(0, ...requests.map((request) => Number(request['index'])));
    const created = {
      index,
      refId: `REF-${index}`,
      status: 'Open',
      notes: '',
      measureUnit: 'm',
      massUnit: 'kg',
      ...submitted,
    };
    requests.push(created);
    return jsonAnswer(200, { raterequests: lclxList([created], behaviour()) });
  }

  function submitOffer({ body }: RecordedRequest): Answer {
    const submitted = readSubmittedOffer(body);
    if (typeof submitted === 'string') return refused(submitted);
    const { requestIndex, ...wire } = submitted;
    const request = requestOf(requestIndex);
    if (request === undefined) return refused(`There is no rate request ${requestIndex}.`);
    if (!sampleCurrencies.some(({ index }) => Number(index) === wire.currencyId)) {
      return refused(`There is no currency ${wire.currencyId}.`);
    }
    const offerIndex = String(1 + Math.max(0, ...offers.map(offerIndexOf)));
    const created = { requestIndex, bid: true, wire: { offerIndex, status: 'pending', ...wire } };
    offers = [...offers, created];
    return jsonAnswer(200, { bid: offeredRequest(request, created.wire) });
  }

  function approveOffer({ body }: RecordedRequest): Answer {
    const approval = readApproval(body);
    if (typeof approval === 'string') return refused(approval);
    const offer = offers.find((one) => offerIndexOf(one) === approval.offerIndex);
    const request = offer && requestOf(offer.requestIndex);
    if (offer === undefined || request === undefined)
      return refused(`There is no offer ${approval.offerIndex}.`);
    const { loadingPOC: _poc, loadingCompany: _company, ...plain } = offer.wire;
    const wire = approval.approved
      ? { ...plain, status: 'selected', ...loadingDetails }
      : { ...plain, status: 'pending' };
    offers = offers.map((one) => (one === offer ? { ...one, wire } : one));
    return jsonAnswer(200, { offers: lclxList([offeredRequest(request, wire)], behaviour()) });
  }

  const older: Route[] = [
    { method: 'GET', path: '/api/quote/request', answer: listRequests },
    { method: 'GET', path: '/api/quote/offer', answer: listOffers },
  ];
  const lasting: Route[] = [
    { method: 'GET', path: '/api/quote/bid', answer: listBids },
    { method: 'POST', path: '/api/quote/getrequests', answer: listRequests },
    { method: 'POST', path: '/api/quote/getoffers', answer: listOffers },
    { method: 'POST', path: '/api/quote/submitrequest', answer: submitRequest },
    { method: 'POST', path: '/api/quote/submitoffer', answer: submitOffer },
    { method: 'POST', path: '/api/quote/approveoffer', answer: approveOffer },
  ];
  return [...older, ...lasting];
}

const refused = (message: string) => jsonAnswer(400, { message });

/** A rate request as the calls about offers write it: other names for the same things, and its offers. */
function offeredRequest(request: LclxRecord, offer: unknown): LclxRecord {
  return {
    index: request['index'],
    cargoname: request['commodityname'],
    status: request['status'],
    origin: request['origin'],
    destination: request['destination'],
    needdate: request['needdate'],
    notes: request['notes'],
    qty: request['qty'],
    packingtype: request['packaging'],
    measureUnit: request['measureUnit'],
    cargowidth: request['width'],
    cargoheight: request['height'],
    cargolength: request['length'],
    massUnit: request['massUnit'],
    weight: request['weight'],
    offer,
  };
}
