import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packages } from './packages.mjs';
import { quietPnpm } from './pnpm.mjs';

/** Packs each package as it would be published into `folder`; gives the manifest, folder and tarball of each. Needs a build. */
export function packAll(folder) {
  mkdirSync(folder, { recursive: true });
  return packages.map((each) => ({ ...each, file: pack(each, folder) }));
}

/** What npm is to install in place of versions that are not published yet, for `dependencies` and `overrides`. */
export function localVersions(tarballs) {
  return Object.fromEntries(tarballs.map(({ manifest, file }) => [manifest.name, `file:${file}`]));
}

/** Has npm install what the manifest in `folder` says. */
export function npmInstall(folder) {
  const options = { cwd: folder, stdio: 'pipe', encoding: 'utf8', shell: process.platform === 'win32' };
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], options);
}

function pack({ folder, manifest }, target) {
  quietPnpm(['--dir', folder, 'pack', '--pack-destination', target]);
  return join(target, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
}
