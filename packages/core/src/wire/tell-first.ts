import { z } from 'zod';

/** Tells, within a transform, the first problem that a schema found in a part of the value, at `path` of it. */
export function tellFirst(
  error: z.ZodError,
  context: z.core.$RefinementCtx,
  path: readonly PropertyKey[] = [],
): never {
  const [issue] = error.issues;
  const told = { ...issue, path: [...path, ...(issue?.path ?? [])] };
  context.addIssue(told as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
}
