import type { LatchkeyError } from '@latchkey/core';
import type { Fault, FaultKind } from '@latchkey/emulators';

/** What each fault comes to at a sign-in, and the requests that a list of licences costs under it. */
const outcomes: Record<FaultKind, { fault?: Fault; signIn: LatchkeyError['code'] | 'good'; reads: number }> =
  {
    'slow-headers': { fault: { kind: 'slow-headers', delayMs: 60_000 }, signIn: 'timeout', reads: 1 },
    'slow-body': { fault: { kind: 'slow-body', intervalMs: 100 }, signIn: 'timeout', reads: 1 },
    never: { signIn: 'timeout', reads: 1 },
    reset: { signIn: 'upstream_unavailable', reads: 3 },
    'reset-mid-body': { signIn: 'upstream_unavailable', reads: 3 },
    garbage: { signIn: 'invalid_response', reads: 1 },
    'html-500': { signIn: 'upstream_error', reads: 1 },
    'bad-gateway': { signIn: 'upstream_error', reads: 3 },
    unavailable: { fault: { kind: 'unavailable', retryAfter: 0 }, signIn: 'upstream_error', reads: 3 },
    'gateway-timeout': { signIn: 'upstream_error', reads: 3 },
    'rate-limited': { signIn: 'rate_limited', reads: 1 },
    redirect: { signIn: 'upstream_error', reads: 1 },
    // A 400 that says nothing is what a wrong password may look like.
    echo: { signIn: 'invalid_credentials', reads: 1 },
    'wrong-shape': { signIn: 'invalid_response', reads: 1 },
    'deep-nesting': { signIn: 'invalid_response', reads: 1 },
    'huge-body': { signIn: 'invalid_response', reads: 1 },
    // Past the bound of 8 MiB; a larger one only costs the emulator more time.
    'gzip-bomb': { fault: { kind: 'gzip-bomb', bytes: 10 * 2 ** 20 }, signIn: 'invalid_response', reads: 1 },
    'truncated-json': { signIn: 'invalid_response', reads: 1 },
    'wrong-content-type': { signIn: 'good', reads: 1 },
    bom: { signIn: 'good', reads: 1 },
    gzip: { signIn: 'good', reads: 1 },
    'token-crlf': { signIn: 'invalid_response', reads: 1 },
    'token-huge': { signIn: 'invalid_response', reads: 1 },
    close: { signIn: 'good', reads: 1 },
  };

/** Each fault, under the name of its kind. */
export const faults = Object.entries(outcomes).map(([kind, { fault = kind as FaultKind, ...rest }]) => ({
  kind,
  fault,
  ...rest,
}));

/** Short where the time-out is what is looked for, else out of the way. */
export const timeoutFor = (signIn: string): { timeoutMs: number } => ({
  timeoutMs: signIn === 'timeout' ? 200 : 10_000,
});
