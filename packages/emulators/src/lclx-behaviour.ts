import { faultSetting } from './complete-fault.js';
import type { FaultSwitch } from './emulator.js';
import { type LoginAnswer, loginAnswerSetting } from './login-answer.js';
import { accepting, amount, flag, oneOf, type Settings } from './setting.js';

/** The switches of the LCLXchange emulator: one for each thing that the documents leave open. */
export interface LclxBehaviour extends FaultSwitch {
  /** Status of a login with bad credentials. Default 401. */
  readonly refusedStatus: 200 | 400 | 401 | 403 | 404 | 422;
  /** The answer to every login, whatever was sent. Default `undefined`: the login answers for itself. */
  readonly loginAnswer: LoginAnswer | undefined;
  /** How long a token lives, in seconds; 0 or less makes a token that is refused at once. Default 86400. */
  readonly lifetimeSeconds: number;
  /** Said in place of the real lifetime, which it does not change. Default `undefined`: the truth. */
  readonly announcedLifetime: number | string | null | undefined;
  /** Name under which the lifetime is said. Default `expires_on`. */
  readonly lifetimeName: 'expires_on' | 'expires_in' | 'absent';
  /** Seconds as a number (default) or as text, or the moment of expiry in epoch seconds or milliseconds. */
  readonly lifetimeType: 'number' | 'string' | 'epoch' | 'epoch-ms';
  /** Inside `user` (default) or beside it. */
  readonly lifetimePlace: 'user' | 'top';
  /**
   * What an enabled user has in `enabled`, default `TRUE`; a disabled one has the same spelling of no. With
   * `FALSE`, `false` and 0 every user is a disabled one.
   */
  readonly enabled: 'TRUE' | 'FALSE' | true | false | 1 | 0 | 'absent';
  /** The company as an object (default), as `{}`, `[]` or `null`, or not there. */
  readonly company: 'object' | 'empty' | 'array' | 'null' | 'absent';
  /** A login gives the user's live token again, with the time that is left, where there is one. Default false. */
  readonly sameToken: boolean;
  /** A login ends the user's other tokens. Default false. */
  readonly loginEndsOldToken: boolean;
  /**
   * How a data call without a live token is refused: 401 with the documented body (default), the same body with
   * status 403 or 200, 401 with an empty body, or 401 with a `message`.
   */
  readonly refusal: 'documented' | '403' | '200' | 'empty' | 'message';
  /** Content type of every JSON answer. Default `application/json`. */
  readonly contentType: 'application/json' | 'text/html';
  /** A byte order mark in front of every JSON answer. Default false. */
  readonly bom: boolean;
  /** Lists as objects keyed "0", "1", … (default) or as arrays. */
  readonly lists: 'object' | 'array';
  /** An empty list as `{}` (default) or `[]`, or its key not there. */
  readonly emptyLists: 'object' | 'array' | 'absent';
  /** Every list is empty. Default false. */
  readonly noRecords: boolean;
  /** False: GET `/api/quote/request` and `/api/quote/offer` answer 404, only the newer POSTs answer. Default true. */
  readonly quoteGets: boolean;
}

/** Default and accepted values of each switch. */
export const lclxSettings: Settings<LclxBehaviour> = {
  refusedStatus: oneOf<LclxBehaviour['refusedStatus']>(401, 200, 400, 403, 404, 422),
  loginAnswer: loginAnswerSetting,
  lifetimeSeconds: amount(86_400),
  announcedLifetime: accepting<LclxBehaviour['announcedLifetime']>(
    undefined,
    'a number, a text, null or undefined',
    (value) =>
      value === undefined || value === null || typeof value === 'number' || typeof value === 'string',
  ),
  lifetimeName: oneOf<LclxBehaviour['lifetimeName']>('expires_on', 'expires_in', 'absent'),
  lifetimeType: oneOf<LclxBehaviour['lifetimeType']>('number', 'string', 'epoch', 'epoch-ms'),
  lifetimePlace: oneOf<LclxBehaviour['lifetimePlace']>('user', 'top'),
  enabled: oneOf<LclxBehaviour['enabled']>('TRUE', 'FALSE', true, false, 1, 0, 'absent'),
  company: oneOf<LclxBehaviour['company']>('object', 'empty', 'array', 'null', 'absent'),
  sameToken: flag(false),
  loginEndsOldToken: flag(false),
  refusal: oneOf<LclxBehaviour['refusal']>('documented', '403', '200', 'empty', 'message'),
  contentType: oneOf<LclxBehaviour['contentType']>('application/json', 'text/html'),
  bom: flag(false),
  lists: oneOf<LclxBehaviour['lists']>('object', 'array'),
  emptyLists: oneOf<LclxBehaviour['emptyLists']>('object', 'array', 'absent'),
  noRecords: flag(false),
  quoteGets: flag(true),
  fault: faultSetting,
};
