import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithRedis } from '../../../packages/store-redis/test/harness/redis-needed.js';
import { type RedisServer, startRedis } from '../../../packages/store-redis/test/harness/redis-server.js';

describeWithRedis('sample-express with Redis', () => {
  let folder: string;
  let program: string;
  let redis: RedisServer;

  beforeAll(async () => {
    await mkdir(cache, { recursive: true });
    folder = await mkdtemp(cache);
    program = await bundle(folder);
    redis = await startRedis({ password: 'c4nary-password' });
  }, 30_000);
  afterAll(async () => {
    await Promise.all([redis.stop(), rm(folder, { recursive: true })]);
  });

  it('signs in at one process, and is signed in at another, until it signs out there', async () => {
    await using vendor = await startCryptlexEmulator();
    await using freight = await startLclxEmulator();
    const env = {
      PORT: '0',
      REDIS_URL: redis.url,
      STORE_SECRETS: 'c4nary-store-secret-with-thirty-two-characters',
      CRYPTLEX_ORIGIN: vendor.origin,
      CRYPTLEX_ACCOUNT_ALIAS: vendor.accountAlias,
      LCLX_ORIGIN: freight.origin,
    };
    await using one = await start(program, env);
    await using other = await start(program, env);
    for (const [name, { email, password }] of [
      ['cryptlex', vendor.users[0]!],
      ['lclx', freight.users[0]!],
    ] as const) {
      const signedIn = await fetch(`${one.origin}/auth/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const me = await fetch(`${other.origin}/api/me`, { headers: { cookie } });
      expect(await me.json()).toMatchObject({ provider: name, email });
      const headers = { cookie, 'sec-fetch-site': 'same-origin' };
      expect((await fetch(`${other.origin}/sign-out`, { method: 'POST', headers })).status).toBe(204);
      expect((await fetch(`${one.origin}/api/me`, { headers: { cookie } })).status).toBe(401);
    }
    expect(await Promise.all([one.stop(), other.stop()])).toEqual([
      { code: 0, stderr: '' },
      { code: 0, stderr: '' },
    ]);
  });

  it('ends where it cannot use what it is told, and does not repeat it', async () => {
    for (const env of [
      { REDIS_URL: 'redis://:c4nary@[', STORE_SECRETS: 'x'.repeat(32) },
      { REDIS_URL: redis.url, STORE_SECRETS: 'c4nary' },
      { REDIS_URL: redis.url },
    ]) {
      const ended = start(program, env);
      await expect(ended).rejects.toThrow(/REDIS_URL|secrets/);
      await expect(ended).rejects.not.toThrow(/c4nary/);
    }
  });
});

// Beside the packages of the application, so that those which are not bundled are found from there.
const cache = fileURLToPath(new URL('../node_modules/.cache/main/', import.meta.url));

/** Makes one file of the program and the sources of our packages, so that nothing else has to be built. */
async function bundle(folder: string): Promise<string> {
  await build({
    config: false,
    silent: true,
    entry: { main: fileURLToPath(new URL('../src/main.ts', import.meta.url)) },
    outDir: folder,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'node20.19',
    platform: 'node',
    external: ['express', 'helmet', 'passport', 'redis'],
    noExternal: [/^(?!(?:express|helmet|passport|redis)$)/],
    // For CommonJS packages among what is bundled.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    esbuildOptions(options) {
      options.conditions = ['@latchkey/source', 'module'];
    },
  });
  return join(folder, 'main.mjs');
}

/** Starts the program, and waits until it says where it is. Throws what it says where it ends instead. */
async function start(path: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  const origin = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const [, found] = /Open (\S+)\n/.exec(stdout) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    return await ended;
  };
  const first = await Promise.race([origin, ended]);
  if (typeof first !== 'string') throw new Error(first.stderr);
  return {
    origin: first,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
