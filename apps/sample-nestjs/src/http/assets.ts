import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that pages refer to. All of them are text. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** What is in `public`, and three files of packages, by their names: nothing else of those is served. */
export function readAssets(): ReadonlyMap<string, Asset> {
  const own = new URL('../../public/', import.meta.url);
  const urls = [
    ...readdirSync(own).map((name) => new URL(name, own)),
    new URL(import.meta.resolve('@picocss/pico/css/pico.jade.min.css')),
    new URL(import.meta.resolve('swagger-ui-dist/swagger-ui.css')),
    new URL(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
  ];
  return new Map(
    urls.map((url) => [basename(fileURLToPath(url)), { type: typeOf(url), text: readFileSync(url, 'utf8') }]),
  );
}

function typeOf({ pathname }: URL): string {
  const type = types[extname(pathname)];
  if (type === undefined) throw new Error(`No type is known for ${pathname}.`);
  return type;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
