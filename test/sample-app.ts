import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from '../scripts/packages.mjs';
import { quietPnpm } from '../scripts/pnpm.mjs';
import { localVersions, npmInstall, packAll } from '../scripts/tarballs.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the sample application is that is tested, built. */
    appDir: string;
  }
}

const sample = join(root, 'apps/sample-nestjs');

/**
 * Builds the Nest sample for its end-to-end tests: as it is in this workspace, or, for the project `sample-packed`, as somebody
 * has it who copied its folder and installed our packages from their tarballs.
 */
export default function setup(project: TestProject): (() => void) | undefined {
  build('sample-nestjs...');
  if (project.name === 'sample') {
    project.provide('appDir', sample);
    return undefined;
  }
  // Elsewhere, so that nothing of this workspace is found by accident.
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sample-'));
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    build('./packages/*');
    copySample(join(folder, 'app'), packAll(join(folder, 'tarballs')));
  } catch (error) {
    remove();
    throw error;
  }
  project.provide('appDir', join(folder, 'app'));
  return remove;
}

function build(filter: string): void {
  quietPnpm(['exec', 'turbo', 'run', 'build', `--filter=${filter}`]);
}

function copySample(folder: string, tarballs: Parameters<typeof localVersions>[0]): void {
  const left = ['node_modules', 'dist', 'screenshots', '.turbo', 'turbo.json'].map((name) =>
    join(sample, name),
  );
  cpSync(sample, folder, { recursive: true, filter: (path) => !left.includes(path) });
  const manifest = JSON.parse(readFileSync(join(sample, 'package.json'), 'utf8')) as Manifest;
  const local = localVersions(tarballs);
  const standalone = {
    ...manifest,
    dependencies: published(manifest.dependencies, local),
    devDependencies: published(manifest.devDependencies, local),
    overrides: local,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(standalone, undefined, 2));
  // As its README says.
  const options = readFileSync(join(sample, 'tsconfig.json'), 'utf8');
  writeFileSync(join(folder, 'tsconfig.json'), options.replace(/^.*"customConditions".*\n/m, ''));
  npmInstall(folder);
  for (const script of ['build', 'typecheck'])
    execFileSync('npm', ['run', script], { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
}

interface Manifest {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
}

type Versions = Readonly<Record<string, string>>;

/** Versions for npm, which knows neither this workspace nor its catalogue. */
function published(versions: Versions, local: Versions): Versions {
  const known = (name: string) =>
    (
      JSON.parse(readFileSync(join(sample, 'node_modules', name, 'package.json'), 'utf8')) as {
        version: string;
      }
    ).version;
  return Object.fromEntries(
    Object.entries(versions).map(([name, version]) => [
      name,
      local[name] ?? (version.startsWith('catalog:') ? known(name) : version),
    ]),
  );
}
