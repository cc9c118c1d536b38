import type { ErrorCode } from '@latchkey/core';

/** Whether the code of an error says that a provider does not answer, or not as it should: it may a little later. */
export function isProviderDown(code: ErrorCode): boolean {
  return codes.has(code);
}

const codes: ReadonlySet<ErrorCode> = new Set([
  'upstream_unavailable',
  'upstream_error',
  'invalid_response',
  'timeout',
]);
