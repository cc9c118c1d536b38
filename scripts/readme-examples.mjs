import { existsSync, readFileSync } from 'node:fs';
import { packages, root } from './packages.mjs';

/**
 * The examples of all READMEs: every `js` block, with the output that the `text` block after it promises. A `js` block without
 * output is an error: an example shows what it does. `installs` are the packages that the README has its reader install.
 *
 * @returns {{ name: string, code: string, output: string, installs: string[] }[]}
 */
export function readmeExamples() {
  const readmes = ['README.md', ...packages.map(({ name }) => `packages/${name}/README.md`)];
  return readmes
    .filter((file) => existsSync(root + file))
    .flatMap((file) => examplesIn(readFileSync(root + file, 'utf8'), file));
}

function examplesIn(markdown, file) {
  const installs = [...markdown.matchAll(/^npm install ([^#\n]+)/gm)].flatMap(([, names]) =>
    names
      .trim()
      .split(/\s+/)
      .filter((name) => !name.startsWith('-')),
  );
  const count = markdown.match(/^```js$/gm)?.length ?? 0;
  const examples = [...markdown.matchAll(/^```js\n(.*?)^```\n\n(?:[^\n`]+\n\n)?```text\n(.*?)^```$/gms)].map(
    ([, code, output], at) => ({ name: `${file}, example ${at + 1}`, code, output, installs }),
  );
  if (examples.length !== count) throw new Error(`${file}: an example has no output after it`);
  return examples;
}
