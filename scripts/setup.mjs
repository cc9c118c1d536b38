// Makes a clean clone ready: installs what the lockfile says and, when asked, builds a package, or builds and runs an
// application of `apps`.
//   node scripts/setup.mjs [--build=<package> | --run=<application>]
// Quiet while things go well; everything a step printed is shown when it fails.
import { parseArgs } from 'node:util';
import { quietPnpm } from './pnpm.mjs';

const { values } = parseArgs({ options: { build: { type: 'string' }, run: { type: 'string' } } });
const built = values.run ?? values.build;

step('Installing dependencies', ['install', '--frozen-lockfile']);
if (built) step(`Building ${built}`, ['exec', 'turbo', 'run', 'build', `--filter=${built}...`]);
// In this process, so that what stops it stops the application.
if (values.run) await import(new URL(`../apps/${values.run}/dist/main.js`, import.meta.url));

function step(title, args) {
  const started = Date.now();
  process.stderr.write(`${title} … `);
  try {
    quietPnpm(args);
    process.stderr.write(`done (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  } catch (error) {
    process.stderr.write(`failed\n${error.message}\n`);
    process.exit(1);
  }
}
