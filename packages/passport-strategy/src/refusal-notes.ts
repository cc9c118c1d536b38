import type { Refusal } from './refusal.js';
import { hideCookie, hideHeaders, showIn } from './response-headers.js';
import type { StrategyRequest } from './strategy-request.js';

/** One refusal, and the options of the `passport.authenticate` that it happened in, which tell that from others. */
interface Note {
  readonly options: unknown;
  readonly refusal: Refusal;
}

/**
 * Keeps a refusal with its request, since of what a strategy says Passport hands on little, and shows its headers in the
 * response, where the request has one.
 */
export function noteRefusal(request: StrategyRequest, options: unknown, refusal: Refusal): void {
  const before = notesOf(request);
  // An answer that mixed two of them would make no sense.
  if (before.at(-1)?.options !== options) hideNotedHeaders(request);
  const notes = [...before, { options, refusal }];
  Object.defineProperty(request, noted, { value: notes, configurable: true });
  showIn(request, refusal);
}

/** The refusals of the last `passport.authenticate` that `request` went through. */
export function notedRefusals(request: object): Refusal[] {
  const notes = notesOf(request);
  const last = notes.at(-1);
  return notes.filter(({ options }) => options === last?.options).map(({ refusal }) => refusal);
}

/** Takes everything back: after all, the request is let in. */
export function forgetRefusals(request: StrategyRequest): void {
  hideNotedHeaders(request);
  for (const { refusal } of notesOf(request)) hideCookie(request, refusal);
  Reflect.deleteProperty(request, noted);
}

/** Takes the headers of all refusals out of the response; cookies stay. */
export function hideNotedHeaders(request: object): void {
  for (const { refusal } of notesOf(request)) hideHeaders(request, refusal);
}

function notesOf(request: object): readonly Note[] {
  return noted in request ? (request[noted] as readonly Note[]) : [];
}

const noted = Symbol.for('@latchkey/passport-strategy/refusals');
