import { z } from 'zod';
import type { LclxOfferToSubmit, LclxRequestToSubmit } from './lclx-quotes.js';

const positiveRule = 'must be a number above 0';
const amountRule = 'must be a number, 0 or more';
const wholeRule = 'must be a whole number, 0 or more';
const flagRule = 'must be true or false';

const words = z
  .string('must be text')
  .trim()
  .min(1, 'must not be empty')
  .max(1000, 'must be at most 1000 characters');
const positive = z.number(positiveRule).positive(positiveRule);
const amount = z.number(amountRule).nonnegative(amountRule);

/** The index of a record. */
export const recordIndex = z.int(wholeRule).nonnegative(wholeRule);

export const requestToSubmit: z.ZodType<LclxRequestToSubmit> = z.strictObject(
  {
    origin: words,
    destination: words,
    arrival: z.string('must be text').refine(isMoment, 'must be YYYY-MM-DD HH:MM:SS'),
    commodityName: words,
    requestType: z.enum(['Trucking', 'Shipping'], 'must be Trucking or Shipping'),
    packaging: words,
    quantity: z.int('must be a whole number above 0').positive('must be a whole number above 0'),
    length: positive,
    width: positive,
    height: positive,
    weight: positive,
    incoterm: words,
    hazardous: z.boolean(flagRule),
  },
  'must be an object',
);

export const offerToSubmit: z.ZodType<LclxOfferToSubmit> = z.strictObject(
  {
    requestIndex: recordIndex,
    amount,
    currencyIndex: recordIndex,
    rates: z.record(z.string(), amount, 'must be an object of fees').optional(),
    terms: z.string('must be text').max(10_000, 'must be at most 10000 characters').optional(),
  },
  'must be an object',
);

export const approval = z.object({ offerIndex: recordIndex, approved: z.boolean(flagRule) });

/** Whether `text` is a day and a time that there are: the calendar has to give back what it was given. */
function isMoment(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)
    ? new Date(`${text.replace(' ', 'T')}Z`)
    : undefined;
  return (
    at !== undefined && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.replace(' ', 'T'))
  );
}
