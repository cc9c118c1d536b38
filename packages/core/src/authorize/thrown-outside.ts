/** Throws what a caller's handler threw where undici would: not into a promise. */
export function thrownOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
