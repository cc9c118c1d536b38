// Packs each package as it would be published, and uses the tarballs as their users do: installs them in an empty
// project, imports and requires every entry, type-checks a consumer under two kinds of module resolution, and runs the
// README examples. Needs a build. Prints a line for each check and ends with a count.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packages, root } from './packages.mjs';
import { pnpm } from './pnpm.mjs';
import { readmeExamples } from './readme-examples.mjs';

const project = mkdtempSync(join(tmpdir(), 'latchkey-consumer-'));
const bin = (name) => join(root, 'node_modules/.bin', name);
let passed = 0;
let failed = 0;

try {
  const tarballs = packages.map(({ folder, manifest }) => ({
    manifest,
    folder,
    file: pack(folder, manifest),
  }));
  for (const { file, manifest } of tarballs) {
    check(`${manifest.name}: publint`, () => run(bin('publint'), ['run', file, '--strict'], root));
    check(`${manifest.name}: attw`, () =>
      run(bin('attw'), [file, '--profile', 'esm-only', '--no-emoji'], root),
    );
    check(`${manifest.name}: no workspace protocol and no test in the tarball`, () => {
      const packed = run('tar', ['-xOf', file, 'package/package.json'], root);
      if (/workspace:|catalog:/.test(packed)) throw new Error('a dependency has no published version');
      const strays = run('tar', ['-tf', file], root)
        .split('\n')
        .filter((path) => /test|tsup|tsconfig|\.turbo/.test(path));
      const expected = strays.filter((path) => !/\/(src|dist)\/testing/.test(path));
      if (expected.length > 0) throw new Error(`not meant to be published: ${expected.join(', ')}`);
    });
  }

  check('the tarballs install in an empty project', () => install(tarballs));
  for (const { specifier } of packages.flatMap(({ entries }) => entries)) {
    check(`${specifier}: import`, () => node(['--input-type=module', '-e', `await import('${specifier}')`]));
    check(`${specifier}: require`, () => node(['--input-type=commonjs', '-e', `require('${specifier}')`]));
  }
  for (const resolution of ['nodenext', 'bundler']) {
    check(`types under ${resolution}`, () => typecheck(resolution));
  }
  for (const { name, code, output } of readmeExamples()) {
    check(`${name} runs`, () => {
      writeFileSync(join(project, 'example.mjs'), code);
      const printed = node(['example.mjs']);
      if (printed !== output) throw new Error(`it printed:\n${printed}\nand not:\n${output}`);
    });
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function pack(folder, manifest) {
  const target = join(project, 'tarballs');
  mkdirSync(target, { recursive: true });
  const { status, stderr } = pnpm(['--dir', folder, 'pack', '--pack-destination', target], {
    stdio: 'pipe',
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${manifest.name} does not pack: ${stderr}`);
  return join(target, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
}

function install(tarballs) {
  const versions = (names) => Object.fromEntries(names.map((name) => [name, installed(name)]));
  const examples = readmeExamples().flatMap(({ installs }) => installs);
  const foreign = examples.filter((name) => !name.startsWith('@latchkey/'));
  const local = Object.fromEntries(tarballs.map(({ manifest, file }) => [manifest.name, `file:${file}`]));
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { ...local, ...versions(['typescript', '@types/node', ...foreign]) },
      // The packages ask for each other by version; these are the ones that are meant.
      overrides: local,
    }),
  );
  run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], project);
}

function installed(name) {
  return JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}

function typecheck(resolution) {
  const folder = join(project, resolution);
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'scripts/consumer.mts'), join(folder, 'consumer.mts'));
  const everything = packages
    .flatMap(({ entries }) => entries)
    .map(({ specifier }, at) => `export * as entry${at} from '${specifier}';`)
    .join('\n');
  writeFileSync(join(folder, 'everything.mts'), everything);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable'],
        types: ['node'],
        module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
        moduleResolution: resolution,
      },
      include: ['*.mts'],
    }),
  );
  run(join(project, 'node_modules/.bin/tsc'), ['-p', folder], project);
}

function node(args) {
  return run(process.execPath, args, project);
}

function run(command, args, cwd) {
  try {
    const options = { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] };
    return execFileSync(command, args, { ...options, shell: process.platform === 'win32' });
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`, { cause: error });
  }
}

function check(name, body) {
  try {
    body();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n${error.message}`);
  }
}
