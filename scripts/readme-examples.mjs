import { existsSync, readFileSync } from 'node:fs';
import { packages, root } from './packages.mjs';

/**
 * The examples of all READMEs: every `js` block, with the output that the `text` block right after it promises, and the
 * folder that its imports are resolved from. A `js` block without output is an error: an example shows what it does.
 *
 * @returns {{ name: string, folder: string, code: string, output: string }[]}
 */
export function readmeExamples() {
  const readmes = [
    { file: 'README.md', folder: `${root}apps/sample-standalone` },
    ...packages.map(({ name, folder }) => ({ file: `packages/${name}/README.md`, folder })),
  ];
  return readmes
    .filter(({ file }) => existsSync(root + file))
    .flatMap(({ file, folder }) => examplesIn(readFileSync(root + file, 'utf8'), file, folder));
}

function examplesIn(markdown, file, folder) {
  const count = markdown.match(/^```js$/gm)?.length ?? 0;
  const examples = [...markdown.matchAll(/^```js\n(.*?)^```\n\n(?:[^\n`]+\n\n)?```text\n(.*?)^```$/gms)].map(
    ([, code, output], at) => ({ name: `${file}, example ${at + 1}`, folder, code, output }),
  );
  if (examples.length !== count) throw new Error(`${file}: an example has no output after it`);
  return examples;
}
