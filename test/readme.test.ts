import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { format } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readmeExamples } from '../scripts/readme-examples.mjs';

describe('the examples of the READMEs', () => {
  const examples = readmeExamples();

  it('are found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(4);
  });

  it.each(examples.map((example, at) => ({ ...example, at })))(
    '$name prints what it says',
    async ({ folder, code, output, at }) => {
      // Beside the package, so that imports are resolved as a user's would be.
      const scratch = `${folder}/.readme-examples`;
      const file = `${scratch}/example-${at}.mjs`;
      mkdirSync(scratch, { recursive: true });
      writeFileSync(file, code);
      const printed: string[] = [];
      vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
        printed.push(`${format(...values)}\n`);
      });
      try {
        await import(/* @vite-ignore */ file);
      } finally {
        rmSync(scratch, { recursive: true });
      }
      expect(printed.join('')).toBe(output);
    },
  );
});
