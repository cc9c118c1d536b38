import { errorSentences, type ErrorCode } from './error-code.js';

/** What is known of a failure beside its code. Nothing in it may hold a token or a password. */
export interface LatchkeyErrorDetails {
  /** A sentence for developers. Default: the fixed sentence of the code. */
  readonly message?: string | undefined;
  /** Name of the provider that is concerned. */
  readonly provider?: string | undefined;
  /** HTTP status that the provider answered. */
  readonly status?: number | undefined;
  /** The provider's own word for the failure, where its answer had one. */
  readonly upstreamCode?: string | undefined;
  /** How long to wait before another try, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whose credentials failed: the end user's, or the service's own. */
  readonly actor?: 'user' | 'service' | undefined;
  readonly cause?: unknown;
}

/**
 * The one error class of Latchkey; what happened is told by `code`.
 *
 * `retryable` is true where the same call may succeed later without anything being changed.
 */
export class LatchkeyError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  declare readonly provider?: string;
  declare readonly status?: number;
  declare readonly upstreamCode?: string;
  declare readonly retryAfterMs?: number;
  declare readonly actor?: 'user' | 'service';

  constructor(code: ErrorCode, details: LatchkeyErrorDetails = {}) {
    const { message = errorSentences[code], cause, ...known } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = isRetryable(code, known.status);
    for (const name of ['provider', 'status', 'upstreamCode', 'retryAfterMs', 'actor'] as const) {
      if (known[name] !== undefined) Object.assign(this, { [name]: known[name] });
    }
  }
}

// On the prototype, so that neither shows among the details of every printed error.
const brand = Symbol.for('@latchkey/core/error');
Object.defineProperties(LatchkeyError.prototype, {
  name: { value: 'LatchkeyError', writable: true, configurable: true },
  [brand]: { value: true },
});

/**
 * Whether `error` is a `LatchkeyError`, and, with `code`, one of that code. Goes by a brand, not by class, so that two
 * installed copies of this package know each other's errors.
 */
export function isLatchkeyError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is LatchkeyError & { readonly code: Code } {
  return (
    typeof error === 'object' &&
    error !== null &&
    brand in error &&
    (code === undefined || ('code' in error && error.code === code))
  );
}

/** The same error, said to be about the credentials of `actor`. */
export function withActor(error: LatchkeyError, actor: 'user' | 'service'): LatchkeyError {
  if (error.actor === actor) return error;
  const { code, message, provider, status, upstreamCode, retryAfterMs, cause, stack } = error;
  const details = { message, provider, status, upstreamCode, retryAfterMs, cause, actor };
  // Where it was first thrown says more than where it was passed on.
  return Object.defineProperty(new LatchkeyError(code, details), 'stack', { value: stack, writable: true });
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  'rate_limited',
  'upstream_unavailable',
  'timeout',
  'store_error',
]);

function isRetryable(code: ErrorCode, status: number | undefined): boolean {
  return retryableCodes.has(code) || (code === 'upstream_error' && status !== undefined && status >= 500);
}
