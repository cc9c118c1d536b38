import { errorSentences, type ErrorCode } from '../error-code.js';
import { isLatchkeyError } from '../latchkey-error.js';

/** What an HTTP client of the application is told of a failure. */
export interface HttpAnswer {
  readonly status: number;
  /** By their usual spelling: `Cache-Control`, `Retry-After`, `WWW-Authenticate`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: ErrorCode; readonly message: string };
}

/**
 * Turns any error into the answer to give for it.
 *
 * The body has the code and its fixed sentence, so nothing of the error's own text, its cause or its stack gets out.
 * Errors that are not Latchkey's answer 500 as `internal_error`. Where the service's own credentials failed (`actor:
 * 'service'`) the answer is 502 as `upstream_error`, whatever the code: the user at the other end did nothing wrong, and
 * must not be signed out for it.
 *
 * @param options.realm names the protected area in `WWW-Authenticate`. Default: `latchkey`.
 */
export function toHttpAnswer(
  error: unknown,
  options: { readonly realm?: string | undefined } = {},
): HttpAnswer {
  const { realm = 'latchkey' } = options;
  const known = isLatchkeyError(error) && Object.hasOwn(statuses, error.code) ? error : undefined;
  const code = known?.actor === 'service' ? 'upstream_error' : (known?.code ?? 'internal_error');
  const status = statuses[code];
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  const { retryAfterMs = NaN } = known ?? {};
  if (status === 429 && Number.isFinite(retryAfterMs)) {
    headers['Retry-After'] = String(Math.min(Math.max(1, Math.ceil(retryAfterMs / 1000)), yearSeconds));
  }
  const challenge = challenges[code];
  if (challenge !== undefined) headers['WWW-Authenticate'] = `Bearer realm="${quotable(realm)}"${challenge}`;
  return { status, headers, body: { error: code, message: errorSentences[code] } };
}

const yearSeconds = 31_536_000;

const statuses: Readonly<Record<ErrorCode, number>> = {
  invalid_config: 500,
  invalid_input: 400,
  not_signed_in: 401,
  invalid_credentials: 401,
  second_factor_required: 401,
  second_factor_invalid: 401,
  account_locked: 429,
  account_disabled: 403,
  rate_limited: 429,
  token_rejected: 401,
  entitlement_required: 403,
  provider_not_allowed: 403,
  csrf_rejected: 403,
  unknown_provider: 404,
  upstream_error: 502,
  invalid_response: 502,
  upstream_unavailable: 503,
  timeout: 504,
  store_error: 503,
  closed: 503,
  internal_error: 500,
};

// RFC 6750, section 3: no error is named to a request that brought no token.
const challenges: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_signed_in: '',
  token_rejected: `, error="invalid_token", error_description="${errorSentences.token_rejected}"`,
};

// A quoted-string of RFC 9110, section 5.6.4, in ASCII; nothing else of the realm is let into a header.
function quotable(realm: string): string {
  return realm.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, '\\$&');
}
