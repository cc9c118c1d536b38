// What the benchmarks with Redis have in common: a server, and Cryptlex emulated, without limits.
import { startCryptlexEmulator } from '@latchkey/emulators';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { startRedisServer } from '../scripts/redis-server.mjs';

export const secrets = ['not a secret at all, but it has 32 bytes'];
export const credentials = { email: 'demo@example.com', password: 'sample-password-1' };
// Slices of the other side leave everything else waiting.
export const deadlineMs = 10_000;

/** Starts both; ends the process where there is no redis-server, which is said. */
export async function startRedisAndProvider() {
  const redis = await startRedisServer();
  if (!redis) process.exit();
  const emulator = await startCryptlexEmulator();
  emulator.set({ rateLimit: false });
  const providerWith = (pace) =>
    cryptlex({ origin: emulator.origin, accountAlias: emulator.accountAlias, pace });
  const provider = providerWith(false);
  const stop = async () => {
    await provider.upstream.close();
    await emulator.stop();
    await redis.stop();
  };
  return { url: redis.url, provider, providerWith, stop };
}
