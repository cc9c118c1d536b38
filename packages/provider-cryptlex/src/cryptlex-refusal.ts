import type { ErrorCode, Refusal, Reply } from '@latchkey/core';
import { asRecord, text } from '@latchkey/core/wire';

/** Codes of Cryptlex and what they mean, beside or instead of what is assumed here. */
export type ErrorCodes = Readonly<Record<string, ErrorCode>>;

/**
 * Tells what a login that gives no token means: by the code of the reply, else by its message, else by the status alone.
 * See the table in docs/providers/cryptlex.md.
 */
export function loginRefusal({ status, body }: Reply, errorCodes: ErrorCodes): Refusal | undefined {
  if (status >= 200 && status < 300) return undefined;
  const { code: upstreamCode, message = typeof body === 'string' ? body : undefined, errors } = saidIn(body);
  const code =
    meaningOfCode(upstreamCode, errorCodes) ??
    // At 429 a message tells of the tries that were too many, and not of this one.
    (status < 500 && status !== 429 ? meaningOfMessage(message) : undefined) ??
    meaningOfStatus(status, {
      hasErrors: errors !== undefined,
      namesAccount: namesAccount(upstreamCode, message),
    });
  return { code, upstreamCode, retryAfterMs: code === 'account_locked' ? lockMs : undefined };
}

/** Tells what a call with a token was refused for, by its status alone. */
export function callRefusal({ status, body }: Reply): Refusal | undefined {
  if (status >= 200 && status < 300) return undefined;
  const { code: upstreamCode } = saidIn(body);
  if (status === 401) return { code: 'token_rejected', upstreamCode };
  if (status === 429) return { code: 'rate_limited', upstreamCode };
  return { code: 'upstream_error', upstreamCode };
}

/** Tells what a renewal was refused for: a refresh token that is not good is a token that cannot be renewed. */
export function renewalRefusal(reply: Reply, errorCodes: ErrorCodes): Refusal | undefined {
  const refusal = callRefusal(reply);
  if (!refusal) return undefined;
  const { upstreamCode = '' } = refusal;
  const told = Object.hasOwn(errorCodes, upstreamCode) ? errorCodes[upstreamCode] : undefined;
  const isNo = [400, 401, 403, 404, 409].includes(reply.status);
  return { ...refusal, code: told ?? (isNo ? 'token_rejected' : refusal.code) };
}

function saidIn(body: unknown) {
  const { code, message, errors } = asRecord(body);
  return {
    code: text.parse(code),
    message: text.parse(message),
    errors: Object.keys(asRecord(errors)).length > 0 || Array.isArray(errors) ? errors : undefined,
  };
}

function meaningOfCode(code: string | undefined, errorCodes: ErrorCodes): ErrorCode | undefined {
  if (code === undefined) return undefined;
  if (Object.hasOwn(errorCodes, code)) return errorCodes[code];
  const words = code.toUpperCase().replaceAll('-', '_');
  if (words === 'AUTHENTICATION_FAILED' || words === 'INVALID_CREDENTIALS') return 'invalid_credentials';
  if (/TWO_?FACTOR/.test(words)) {
    if (/MISSING|REQUIRED/.test(words)) return 'second_factor_required';
    if (/INVALID|INCORRECT|WRONG/.test(words)) return 'second_factor_invalid';
  }
  return /(^|_)LOCKED(_|$)/.test(words) ? 'account_locked' : undefined;
}

function meaningOfMessage(message: string | undefined): ErrorCode | undefined {
  // A long text is a page, and a page may say anything.
  if (message === undefined || message.length > 300) return undefined;
  if (/two[- ]?factor|second factor|2fa/i.test(message)) {
    if (/missing|required/i.test(message)) return 'second_factor_required';
    if (/invalid|incorrect|wrong/i.test(message)) return 'second_factor_invalid';
  }
  if (/\block(ed)?\b/i.test(message)) return 'account_locked';
  // A wrong alias or id must not look like a wrong password.
  if (namesTenant(message)) return 'upstream_error';
  const isDenial = /invalid|incorrect|wrong/i.test(message) && /e-?mail|password|credentials/i.test(message);
  return isDenial || /authentication failed/i.test(message) ? 'invalid_credentials' : undefined;
}

function meaningOfStatus(
  status: number,
  { hasErrors, namesAccount }: { readonly hasErrors: boolean; readonly namesAccount: boolean },
): ErrorCode {
  switch (status) {
    case 400:
      if (hasErrors) return 'invalid_input';
      return namesAccount ? 'upstream_error' : 'invalid_credentials';
    case 401:
      return 'invalid_credentials';
    case 403:
      return 'account_disabled';
    case 409:
      return 'account_locked';
    case 429:
      return 'rate_limited';
    default:
      return 'upstream_error';
  }
}

function namesAccount(code = '', message = ''): boolean {
  return /ACCOUNT/i.test(code) || /\baccount\b/i.test(message) || namesTenant(message);
}

function namesTenant(message: string): boolean {
  return /\baccount ?(alias|id)\b/i.test(message);
}

// Cryptlex locks for five minutes after five failures: the longest wait, where no header says another.
const lockMs = 300_000;
