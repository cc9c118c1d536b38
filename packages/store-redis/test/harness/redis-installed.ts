import { execFileSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why tests with Redis cannot run here; empty where they can. */
    redisMissing: string;
  }
}

/** Global setup: looks for `redis-server` once, and says in one line what is not tested where there is none. */
export default function provideRedisMissing({ provide }: TestProject): void {
  const redisMissing = isInstalled() ? '' : missing;
  // In CI each of its tests fails, and says this.
  if (redisMissing !== '' && !process.env['CI']) process.stderr.write(`SKIPPED: ${missing}\n`);
  provide('redisMissing', redisMissing);
}

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const missing =
  'the tests with Redis need the program redis-server: `apt-get install redis-server`, or `brew install redis`.';
