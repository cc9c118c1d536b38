import type { Session } from '@latchkey/core';
import { lclxClient, type LclxRoute } from '@latchkey/provider-lclx';
import { Injectable } from '@nestjs/common';
import type { Departure } from './departure.js';

/** What sails next on the routes of a user of LCLXchange. */
@Injectable()
export class DeparturesService {
  /** Sailings from today on, the next one first, eight at most. */
  async next(session: Session): Promise<Departure[]> {
    const client = lclxClient(session);
    const [routes, carriers] = await Promise.all([client.routes(), client.carriers()]);
    const names = new Map(carriers.map(({ index, name }) => [index, name]));
    const today = new Date().toISOString().slice(0, 10);
    return routes
      .filter(({ estDeparture = '' }) => estDeparture >= today)
      .toSorted((one, other) => compare(one.estDeparture, other.estDeparture))
      .slice(0, 8)
      .map((route) => departure(route, names));
  }
}

function departure(route: LclxRoute, carriers: ReadonlyMap<number, string | undefined>): Departure {
  const { origin, destination, estDeparture, estArrival, carrier, vesselName } = route;
  return {
    from: origin ?? 'unknown',
    to: destination ?? 'unknown',
    departs: estDeparture ?? '',
    arrives: estArrival ?? null,
    carrier: (carrier === undefined ? undefined : carriers.get(carrier)) ?? null,
    vessel: vesselName ?? null,
  };
}

/** Moments as LCLXchange writes them are in order as text. */
function compare(one = '', other = ''): number {
  return one < other ? -1 : Number(one > other);
}
