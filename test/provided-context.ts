// A module, so that this adds to the types of vitest.
export type {} from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Which Nest a test runs under. */
    nestVersion: 11 | 12;
  }
}
