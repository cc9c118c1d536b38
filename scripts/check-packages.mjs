// Packs each package as it would be published, and uses the tarballs as their users do: installs them in an empty
// project, imports and requires every entry, type-checks a consumer under two kinds of module resolution, and runs the
// README examples and an application of Nest that has nothing optional. Needs a build. Prints a line for each check and
// ends with a count.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packages, root } from './packages.mjs';
import { readmeExamples, readmeProjects } from './readme-examples.mjs';
import { startRedisServer } from './redis-server.mjs';
import { localVersions, npmInstall, packAll } from './tarballs.mjs';
import { transpiled } from './transpiled.mjs';

const project = mkdtempSync(join(tmpdir(), 'latchkey-consumer-'));
const bin = (name) => join(root, 'node_modules/.bin', name);
let passed = 0;
let failed = 0;
const redis = await startRedisServer();

try {
  const tarballs = packAll(join(project, 'tarballs'));
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

  const foreign = [
    'typescript',
    '@types/node',
    ...readmeExamples().flatMap(({ installs }) => installs),
    ...packages.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {})),
    '@nestjs/platform-express',
  ];
  check('the tarballs install in an empty project', () => install(project, tarballs, foreign));
  for (const { specifier } of packages.flatMap(({ entries }) => entries)) {
    check(`${specifier}: import`, () => node(['--input-type=module', '-e', `await import('${specifier}')`]));
    check(`${specifier}: require`, () => node(['--input-type=commonjs', '-e', `require('${specifier}')`]));
  }
  for (const resolution of ['nodenext', 'bundler']) {
    check(`types under ${resolution}`, () => typecheck(resolution));
  }
  for (const [at, { name, files, main, output, needsRedis }] of readmeExamples().entries()) {
    if (needsRedis && !redis) continue;
    check(`${name} runs`, () => {
      const folder = join(project, `example-${at}`);
      writeFiles(folder, asScripts(files));
      const printed = run(process.execPath, [join(folder, asScript(main))], project, {
        REDIS_URL: redis?.url,
        STORE_SECRET: 'a secret of this check: 32 bytes or more',
      });
      if (printed !== output) throw new Error(`it printed:\n${printed}\nand not:\n${output}`);
    });
  }
  for (const [at, { name, files }] of readmeProjects().entries()) {
    check(`${name}: its files compile`, () => {
      const folder = join(project, `readme-${at}`);
      writeFiles(folder, files);
      compile(folder, 'nodenext');
    });
  }
  check('the main entry works with common, core and platform-express alone', () => nestAlone(tarballs));
} finally {
  await redis?.stop();
  rmSync(project, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Has npm install tarballs, and the versions of other packages that are installed here. */
function install(folder, tarballs, names) {
  const foreign = names.filter((name) => !name.startsWith('@latchkey/'));
  const versions = Object.fromEntries(foreign.map((name) => [name, installed(name)]));
  const local = localVersions(tarballs);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { ...local, ...versions },
      // The packages ask for each other by version; these are the ones that are meant.
      overrides: local,
    }),
  );
  npmInstall(folder);
}

function installed(name) {
  const folders = [root, join(root, 'test/nest-12')];
  const manifests = folders.map((folder) => join(folder, 'node_modules', name, 'package.json'));
  const manifest = manifests.find((file) => existsSync(file));
  if (!manifest) throw new Error(`${name} is not installed here, so that its version is not known`);
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

function writeFiles(folder, files) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
}

function asScripts(files) {
  const scripts = Object.entries(files).map(([name, code]) =>
    name.endsWith('.ts') ? [asScript(name), transpiled(code)] : [name, code],
  );
  return Object.fromEntries(scripts);
}

function asScript(name) {
  return name.replace(/\.ts$/, '.js');
}

function nestAlone(tarballs) {
  // Not within the other project, in which all that is optional would be found.
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-nest-'));
  try {
    const needed = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'];
    const ours = tarballs.filter(({ manifest }) => /\/(core|nestjs-auth)$/.test(manifest.name));
    install(folder, ours, needed);
    const { peerDependenciesMeta } = ours.find(({ manifest }) => manifest.peerDependenciesMeta).manifest;
    const strays = Object.keys(peerDependenciesMeta).filter((name) =>
      existsSync(join(folder, 'node_modules', name)),
    );
    if (strays.length > 0) throw new Error(`this was installed, too: ${strays.join(', ')}`);
    cpSync(join(root, 'scripts/consumer-nest.mjs'), join(folder, 'app.mjs'));
    const printed = run(process.execPath, ['app.mjs'], folder);
    if (printed !== 'ok\n') throw new Error(`it printed:\n${printed}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  compile(folder, resolution);
}

function compile(folder, resolution) {
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
        experimentalDecorators: true,
      },
      include: ['*.mts', '*.ts'],
    }),
  );
  run(join(project, 'node_modules/.bin/tsc'), ['-p', folder], project);
}

function node(args) {
  return run(process.execPath, args, project);
}

function run(command, args, cwd, more = {}) {
  try {
    const env = { ...process.env, ...more };
    const options = {
      cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    };
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
