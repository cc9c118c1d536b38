// Signing in through a strategy of Passport, at a server in another process: ours beside passport-local whose `verify` makes
// the same login with undici alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startLclxEmulator } from '@latchkey/emulators';
import { Strategy } from '@latchkey/passport-strategy';
import { lclx } from '@latchkey/provider-lclx';
import { Strategy as LocalStrategy } from 'passport-local';
import { Agent, request } from 'undici';
import { compareAll } from './pairs.mjs';

const credentials = { email: 'demo@example.com', password: 'sample-password-1' };
const reply = await sampleReply();
const file = fileURLToPath(new URL('login-server.mjs', import.meta.url));
const server = fork(file, [reply], { execArgv: [] });
const [port] = await once(server, 'message');
const origin = `http://127.0.0.1:${port}`;

const provider = lclx({ origin });
const dispatcher = new Agent();
const ours = new Strategy({ provider });
const local = new LocalStrategy({ usernameField: 'email' }, (email, password, done) => {
  login(email, password).then((user) => done(null, user), done);
});

await compareAll(
  'A sign-in through a strategy of Passport',
  [1, 50].map((width) => ({
    ours: workload(`\`Strategy\`, ${width} at a time`, width, ours),
    other: workload(`passport-local, ${width} at a time`, width, local),
    as: 'throughput',
    withGarbage: true,
    longer: 6,
    bar: { atLeast: 0.9 },
  })),
);
await provider.upstream.close();
await dispatcher.close();
server.disconnect();

/** What the emulator answers to a login. */
async function sampleReply() {
  const emulator = await startLclxEmulator();
  const { fetch } = globalThis;
  const answer = await fetch(`${emulator.origin}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  const text = await answer.text();
  await emulator.stop();
  return text;
}

async function login(email, password) {
  const { statusCode, body } = await request(`${origin}/api/login`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  if (statusCode !== 200) throw new Error('The login failed.');
  const { access_token: accessToken, user } = await body.json();
  return { accessToken, email: user.email, name: `${user.firstname} ${user.lastname}` };
}

function workload(name, width, strategy) {
  return { name, run: (calls) => signInAll(calls, width, strategy) };
}

/** As Passport calls a strategy. */
function signIn(strategy) {
  return new Promise((resolve, reject) => {
    const one = Object.create(strategy);
    one.success = resolve;
    one.fail = reject;
    one.error = reject;
    one.authenticate({ method: 'POST', headers: {}, body: credentials, ip: '127.0.0.1' }, {});
  });
}

async function signInAll(calls, width, strategy) {
  let left = calls;
  const signInSome = async () => {
    while (left > 0) {
      left -= 1;
      const { email } = await signIn(strategy);
      if (email !== credentials.email) throw new Error('Somebody else has signed in.');
    }
  };
  await Promise.all(Array.from({ length: width }, signInSome));
}
