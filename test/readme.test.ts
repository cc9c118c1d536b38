import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readmeExamples } from '../scripts/readme-examples.mjs';

describe('the examples of the READMEs', () => {
  const examples = readmeExamples();

  it('are found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
  });

  it.each(examples.map((example, at) => ({ ...example, at })))(
    '$name prints what it says',
    async ({ code, output, at }) => {
      // A file of the repository, so that its imports are resolved to the sources.
      const file = fileURLToPath(new URL(`.readme-examples/example-${at}.mjs`, import.meta.url));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, code);
      const printed: string[] = [];
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(`${format(...values)}\n`);
      });
      try {
        await import(/* @vite-ignore */ file);
      } finally {
        rmSync(file);
      }
      expect(printed.join('')).toBe(output);
    },
  );

  it.each(examples)('$name imports only what its README installs', ({ code, installs }) => {
    const imported = [...code.matchAll(/from '((?:@[^/']+\/)?[^/']+)/g)].map(([, name]) => name ?? '');
    const foreign = imported.filter((name) => !name.startsWith('node:'));
    expect(foreign.length).toBeGreaterThan(0);
    expect(foreign.filter((name) => !installs.includes(name))).toEqual([]);
  });

  it('run against the sources, which need no build', () => {
    expect(import.meta.resolve('@latchkey/core')).toMatch(/packages\/core\/src\/index\.ts$/);
  });
});
