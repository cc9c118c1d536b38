import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readmeExamples } from '../scripts/readme-examples.mjs';
import { startRedisServer } from '../scripts/redis-server.mjs';
import { transpiled } from '../scripts/transpiled.mjs';

describe('the examples of the READMEs', () => {
  const examples = readmeExamples();
  let redis: Awaited<ReturnType<typeof startRedisServer>>;
  beforeAll(async () => (redis = await startRedisServer()));
  afterAll(() => redis?.stop());

  it('are found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
  });

  it.for(examples.map((example, at) => ({ ...example, at })))(
    '$name prints what it says',
    async ({ files, main, output, at, needsRedis }, { skip }) => {
      if (needsRedis) skip(!redis);
      vi.stubEnv('REDIS_URL', redis?.url);
      vi.stubEnv('STORE_SECRET', 'a secret of the tests: 32 bytes or more');
      // Files of the repository, so that their imports are resolved to the sources.
      const folder = new URL(`.readme-examples/example-${at}/`, import.meta.url);
      mkdirSync(folder, { recursive: true });
      for (const [name, code] of Object.entries(files)) {
        const isTypeScript = name.endsWith('.ts');
        writeFileSync(new URL(asScript(name), folder), isTypeScript ? transpiled(code) : code);
      }
      const printed: string[] = [];
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(`${format(...values)}\n`);
      });
      try {
        await import(/* @vite-ignore */ fileURLToPath(new URL(asScript(main), folder)));
      } finally {
        rmSync(folder, { recursive: true });
      }
      expect(printed.join('')).toBe(output);
    },
  );

  it.each(examples)('$name imports only what its README installs', ({ files, installs }) => {
    const code = Object.values(files).join('\n');
    const imported = [...code.matchAll(/from '((?:@[^/']+\/)?[^/']+)/g)].map(([, name]) => name ?? '');
    const foreign = imported.filter((name) => !/^(node:|\.)/.test(name));
    expect(foreign.length).toBeGreaterThan(0);
    expect(foreign.filter((name) => !installs.includes(name))).toEqual([]);
  });

  it('run against the sources, which need no build', () => {
    expect(import.meta.resolve('@latchkey/core')).toMatch(/packages\/core\/src\/index\.ts$/);
  });
});

function asScript(name: string): string {
  return name.replace(/\.ts$/, '.js');
}
