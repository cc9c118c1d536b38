import { isLatchkeyError, LatchkeyError } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';

/**
 * What a strategy gives to `error`.
 *
 * Errors of Latchkey become a `LatchkeyError` with the same code, message and stack, whose `status` is the one to answer
 * with, as Express reads it; on the original, which is its `cause`, `status` is what the provider answered. Other errors
 * stay as they are. Whatever is no object is wrapped: Express takes `next(undefined)` for a success, and `next('route')`
 * for an order.
 */
export function passportError(error: unknown): object {
  if (isLatchkeyError(error)) {
    const { code, message, provider, upstreamCode, retryAfterMs, actor, retryable, stack } = error;
    const { status } = toHttpAnswer(error);
    const details = { message, provider, upstreamCode, retryAfterMs, actor, status, cause: error };
    return Object.defineProperties(new LatchkeyError(code, details), {
      retryable: { value: retryable, enumerable: true },
      stack: { value: stack, writable: true, configurable: true },
    });
  }
  if (typeof error === 'object' && error !== null) return error;
  return passportError(
    new LatchkeyError('internal_error', { message: 'Something was thrown that is no error.', cause: error }),
  );
}
