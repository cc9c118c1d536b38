// What one would write in place of a token source: the bare equivalents.
import { performance } from 'node:perf_hooks';
import { hourMs } from './peers.mjs';

/** Keeps a value for an hour of the time of day. */
export function keptByDate() {
  let kept;
  return async () => {
    if (kept !== undefined && Date.now() < kept.expiresAt) return kept;
    kept = await signIn(Date.now());
    return kept;
  };
}

/** Keeps a value for an hour of the clock that is never set. */
export function keptByPerformance() {
  let kept;
  return async () => {
    if (kept !== undefined && performance.now() < kept.expiresAt) return kept;
    kept = await signIn(performance.now());
    return kept;
  };
}

/** The check of `keptByDate` alone, for callers that cannot wait. */
export async function peekedByDate() {
  let kept;
  const peek = () => (kept !== undefined && Date.now() < kept.expiresAt ? kept : undefined);
  kept = await signIn(Date.now());
  return peek;
}

/** The check of `keptByPerformance` alone. */
export async function peekedByPerformance() {
  let kept;
  const peek = () => (kept !== undefined && performance.now() < kept.expiresAt ? kept : undefined);
  kept = await signIn(performance.now());
  return peek;
}

async function signIn(now) {
  return { value: 'opaque-1', expiresAt: now + hourMs };
}
