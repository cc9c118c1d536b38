import type { Clock } from './clock.js';
import type { Lease } from './store.js';

/**
 * Holds a lease for as long as it takes, extending it at each third of its time. Gives what stops that; the lease itself
 * is released by its owner.
 *
 * An extension that fails is tried again at the next third, until the lease has run out. One that is another's by then is
 * let go: who took it finds what was written, or writes it.
 */
export function startLeaseHeartbeat(lease: Lease, clock: Clock, ttlMs: number): () => void {
  const stop = new AbortController();
  beat().catch(() => {}); // stopped
  return () => stop.abort();

  async function beat() {
    let endsAt = clock.monotonic() + ttlMs;
    while (clock.monotonic() < endsAt) {
      await clock.sleep(ttlMs / 3, stop.signal);
      const at = clock.monotonic();
      const isHeld = await lease.extend(ttlMs).catch(() => undefined);
      if (isHeld === false) return;
      if (isHeld) endsAt = at + ttlMs;
    }
  }
}
