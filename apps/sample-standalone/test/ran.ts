import { run } from '../src/run.js';

/** Runs the program with these variables, and gives what it would have shown. */
export async function ran(
  env: Record<string, string>,
  ask?: (question: string) => Promise<string>,
): Promise<{ readonly code: number; readonly out: string; readonly err: readonly string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run({ env, print: (line) => out.push(line), printError: (line) => err.push(line), ask });
  return { code, out: out.join('\n'), err };
}
