import type { AddressInfo } from 'node:net';
import { createSessions } from '@latchkey/core';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import { redisStore } from '@latchkey/store-redis';
import { createClient } from 'redis';
import { createApp } from './app.js';

const { PORT, REDIS_URL, STORE_SECRETS, CRYPTLEX_ORIGIN, CRYPTLEX_ACCOUNT_ALIAS, LCLX_ORIGIN } = process.env;

// What several processes have in common: sessions, limits and the pace. Without it each has its own.
const redis = REDIS_URL ? await connected(REDIS_URL) : undefined;
const store = redis && redisStore({ client: redis, secrets: STORE_SECRETS?.split(',') ?? [] });

const vendor = CRYPTLEX_ORIGIN
  ? { origin: CRYPTLEX_ORIGIN, accountAlias: CRYPTLEX_ACCOUNT_ALIAS }
  : await startCryptlexEmulator();
const freight = LCLX_ORIGIN ? { origin: LCLX_ORIGIN } : await startLclxEmulator();
const providers = [
  cryptlex({
    origin: vendor.origin,
    accountAlias: vendor.accountAlias,
    ...(store && { pace: { requests: 45, perMs: 5_000, store } }),
  }),
  lclx({ origin: freight.origin }),
] as const;
const sessions = createSessions({ providers, store });
const sampleAccounts = `\
  demo@example.com    sample-password-1  at cryptlex and lclx
  factor@example.com  sample-password-2  at cryptlex, with the code 123456`;

// Plain http, so a cookie without Secure; in production there must be TLS in front, and this is refused.
const app = createApp({ providers, sessions, cookie: { secure: false } });
const server = app.listen(Number(PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    stop().catch(fail);
    return;
  }
  const { port } = server.address() as AddressInfo;
  const accounts = CRYPTLEX_ORIGIN || LCLX_ORIGIN ? '' : `${sampleAccounts}\n\n`;
  process.stdout.write(`Open http://127.0.0.1:${port}\n\n${accounts}Stop it with Ctrl-C.\n`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop().catch(fail);
  });
}

async function stop(): Promise<void> {
  server.close();
  server.closeIdleConnections();
  // Who is in the middle of a request gets a moment to end it.
  setTimeout(() => server.closeAllConnections(), 5_000).unref();
  await sessions.close();
  await Promise.all(providers.map(({ upstream }) => upstream.close()));
  if ('stop' in vendor) await vendor.stop();
  if ('stop' in freight) await freight.stop();
  // By now nobody waits for an answer of it.
  redis?.destroy();
}

/** Resolves when Redis is there; from then on the client connects again by itself, and who asks it meanwhile is refused. */
async function connected(url: string) {
  // What Node says of one that cannot be read has the password in it.
  if (!URL.canParse(url)) throw new Error('REDIS_URL must be an address such as redis://127.0.0.1:6379');
  const client = createClient({ url });
  client.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    process.stderr.write(`Redis: ${code ?? message}\n`),
  );
  return await client.connect();
}

function fail(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
