import type { AddressInfo } from 'node:net';
import { createSessions } from '@latchkey/core';
import { startCryptlexEmulator, startLclxEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { lclx } from '@latchkey/provider-lclx';
import { createApp } from './app.js';

const emulators = await Promise.all([startCryptlexEmulator(), startLclxEmulator()]);
const providers = [
  cryptlex({ origin: emulators[0].origin, accountAlias: emulators[0].accountAlias }),
  lclx({ origin: emulators[1].origin }),
] as const;
const sessions = createSessions({ providers });

// Plain http, so a cookie without Secure; in production there must be TLS in front, and this is refused.
const app = createApp({ providers, sessions, cookie: { secure: false } });
const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', (error) => {
  if (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    stop().catch(fail);
    return;
  }
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Open http://127.0.0.1:${port}

  demo@example.com    sample-password-1  at cryptlex and lclx
  factor@example.com  sample-password-2  at cryptlex, with the code 123456

Stop it with Ctrl-C.
`);
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
  await Promise.all(emulators.map((emulator) => emulator.stop()));
}

function fail(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
