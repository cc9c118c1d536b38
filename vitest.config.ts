import { defineConfig } from 'vitest/config';

// Packages of this workspace are tested against each other's sources. The list must not hold `import`:
// vitest would hand ESM files to the CommonJS `require` of dependencies.
const conditions = ['@latchkey/source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,apps}/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    benchmark: { include: ['bench/**/*.bench.ts'] },
    environment: 'node',
    // Unhandled rejections fail a run without being asked to; this is for open handles.
    setupFiles: ['./test/open-handles.ts'],
    // A hang is a fault: our deadlines in tests are far below this.
    testTimeout: 20_000,
    retry: 0,
    restoreMocks: true,
    unstubEnvs: true,
    coverage: {
      provider: 'v8',
      include: ['{packages,apps}/*/src/**/*.ts'],
      exclude: ['**/index.ts'],
      reporter: ['text', 'html'],
    },
  },
});
