import { isLatchkeyError } from '@latchkey/core';

/** Whether an error says that a provider does not answer, or not as it should: it may a little later. */
export function isProviderDown(error: unknown): boolean {
  return isLatchkeyError(error) && codes.has(error.code);
}

const codes: ReadonlySet<string> = new Set([
  'upstream_unavailable',
  'upstream_error',
  'invalid_response',
  'timeout',
  'rate_limited',
]);
