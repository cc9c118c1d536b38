import type { Clock } from './clock.js';
import type { Lease } from './store.js';

/**
 * Holds a lease for as long as it takes, extending it at each third of its time. Gives what stops that; the lease itself
 * is released by its owner.
 *
 * A lease that cannot be extended is let go: whoever takes it next finds what was written, or writes it.
 */
export function startLeaseHeartbeat(lease: Lease, clock: Clock, ttlMs: number): () => void {
  const stop = new AbortController();
  beat().catch(() => {}); // stopped, or the lease is lost
  return () => stop.abort();

  async function beat() {
    do await clock.sleep(ttlMs / 3, stop.signal);
    while (await lease.extend(ttlMs));
  }
}
