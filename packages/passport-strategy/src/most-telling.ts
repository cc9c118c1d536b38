import type { ErrorCode } from '@latchkey/core';
import type { HttpAnswer } from '@latchkey/core/http';

/** Of the answers of several strategies to one request, the one that helps its sender most. */
export function mostTelling(answers: readonly HttpAnswer[]): HttpAnswer | undefined {
  return answers.toSorted((one, other) => rankOf(one) - rankOf(other))[0];
}

// Failures of a server are not in the list, and come before all that is.
function rankOf({ body }: HttpAnswer): number {
  const rank = mostTellingFirst.indexOf(body.error);
  return rank < 0 ? -1 : rank;
}

// What asks the most of whoever reads it, or says the most of the account, comes first; then what went wrong with what was
// given; then that nothing was. Failures of a server, which are not listed, come before them all.
const mostTellingFirst: readonly ErrorCode[] = [
  'rate_limited',
  'account_locked',
  'account_disabled',
  'second_factor_invalid',
  'second_factor_required',
  'csrf_rejected',
  'entitlement_required',
  'provider_not_allowed',
  'invalid_credentials',
  'token_rejected',
  'not_signed_in',
  'invalid_input',
  'unknown_provider',
];
