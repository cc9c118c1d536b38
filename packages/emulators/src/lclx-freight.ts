import type { ProviderContext } from './emulator.js';
import type { LclxBehaviour } from './lclx-behaviour.js';
import { lclxListAnswer, type LclxRecord } from './lclx-lists.js';
import { sampleCarriers, sampleCurrencies, sampleRoutes } from './lclx-sample-data.js';
import type { Route } from './route-table.js';

/** The lists that nobody changes: routes, whose dates count from the moment of this call, currencies and carriers. */
export function lclxFreight({ behaviour, now }: ProviderContext<LclxBehaviour>): readonly Route[] {
  const list = (path: string, key: string, records: readonly LclxRecord[]): Route => ({
    method: 'GET',
    path,
    answer: (request) => lclxListAnswer(key, records, request, behaviour()),
  });
  return [
    list('/api/route', 'routes', sampleRoutes(now())),
    list('/api/currency', 'currencies', sampleCurrencies),
    list('/api/carrier', 'carriers', sampleCarriers),
  ];
}
