import type { ErrorCode, LatchkeyError } from '@latchkey/core';
import { lasting } from './duration.js';

/** One line for a failed sign-in: what happened, and what to change. `prefix` is that of the provider's variables. */
export function adviceFor(error: LatchkeyError, prefix: string): string {
  const { code, message, upstreamCode, retryAfterMs } = error;
  const change = (changeFor(error) ?? advice[code])?.replaceAll('*', prefix);
  const wait = retryAfterMs === undefined ? undefined : `Try again in ${lasting(retryAfterMs)}.`;
  const codes = [code, upstreamCode].filter((one) => one !== undefined).join(': ');
  return [message, change, wait, `(${codes})`].filter((part) => part !== undefined).join(' ');
}

function changeFor({ code, status = 0 }: LatchkeyError): string | undefined {
  if (code !== 'upstream_error') return undefined;
  // A login that is refused, but not for its credentials: the account they belong to is another.
  if (status === 400) return 'Check *_ACCOUNT_ALIAS or *_ACCOUNT_ID, and *_REGION.';
  // A redirect, or no such path: whatever answers there is not the provider.
  return (status >= 300 && status < 400) || status === 404 || status === 405 ? 'Check *_ORIGIN.' : undefined;
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
