import { describe, inject, it } from 'vitest';
// For the type of what it provides.
import type {} from './redis-installed.js';

/** `describe` for tests that start Redis servers. Where that is not installed they are skipped; with `CI` set they fail. */
export function describeWithRedis(name: string, body: () => void): void {
  const missing = inject('redisMissing');
  if (missing === '') {
    describe(name, body);
  } else if (!process.env['CI']) {
    describe.skip(name, body);
  } else {
    describe(name, () => {
      it('runs with a redis-server', () => {
        throw new Error(missing);
      });
    });
  }
}
