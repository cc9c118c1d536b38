import type { LclxBehaviour } from './lclx-behaviour.js';
import { lclxListAnswer, type LclxRecord } from './lclx-lists.js';
import { sampleCarriers, sampleCurrencies, sampleRoutes } from './lclx-sample-data.js';
import type { Route } from './route-table.js';

/** The lists that nobody changes: routes, currencies and carriers. */
export function lclxFreight(behaviour: () => LclxBehaviour): readonly Route[] {
  const list = (path: string, key: string, records: readonly LclxRecord[]): Route => ({
    method: 'GET',
    path,
    answer: (request) => lclxListAnswer(key, records, request, behaviour()),
  });
  return [
    list('/api/route', 'routes', sampleRoutes),
    list('/api/currency', 'currencies', sampleCurrencies),
    list('/api/carrier', 'carriers', sampleCarriers),
  ];
}
