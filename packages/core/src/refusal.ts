import type { ErrorCode } from './error-code.js';
import { isLatchkeyError, type LatchkeyError } from './latchkey-error.js';

/**
 * Whether an error is a clear no to what was sent, so that sending the same again could only do harm, such as lock the
 * account. Too many requests, failures of the provider and timeouts are not: they say nothing of what was sent.
 */
export function isRefusal(error: unknown): error is LatchkeyError {
  if (!isLatchkeyError(error)) return false;
  if (refusals.has(error.code)) return true;
  const { status = 0, code } = error;
  return code !== 'rate_limited' && status >= 400 && status < 500 && !passingStatuses.has(status);
}

const refusals: ReadonlySet<ErrorCode> = new Set([
  'invalid_input',
  'invalid_credentials',
  'second_factor_required',
  'second_factor_invalid',
  'account_locked',
  'account_disabled',
  'token_rejected',
]);

// Request Timeout, Too Early, Too Many Requests.
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
