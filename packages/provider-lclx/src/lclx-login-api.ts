import { knownFields, type Refusal, type Reply, type UpstreamRequest } from '@latchkey/core';
import {
  asFlag,
  asNumber,
  asRecord,
  asText,
  bearerText,
  isMoment,
  type RawRecord,
} from '@latchkey/core/wire';
import { z } from 'zod';
import type { LclxAccount, LclxCompany } from './lclx-account.js';
import type { LclxCredentials } from './lclx-credentials.js';

/** What a login gives. */
export interface LclxLogin {
  readonly accessToken: string;
  /** Epoch milliseconds; absent where the reply does not say. */
  readonly expiresAt?: number;
  readonly account: LclxAccount;
}

interface LoginClock {
  readonly issuedAt: number;
  skewMs(): number;
}

/** The login request of LCLXchange, `POST /api/login`; its reply is read by `loginIn`. */
export function loginRequest({ email, password }: LclxCredentials): UpstreamRequest<LclxLoginReply> {
  return {
    method: 'POST',
    path: '/api/login',
    body: { email, password },
    purpose: 'sign-in',
    refused: loginRefused,
    schema: loginReply,
  };
}

/**
 * What the reply to a login says.
 *
 * @param sentEmail the address that was signed in with.
 * @param clock.issuedAt what a lifetime is counted from, in epoch milliseconds.
 * @param clock.skewMs how far the provider's clock, by which a moment is stated, is ahead of that.
 */
export function loginIn({ user, ...top }: LclxLoginReply, sentEmail: string, clock: LoginClock): LclxLogin {
  return knownFields({
    accessToken: user.access_token,
    expiresAt: expiryOf(
      [user['expires_on'], user['expires_in'], top['expires_on'], top['expires_in']],
      clock,
    ),
    account: accountOf(user, sentEmail),
  });
}

export type LclxLoginReply = z.output<typeof loginReply>;

// The token must be there; all else is read from what came, and may be missing.
const loginReply = z.looseObject({ user: z.looseObject({ access_token: bearerText }) });

function accountOf(user: RawRecord, sentEmail: string): LclxAccount {
  const company = companyOf(asRecord(user['company']));
  return knownFields({
    email: asText(user['email']) ?? sentEmail,
    firstName: asText(user['firstname']),
    middleName: asText(user['middlename']),
    lastName: asText(user['lastname']),
    title: asText(user['title']),
    enabled: asFlag(user['enabled']),
    lastLogin: asText(user['lastlogin']),
    imageUrl: asText(user['imageUrl']),
    company: Object.keys(company).length > 0 ? company : undefined,
  });
}

function companyOf(company: RawRecord): LclxCompany {
  return knownFields({
    name: asText(company['name']),
    address1: asText(company['address1']),
    city: asText(company['city']),
    state: asText(company['state']),
    postal: asText(company['postal']),
    country: asText(company['country']),
    phone: asText(company['phone']),
    otiLicense: asText(company['otilicense']),
  });
}

/**
 * The moment that the first usable of `candidates` tells. The documents call it a number of seconds from now, under a
 * name that says a moment; so numbers too large for a lifetime are read as the moment itself. Nothing usable is an
 * unknown expiry: there is no usual lifetime to fall back to.
 */
function expiryOf(candidates: readonly unknown[], clock: LoginClock): number | undefined {
  for (const candidate of candidates) {
    const moment = momentOf(asNumber(candidate), clock);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

function momentOf(value: number | undefined, { issuedAt, skewMs }: LoginClock): number | undefined {
  if (value === undefined || value <= 0) return undefined;
  const moment = value > 1e9 ? (value > 1e12 ? value : value * 1000) - skewMs() : issuedAt + value * 1000;
  return moment > issuedAt && isMoment(moment) ? Math.round(moment) : undefined;
}

/** What a reply that gives no token means. See the table in docs/providers/lclx.md. */
function loginRefused({ status, body }: Reply): Refusal | undefined {
  if (status >= 500) return { code: 'upstream_error' };
  if (status >= 200 && status < 300) {
    const user = asRecord(asRecord(body)['user']);
    if (asFlag(user['enabled']) === false) return { code: 'account_disabled' };
    const hasToken = typeof user['access_token'] === 'string' && user['access_token'] !== '';
    return !hasToken && saysBadCredentials(body) ? { code: 'invalid_credentials' } : undefined;
  }
  switch (status) {
    case 401:
      return { code: 'invalid_credentials' };
    case 400:
    case 422:
      return { code: saysBadCredentials(body) ? 'invalid_credentials' : 'invalid_input' };
    case 403:
      return { code: saysBadCredentials(body) ? 'invalid_credentials' : 'account_disabled' };
    case 404:
      return { code: saysBadCredentials(body) ? 'invalid_credentials' : 'upstream_error' };
    default:
      return undefined; // as the status says
  }
}

/** Whether a reply says, in these or other words, "Invalid Username or Password." */
function saysBadCredentials(body: unknown): boolean {
  const { message } = asRecord(body);
  const said = typeof message === 'string' ? message : body;
  // A page may say anything; this is said in a line.
  if (typeof said !== 'string' || said.length > 300 || said.trimStart().startsWith('<')) return false;
  return denial.test(said) && credential.test(said);
}

// Not "login" and not "not found", of which those speak who know no such path.
const denial =
  /\b(invalid|incorrect|wrong|bad|unknown|unrecogni[sz]ed|mismatch|not (match|valid|correct))\b/i;
const credential = /\b(user ?name|password|credentials?)\b/i;
