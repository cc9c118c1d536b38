// Runs the pnpm that package.json pins, on a machine that has only Node and npm:
//   node scripts/pnpm.mjs install
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Runs pnpm in the root of the repository; `options` go to `spawnSync`. */
export function pnpm(args, options = {}) {
  // On Windows npx is a .cmd file, which only a shell can start.
  return spawnSync('npx', ['--yes', packageManager, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...options.env },
  });
}

/** The same without a word. @throws Error with everything that was said, where it fails. */
export function quietPnpm(args) {
  const quiet = { stdio: 'pipe', encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const { status, stdout, stderr, error } = pnpm(args, quiet);
  if (status !== 0)
    throw new Error(`pnpm ${args.join(' ')}: ${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`);
}

// Called by name, perhaps through a link; not imported.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = pnpm(process.argv.slice(2)).status ?? 1;
}
