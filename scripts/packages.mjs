import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The packages that are published: folder, manifest, and the entries that `exports` names. */
export const packages = readdirSync(`${root}packages`).map((name) => {
  const folder = `${root}packages/${name}`;
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const entries = Object.entries(manifest.exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([path, target]) => ({ path, specifier: `${manifest.name}${path.slice(1)}`, types: target.types }));
  return { name, folder, manifest, entries };
});
