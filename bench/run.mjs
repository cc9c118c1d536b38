// Runs every benchmark, each in a process of its own, and ends with 1 when a bar was missed:
//   node bench/run.mjs [--quick] [--pairs=<number>]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const files = [
  'overview.mjs',
  'tokens.mjs',
  'many-sources.mjs',
  'requests.mjs',
  'sessions.mjs',
  'redis-with-node-redis.mjs',
  'redis-with-ioredis.mjs',
  'redis-costs.mjs',
  'sign-in.mjs',
  'nest.mjs',
];
const peers = [
  '@azure/core-rest-pipeline',
  '@badgateway/oauth2-client',
  '@nestjs/core',
  '@nestjs/passport',
  '@smithy/core',
  'axios',
  'axios-auth-refresh',
  'connect-redis',
  'express-session',
  'google-auth-library',
  'ioredis',
  'iron-session',
  'ky',
  'passport-http-bearer',
  'passport-jwt',
  'passport-local',
  'redis',
  'undici',
];

// A collection of the whole heap costs as much as some hundred requests, and would fall on one side or the other by chance.
const flags = ['--expose-gc', '--initial-heap-size=1000'];

const chosen = process.argv.slice(2);
console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`);
console.log(peers.map((name) => `${name} ${versionOf(name)}`).join(', '));

for (const file of files) {
  const { status } = spawnSync(
    process.execPath,
    [...flags, fileURLToPath(new URL(file, import.meta.url)), ...chosen],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exitCode = 1;
}

function versionOf(name) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
