import { defineConfig } from 'vitest/config';

// The application as a process, and a browser. Needs a build.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    globalSetup: ['./test/e2e/harness/chromium-path.ts'],
    provide: { appDir: import.meta.dirname },
    testTimeout: 20_000,
  },
});
