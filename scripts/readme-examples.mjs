import { existsSync, readFileSync } from 'node:fs';
import { packages, root } from './packages.mjs';

/**
 * The examples of all READMEs that are run, with the output that the `text` block after each promises:
 *
 * - every `js` block, a program by itself; one without output is an error: an example shows what it does;
 * - every `ts` block that begins with the name of a file and has output, with all other such files of its README beside it.
 *
 * `installs` are the packages that the README has its reader install. An example that `needsRedis` finds it at `REDIS_URL`.
 *
 * @returns {{ name: string, files: Record<string, string>, main: string, output: string, installs: string[], needsRedis: boolean }[]} `files` by
 *   name; of those in TypeScript some may need no output, and only compile.
 */
export function readmeExamples() {
  return readmes().flatMap((file) => {
    const markdown = readFileSync(root + file, 'utf8');
    return [...scriptsIn(markdown, file), ...projectsIn(markdown, file)];
  });
}

/**
 * The READMEs with files in TypeScript: all of those together compile.
 *
 * @returns {{ name: string, files: Record<string, string> }[]}
 */
export function readmeProjects() {
  return readmes().flatMap((file) => {
    const files = filesIn(readFileSync(root + file, 'utf8'));
    return Object.keys(files).length > 0 ? [{ name: file, files }] : [];
  });
}

function readmes() {
  return ['README.md', ...packages.map(({ name }) => `packages/${name}/README.md`)].filter((file) =>
    existsSync(root + file),
  );
}

function scriptsIn(markdown, file) {
  const count = markdown.match(/^```js$/gm)?.length ?? 0;
  const examples = [...markdown.matchAll(/^```js\n(.*?)^```\n\n(?:[^\n`]+\n\n)?```text\n(.*?)^```$/gms)].map(
    ([, code, output], at) => ({
      name: `${file}, example ${at + 1}`,
      files: { 'example.mjs': code },
      main: 'example.mjs',
      output,
      installs: installsIn(markdown),
      needsRedis: /\bREDIS_URL\b/.test(code),
    }),
  );
  if (examples.length !== count) throw new Error(`${file}: an example has no output after it`);
  return examples;
}

function projectsIn(markdown, file) {
  const shown = /^```ts\n\/\/ (\S+\.ts)\n(?:(?!^```).)*^```\n\n```text\n(.*?)^```$/gms;
  return [...markdown.matchAll(shown)].map(([, main, output]) => ({
    name: `${file}, ${main}`,
    files: filesIn(markdown),
    main,
    output,
    installs: installsIn(markdown),
    needsRedis: false,
  }));
}

function filesIn(markdown) {
  const blocks = markdown.matchAll(/^```ts\n\/\/ (\S+\.ts)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, name, code]) => [name, code]));
}

function installsIn(markdown) {
  return [...markdown.matchAll(/^npm install ([^#\n]+)/gm)].flatMap(([, names]) =>
    names
      .trim()
      .split(/\s+/)
      .filter((name) => !name.startsWith('-')),
  );
}
