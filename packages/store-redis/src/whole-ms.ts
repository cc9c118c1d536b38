/** Milliseconds as Redis takes them: whole, and no more than a hundred years, which would take it past the end of its clock. */
export function wholeMs(ms: number): string {
  return String(Math.min(Math.ceil(ms), longestMs));
}

const longestMs = 100 * 365 * 24 * 3_600_000;
