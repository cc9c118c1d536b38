import { defineConfig, type Options } from 'tsup';

/** How every package of this workspace is built: ESM and types, one file for each entry. */
export function library(entry: Record<string, string>): Config {
  return defineConfig({ ...base, entry });
}

/** How an application is built: one ESM file, no types. */
export function program(entry: string): Config {
  return defineConfig({ ...base, entry: [entry], dts: false });
}

type Config = ReturnType<typeof defineConfig>;

const base: Options = {
  format: 'esm',
  target: 'node20.19',
  platform: 'node',
  sourcemap: true,
  clean: true,
  // One file for each source of shared code: entries of a package share their classes.
  splitting: true,
  dts: {
    compilerOptions: {
      // tsup sets `baseUrl`, which TypeScript 6 calls deprecated.
      ignoreDeprecations: '6.0',
      // The types of a sibling are read as its users read them: built.
      customConditions: [],
    },
  },
};
