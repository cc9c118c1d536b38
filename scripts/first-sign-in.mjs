// Measures how long it takes somebody who has only the README: clones this repository, with empty caches, runs `npm start`, and
// signs in as the sample user that it names. Prints the time, and fails when it is above two minutes.
//   node scripts/first-sign-in.mjs
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './packages.mjs';

const limitSeconds = 120;
const folder = mkdtempSync(join(tmpdir(), 'latchkey-first-sign-in-'));
const started = Date.now();
try {
  execFileSync('git', ['clone', '--quiet', root, join(folder, 'latchkey')]);
  const app = start(join(folder, 'latchkey'));
  try {
    const said = await app.block;
    const [, origin] = /Open (\S+)/.exec(said);
    const [, email, password] = /(\S+@example\.com) +(\S+)/.exec(said);
    await signIn(origin, email, password);
    report((Date.now() - started) / 1000);
  } finally {
    await app.stop();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** `npm start`, on a machine that has installed nothing yet. */
function start(cwd) {
  const caches = { npm_config_cache: join(folder, 'npm'), XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder };
  const child = spawn('npm', ['start'], {
    cwd,
    env: { ...process.env, ...caches, PORT: '0', TURBO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
    // A group of its own: npm and its shell do not pass a signal on, as a terminal does to all of them.
    detached: true,
  });
  const ended = once(child, 'close');
  let said = '';
  const block = new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      said += text;
      if (said.includes('Ctrl-C')) resolve(said);
    });
    ended.then(() => reject(new Error(`npm start ended, and had said:\n${said}`)), reject);
  });
  const stop = async () => {
    process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
  return { block, stop };
}

/** As a browser does it: the form as it stands, filled in and sent. */
async function signIn(origin, email, password) {
  const page = await (await fetch(`${origin}/sign-in`)).text();
  const [, provider] = /type="radio" name="provider" value="([^"]+)"/.exec(page);
  const [, next] = /name="next" value="([^"]+)"/.exec(page);
  const answer = await fetch(`${origin}/sign-in`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ provider, email, password, next }),
    redirect: 'manual',
  });
  const [cookie = ''] = answer.headers.getSetCookie().map((text) => text.split(';')[0]);
  const account = await fetch(new URL(answer.headers.get('location'), origin), { headers: { cookie } });
  if (!(await account.text()).includes(email))
    throw new Error('The account page does not show who signed in.');
}

function report(seconds) {
  console.log(
    `From clone to signed in: ${seconds.toFixed(0)} s, with empty caches; ${limitSeconds} s at most.`,
  );
  if (seconds > limitSeconds) process.exitCode = 1;
}
