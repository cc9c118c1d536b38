import { faultSetting } from './complete-fault.js';
import type { FaultSwitch } from './emulator.js';
import { type LoginAnswer, loginAnswerSetting } from './login-answer.js';
import type { RateLimit } from './rate-limit.js';
import { accepting, amount, flag, oneOf, type Settings } from './setting.js';

/** The switches of the Cryptlex emulator: one for each thing that the documents leave open. */
export interface CryptlexBehaviour extends FaultSwitch {
  /** The answer to every login, whatever was sent. Default `undefined`: the login answers for itself. */
  readonly loginAnswer: LoginAnswer | undefined;
  /**
   * Refresh tokens: a new one at each renewal, which uses the old one up (default); the same one again; none in the
   * answer to a renewal, while the old one goes on; or none at all, and no endpoint for them.
   */
  readonly refreshToken: 'rotating' | 'kept' | 'absent-on-renewal' | 'none';
  /** How long a refresh token lives, in seconds. Default 30 days. */
  readonly refreshTokenSeconds: number;
  /** Status for a refresh token that is unknown, used up or expired. Default 400. */
  readonly refreshRefusedStatus: 400 | 401;
  /** How long an access token lives, in seconds; 0 or less makes one that is refused at once. Default 3600. */
  readonly accessTokenSeconds: number;
  /** Access tokens are random text rather than JWTs. Default false. */
  readonly opaqueTokens: boolean;
  /** The JWTs have no `exp`; they expire all the same. Default false. */
  readonly noExp: boolean;
  /** A 401 has an empty body. Default false. */
  readonly emptyUnauthorized: boolean;
  /** Status for a locked user. Default 400. */
  readonly lockStatus: 400 | 409;
  /** Every user has a second factor, with the code 123456 where the user has none. Default false. */
  readonly secondFactor: boolean;
  /** Every JSON object that stands for something has fields nobody documented. Default false. */
  readonly extraFields: boolean;
  /** What may be null in a licence is null, and all of `/v3/me` but `id` and `email`. Default false. */
  readonly nulls: boolean;
  /** Dates end without the `Z`. Default false. */
  readonly datesWithoutZ: boolean;
  /** So many requests in so long, with the headers that say so; `{ requests: 50, perMs: 5000 }` is documented. Default false. */
  readonly rateLimit: false | RateLimit;
  /** Body of its 429: plain text (default) or JSON. */
  readonly rateLimitBody: 'text' | 'json';
}

/** Default and accepted values of each switch. */
export const cryptlexSettings: Settings<CryptlexBehaviour> = {
  loginAnswer: loginAnswerSetting,
  refreshToken: oneOf<CryptlexBehaviour['refreshToken']>('rotating', 'kept', 'absent-on-renewal', 'none'),
  refreshTokenSeconds: amount(30 * 86_400),
  refreshRefusedStatus: oneOf<400 | 401>(400, 401),
  accessTokenSeconds: amount(3_600),
  opaqueTokens: flag(false),
  noExp: flag(false),
  emptyUnauthorized: flag(false),
  lockStatus: oneOf<400 | 409>(400, 409),
  secondFactor: flag(false),
  extraFields: flag(false),
  nulls: flag(false),
  datesWithoutZ: flag(false),
  rateLimit: accepting<false | RateLimit>(
    false,
    'false or { requests, perMs }, both above 0',
    (value) => value === false || isRateLimit(value),
  ),
  rateLimitBody: oneOf<'text' | 'json'>('text', 'json'),
  fault: faultSetting,
};

function isRateLimit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('requests' in value) || !('perMs' in value))
    return false;
  const { requests, perMs } = value;
  return Number.isInteger(requests) && Number(requests) > 0 && Number.isFinite(perMs) && Number(perMs) > 0;
}
