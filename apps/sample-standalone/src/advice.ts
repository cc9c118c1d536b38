import type { ErrorCode, LatchkeyError } from '@latchkey/core';
import prettyMs from 'pretty-ms';

/** One line for a failed sign-in: what happened, and what to change. `prefix` is that of the provider's variables. */
export function adviceFor(error: LatchkeyError, prefix: string): string {
  const { code, message, retryAfterMs } = error;
  const variables = advice[code]?.replaceAll('*', prefix);
  const wait =
    retryAfterMs === undefined ? undefined : `Try again in ${prettyMs(retryAfterMs, { verbose: true })}.`;
  return [message, variables, wait, `(${code})`].filter((part) => part !== undefined).join(' ');
}

const advice: Partial<Record<ErrorCode, string>> = {
  invalid_config: 'Check *_ORIGIN.',
  invalid_input: 'Check *_EMAIL and *_PASSWORD.',
  invalid_credentials: 'Check *_EMAIL and *_PASSWORD.',
  upstream_unavailable: 'Check the network, or *_ORIGIN.',
  timeout: 'Check the network, or *_ORIGIN.',
};
