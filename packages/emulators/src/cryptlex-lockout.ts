/** Counts failed logins and locks the address after too many of them. */
export interface CryptlexLockout {
  readonly isLocked: (email: string) => boolean;
  /** Counts a failure; the fifth in a row locks for 300 seconds. */
  readonly failed: (email: string) => void;
  /** Forgets the failures of an address. */
  readonly succeeded: (email: string) => void;
}

/** Nobody is locked at first. An address that nobody has is counted and locked like any other. */
export function cryptlexLockout(now: () => number): CryptlexLockout {
  const failures = new Map<string, { count: number; lockedUntil: number }>();
  const lockedUntil = (email: string) => failures.get(email.toLowerCase())?.lockedUntil ?? 0;

  return {
    isLocked: (email) => now() < lockedUntil(email),
    failed(email) {
      // A lock that has run out starts the count again.
      const before = lockedUntil(email) > 0 ? 0 : (failures.get(email.toLowerCase())?.count ?? 0);
      const count = before + 1;
      failures.set(email.toLowerCase(), {
        count,
        lockedUntil: count < LOCKING_FAILURES ? 0 : now() + LOCK_MS,
      });
    },
    succeeded: (email) => void failures.delete(email.toLowerCase()),
  };
}

const LOCKING_FAILURES = 5;
const LOCK_MS = 300_000;
