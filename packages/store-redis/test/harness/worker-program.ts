import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** A program that Node can run, made of a TypeScript file and our packages' sources. */
export interface WorkerProgram {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Bundles a program for `startWorker`; once for a file of tests is enough, since it takes about a second.
 *
 * @example
 * let program: WorkerProgram;
 * beforeAll(async () => (program = await bundleWorker(new URL('./workers/counter.ts', import.meta.url))));
 * afterAll(() => program.remove());
 */
export async function bundleWorker(source: URL): Promise<WorkerProgram> {
  // Within the package, so that the clients, which are not bundled, are found from there.
  const cache = fileURLToPath(new URL('../../node_modules/.cache/workers/', import.meta.url));
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(cache);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await build({
      config: false,
      silent: true,
      entry: { program: fileURLToPath(source) },
      outDir: folder,
      outExtension: () => ({ js: '.mjs' }),
      format: 'esm',
      target: 'node20.19',
      platform: 'node',
      sourcemap: 'inline',
      external: clients,
      noExternal: [/^(?!(?:redis|ioredis)(?:-5)?$)/],
      // For CommonJS packages among what is bundled.
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      esbuildOptions(options) {
        options.conditions = ['@latchkey/source', 'module'];
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: join(folder, 'program.mjs'), remove };
}

const clients = ['redis', 'redis-5', 'ioredis', 'ioredis-5'];
