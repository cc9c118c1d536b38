import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packages, root } from '../scripts/packages.mjs';
import { quietPnpm } from '../scripts/pnpm.mjs';

// Those that are used under Nest, and what they depend on of ours.
const packed: readonly Package[] = packages.filter(({ name }) =>
  ['core', 'nestjs-auth', 'passport-strategy'].includes(name),
);

interface Package {
  readonly folder: string;
  readonly manifest: { readonly name: string; readonly version: string; readonly files: readonly string[] };
}

const filters = packed.map(({ manifest }) => `--filter=${manifest.name}`);

/**
 * Builds and packs our packages, and unpacks the tarballs into `test/<project>/node_modules/.packed`. What they depend on,
 * Node finds from there in `test/<project>/node_modules`, as it finds it for a user.
 */
export default function setup({ name }: TestProject): void {
  quietPnpm(['exec', 'turbo', 'run', 'build', ...filters]);
  const modules = join(root, 'test', name, 'node_modules');
  const target = join(modules, '.packed');
  const digest = digestOf([join(root, 'pnpm-workspace.yaml'), ...packed.flatMap(publishedFiles)]);
  if (readIfThere(join(target, 'digest')) === digest) return;

  // Put in place at once, so that another run that is under way never finds half of it.
  const fresh = mkdtempSync(join(modules, '.packed-'));
  const stale = `${fresh}-stale`;
  try {
    quietPnpm([...filters, 'pack', '--pack-destination', fresh]);
    for (const { manifest } of packed) unpack(fresh, manifest);
    writeFileSync(join(fresh, 'resolve.mjs'), resolver);
    writeFileSync(join(fresh, 'digest'), digest);
    moveIfThere(target, stale);
    renameSync(fresh, target);
  } finally {
    for (const folder of [fresh, stale]) rmSync(folder, { recursive: true, force: true });
  }
}

// What stands there is found as Node finds it for a program in that place, with the conditions of `import`.
const resolver = 'export const resolve = (specifier) => import.meta.resolve(specifier);\n';

function unpack(folder: string, { name, version }: Package['manifest']): void {
  const tarball = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const place = join(folder, 'node_modules', name);
  mkdirSync(place, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', place, '--strip-components=1']);
  rmSync(tarball);
}

function publishedFiles({ folder, manifest }: Package): string[] {
  const own = readdirSync(folder).filter((name) => /^(package\.json|README|LICENSE)/.test(name));
  const others = manifest.files.flatMap((part) =>
    readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return [...own.map((name) => join(folder, name)), ...others];
}

function digestOf(files: readonly string[]): string {
  const hash = createHash('sha256').update(resolver);
  for (const file of files.toSorted()) hash.update(`\0${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

function readIfThere(file: string): string | undefined {
  return ifThere(() => readFileSync(file, 'utf8'));
}

function moveIfThere(from: string, to: string): void {
  ifThere(() => renameSync(from, to));
}

function ifThere<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
