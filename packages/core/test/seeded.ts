import type fc from 'fast-check';

const { FAST_CHECK_SEED } = process.env;

/** Of all property tests of a run that take their parameters from here. */
const seed = FAST_CHECK_SEED === undefined ? Date.now() & 0x7fffffff : Number(FAST_CHECK_SEED);

/** Parameters for `fc.assert`, with a seed that is printed, and that `FAST_CHECK_SEED=…` repeats. */
export function seeded<T>(what: string, numRuns: number): fc.Parameters<T> {
  console.log(`${what}: ${numRuns} runs, FAST_CHECK_SEED=${seed}`);
  return { seed, numRuns };
}
