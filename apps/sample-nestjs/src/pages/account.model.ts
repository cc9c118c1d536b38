import type { Session } from '@latchkey/core';
import type { LclxAccount } from '@latchkey/provider-lclx';
import type { Departure } from '../departures/departure.js';
import type { License, LicensePage } from '../licenses/license-page.js';
import { visitor } from './pages.service.js';
import { day, distance } from './words.js';

/** Who is signed in, for the page `account`. */
export function accountModel({ provider, identity, account, expiresAt }: Session): object {
  return {
    visitor: visitor(identity),
    company: provider === 'lclx' ? companyModel(account as LclxAccount) : undefined,
    signedInUntil: { iso: new Date(expiresAt).toISOString(), words: distance(expiresAt, Date.now()) },
  };
}

/** Cards of licences, and the way to other pages of them. */
export function licensesModel({ page, hasMore, licenses }: LicensePage, now: number): object {
  return {
    list: licenses.map((license) => licenseModel(license, now)),
    page,
    previous: page > 1 ? page - 1 : undefined,
    next: hasMore ? page + 1 : undefined,
    hasPages: page > 1 || hasMore,
  };
}

/** Rows of departures. */
export function departuresModel(departures: readonly Departure[]): object {
  return {
    list: departures.map(({ from, to, departs, carrier, vessel }) => ({
      from,
      to,
      day: dayOf(departs),
      ship: [vessel, carrier].filter((name) => name !== null).join(', '),
    })),
  };
}

function companyModel({ company }: LclxAccount): object | undefined {
  if (!company) return undefined;
  const { name, address1, city, state, postal, country, phone, otiLicense } = company;
  const place = [address1, [city, state, postal].filter(Boolean).join(' '), country];
  return { name, address: place.filter(Boolean).join(', '), phone, otiLicense };
}

function licenseModel({ product, status, activations, allowedActivations, expiresAt }: License, now: number) {
  return {
    product,
    status,
    activations,
    allowed: allowedActivations,
    // A bar needs a length: without a limit there is none.
    isLimited: allowedActivations !== null,
    expiry: expiresAt === null ? undefined : expiry(Date.parse(expiresAt), now),
  };
}

function expiry(at: number, now: number) {
  const words = `${at > now ? 'Expires' : 'Expired'} ${distance(at, now)}`;
  return { words, iso: new Date(at).toISOString(), day: day(at) };
}

/** The day of a moment as LCLXchange writes it, else the text that it is. */
function dayOf(text: string): { readonly iso?: string; readonly words: string } {
  const [iso = ''] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [];
  const at = Date.parse(iso);
  return Number.isNaN(at) ? { words: text } : { iso, words: day(at) };
}
