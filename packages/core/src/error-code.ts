/** Every code an error of Latchkey can carry, with the fixed English sentence that stands for it. */
export const errorSentences = {
  invalid_config: 'The options are not usable.',
  invalid_input: 'The request is not usable as it is.',
  not_signed_in: 'Sign in to continue.',
  invalid_credentials: 'The e-mail address or the password is wrong.',
  second_factor_required: 'A second-factor code is needed. Sign in again with it.',
  second_factor_invalid: 'The second-factor code is wrong. Sign in again with a new one.',
  account_locked: 'The account is locked after too many failures. Try again later.',
  account_disabled: 'The account may not sign in.',
  rate_limited: 'There were too many requests. Try again later.',
  token_rejected: 'The access token is no longer accepted.',
  entitlement_required: 'The account is not entitled to this.',
  provider_not_allowed: 'Accounts of this provider may not do this.',
  csrf_rejected: 'The request came from another site.',
  unknown_provider: 'There is no such provider.',
  upstream_error: 'The provider answered with an error.',
  invalid_response: 'The provider gave an answer that cannot be used.',
  upstream_unavailable: 'The provider cannot be reached.',
  timeout: 'The provider did not answer in time.',
  store_error: 'The store cannot be reached.',
  closed: 'This was closed and cannot be used any more.',
  internal_error: 'Something went wrong.',
} as const;

/** What went wrong, as a word to branch on. The table in the README of this package says when each is used. */
export type ErrorCode = keyof typeof errorSentences;

/** All of them. */
export const errorCodes = Object.freeze(Object.keys(errorSentences)) as readonly ErrorCode[];

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorSentences, value);
}
