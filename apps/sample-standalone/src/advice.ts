import type { ErrorCode, LatchkeyError } from '@latchkey/core';
import { lasting } from './duration.js';

/** One line for a failed sign-in: what happened, and what to change. `prefix` is that of the provider's variables. */
export function adviceFor(error: LatchkeyError, prefix: string): string {
  const { code, message, status = 0, retryAfterMs } = error;
  // A redirect, or no such path: whatever answers there is not the provider.
  const isElsewhere =
    code === 'upstream_error' && ((status >= 300 && status < 400) || [404, 405].includes(status));
  const change = (isElsewhere ? 'Check *_ORIGIN.' : advice[code])?.replaceAll('*', prefix);
  const wait = retryAfterMs === undefined ? undefined : `Try again in ${lasting(retryAfterMs)}.`;
  return [message, change, wait, `(${code})`].filter((part) => part !== undefined).join(' ');
}

const advice: Partial<Record<ErrorCode, string>> = {
  invalid_config: 'Check the *_ variables.',
  invalid_input: 'Check the *_ variables.',
  invalid_credentials: 'Check *_EMAIL and *_PASSWORD.',
  second_factor_required: 'Set *_TWO_FACTOR_CODE, or run this at a terminal to be asked for it.',
  second_factor_invalid: 'Set *_TWO_FACTOR_CODE to the code of this moment.',
  upstream_unavailable: 'Check the network, or *_ORIGIN.',
  timeout: 'Check the network, or *_ORIGIN.',
};
