import { isBuiltin } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { defineConfig, type Plugin, type TestProjectInlineConfiguration } from 'vitest/config';

export default defineConfig({
  test: {
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
    projects: [
      sources(),
      packedUnderNest(11),
      packedUnderNest(12),
      sample('sample'),
      sample('sample-packed'),
    ],
  },
});

/** Packages of this workspace, tested against each other's sources. */
function sources(): TestProjectInlineConfiguration {
  // The list must not hold `import`: vitest would hand ESM files to the CommonJS `require` of dependencies.
  const conditions = ['@latchkey/source', 'module', 'node', 'development|production'];
  return {
    extends: true,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name: 'sources',
      include: ['{packages,apps}/*/test/**/*.test.ts', 'test/*.test.ts'],
      globalSetup: ['./packages/store-redis/test/harness/redis-installed.ts'],
      benchmark: { include: ['bench/**/*.bench.ts'] },
    },
  };
}

/** Our packages as they are published, tested with one version of Nest: the same files with each. */
function packedUnderNest(version: 11 | 12): TestProjectInlineConfiguration {
  const name = `nest-${version}`;
  return {
    extends: true,
    plugins: [resolvedFrom(new URL(`test/${name}/node_modules/.packed/`, import.meta.url))],
    test: {
      name,
      include: ['test/nest-12/**/*.test.ts'],
      benchmark: { include: [] },
      globalSetup: ['./test/packed-packages.ts'],
      provide: { nestVersion: version },
      server: { deps: { external: [/\/node_modules\//] } },
    },
  };
}

/** The Nest sample as a process, and a browser: built in this workspace, and built from the tarballs of our packages. */
function sample(name: 'sample' | 'sample-packed'): TestProjectInlineConfiguration {
  return {
    ...sources(),
    test: {
      name,
      include: ['apps/sample-nestjs/test/e2e/**/*.e2e.ts'],
      benchmark: { include: [] },
      // A browser leaves a core idle most of the time.
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
      globalSetup: ['./test/sample-app.ts', './apps/sample-nestjs/test/e2e/harness/chromium-path.ts'],
    },
  };
}

/**
 * Has the test files import what a program in that folder would, whatever folder they are in. Node loads it, as it does for
 * its own dependencies, so that there is one copy of each.
 */
function resolvedFrom(folder: URL): Plugin {
  const tests = new URL('test/nest-12/', import.meta.url).href;
  // Written there before the tests start.
  const resolver = new URL('resolve.mjs', folder).href;
  return {
    name: 'latchkey:resolved-from',
    enforce: 'pre',
    async resolveId(specifier, importer) {
      const isOurs = importer !== undefined && pathToFileURL(importer).href.startsWith(tests);
      const isPackage = /^(?:@[^/]+\/)?[a-z]/i.test(specifier) && !/^[a-z-]+:/i.test(specifier);
      if (!isOurs || !isPackage || isBuiltin(specifier) || /^vitest(?:\/|$)/.test(specifier))
        return undefined;
      const { resolve } = (await import(resolver)) as { resolve(specifier: string): string };
      return fileURLToPath(resolve(specifier));
    },
  };
}
