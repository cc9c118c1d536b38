// A route of Nest behind our guard: beside the same route without any, and behind guards of @nestjs/passport. What counts is
// the CPU time of the server, which is another process for each of them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { httpLoad } from './http-load.mjs';
import { compareAll } from './pairs.mjs';

const path = '/carriers/7';
const body = '{"id":7,"name":"Sample Carrier"}';
const connections = 50;
const warmUpMs = 2000;
// As the other benchmarks: with a small heap it differs from one process to the next how fast the same server is.
const execArgv = ['--expose-gc', '--initial-heap-size=1000'];

// Both servers of a row get the credential of its guard, or of ours where there is none.
const rows = [
  { credential: 'bearer', guard: 'none', other: 'no guard' },
  { credential: 'cookie', guard: 'none', other: 'no guard' },
  { credential: 'bearer', guard: 'bearer', other: 'passport-http-bearer' },
  { credential: 'bearer', guard: 'jwt', other: 'passport-jwt, HS256' },
];

await compareAll(
  'A guarded route of Nest, on Express',
  comparisons('express', { none: 0.9, bearer: 1.2, jwt: 5 }),
);
await compareAll('A guarded route of Nest, on Fastify', comparisons('fastify', { none: 0.85, jwt: 5 }));

async function* comparisons(adapter, bars) {
  const guards = ['latchkey', 'none', 'bearer', 'jwt'];
  const list = await Promise.all(guards.map(async (guard) => [guard, await started(adapter, guard)]));
  const servers = Object.fromEntries(list);
  for (const { credential, guard, other } of rows) {
    const { latchkey, [guard]: beside } = servers;
    const { headers = latchkey.headers } = beside;
    const pair = {
      ours: await workload(`\`AuthGuard\`, ${credential}`, latchkey, latchkey.headers[credential]),
      other: await workload(other, beside, headers[credential]),
    };
    const bar = bars[guard] === undefined ? undefined : { atLeast: bars[guard] };
    yield { ...pair, as: 'throughput', withGarbage: true, longer: 16, slices: 2, bar };
    pair.ours.close();
    pair.other.close();
  }
  for (const { child } of Object.values(servers)) child.disconnect();
}

/** A server in a process of its own, which refuses what is not the credential that it tells. */
async function started(adapter, guard) {
  const child = fork(fileURLToPath(new URL('nest-server.mjs', import.meta.url)), [adapter, guard], {
    execArgv,
  });
  const [{ port, headers }] = await once(child, 'message');
  for (const [[name, value]] of Object.values(headers ?? {}).map(Object.entries)) {
    // Of the same shape, with another end.
    const wrong = { [name]: value.replace(/.{5}$/, 'wrong') };
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers: wrong });
    await body.dump();
    if (statusCode !== 401) throw new Error(`The guard ${guard} let a wrong credential through.`);
  }
  const server = { child, port, headers, cpuMs };
  await warmUp(server);
  return server;

  async function cpuMs(collects) {
    child.send(collects);
    const [ms] = await once(child, 'message');
    return ms;
  }
}

/** A server is much code, which is compiled late. */
async function warmUp(server) {
  const { run, close } = await workload('', server, server.headers?.bearer);
  const beganMs = await server.cpuMs(false);
  while ((await server.cpuMs(false)) - beganMs < warmUpMs) await run(connections);
  close();
}

async function workload(name, { port, cpuMs }, headers) {
  const { send, close } = await httpLoad({ port, path, headers, body, connections });
  return { name, run: send, close, measured: { cpuMs } };
}
