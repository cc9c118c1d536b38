import { type LclxRecord, readIndex } from './lclx-lists.js';

/** The body of `submitrequest` as the fields of a rate request, or what is wrong with it. */
export function readSubmittedRequest(body: unknown): LclxRecord | string {
  const fields = readFields(body, {
    origin: text,
    destination: text,
    arrival: dateTime,
    commodityname: text,
    requesttype: requestType,
    packaging: text,
    quantity: wholeNumber,
    length: number,
    width: number,
    height: number,
    weight: number,
    incoterm: text,
    hazardous: zeroOrOne,
  });
  if (typeof fields === 'string') return fields;
  const { arrival: needdate, quantity: qty, ...rest } = fields;
  return { ...rest, needdate, qty };
}

/** The body of `submitoffer`, with the names an offer has on the wire, or what is wrong with it. */
export function readSubmittedOffer(
  body: unknown,
):
  | { requestIndex: number; offerAmount: number; currencyId: number; terms?: unknown; rates?: unknown }
  | string {
  const required = { requestIndex: index, offer: number, currencyId: index };
  const fields = readFields(body, required, { terms: text, rates: amounts });
  if (typeof fields === 'string') return fields;
  const { requestIndex, offer, currencyId, ...rest } = fields;
  return {
    requestIndex: Number(requestIndex),
    offerAmount: Number(offer),
    currencyId: Number(currencyId),
    ...rest,
  };
}

/** The body of `approveoffer`, or what is wrong with it. */
export function readApproval(body: unknown): { offerIndex: number; approved: boolean } | string {
  const fields = readFields(body, { offerIndex: index, approved: zeroOrOne });
  if (typeof fields === 'string') return fields;
  return { offerIndex: Number(fields['offerIndex']), approved: fields['approved'] === 1 };
}

interface Rule {
  readonly takes: string;
  readonly check: (value: unknown) => boolean;
}

const text: Rule = { takes: 'a text', check: (value) => typeof value === 'string' };
const number: Rule = { takes: 'a number', check: (value) => Number.isFinite(value) };
const wholeNumber: Rule = { takes: 'a whole number', check: (value) => Number.isSafeInteger(value) };
const index: Rule = { takes: 'an index', check: (value) => readIndex(value) !== undefined };
const zeroOrOne: Rule = { takes: '0 or 1', check: (value) => value === 0 || value === 1 };
const requestType: Rule = {
  takes: '"Trucking" or "Shipping"',
  check: (value) => value === 'Trucking' || value === 'Shipping',
};
const dateTime: Rule = {
  takes: 'YYYY-MM-DD HH:MM:SS',
  check: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value),
};
const amounts: Rule = {
  takes: 'an object of numbers',
  check: (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(Number.isFinite),
};

/** The named fields of a JSON object and no others, or the first thing that is wrong. */
function readFields(
  body: unknown,
  required: Readonly<Record<string, Rule>>,
  optional: Readonly<Record<string, Rule>> = {},
): Record<string, unknown> | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return 'The body must be a JSON object.';
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(body));
  const fields: Record<string, unknown> = {};
  for (const [name, { takes, check }] of Object.entries({ ...required, ...optional })) {
    if (given[name] === undefined && name in optional) continue;
    if (!check(given[name])) return `The field ${name} must be ${takes}.`;
    fields[name] = given[name];
  }
  return fields;
}
