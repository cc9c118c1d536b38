import { randomInt } from 'node:crypto';

/**
 * A port to try on this machine. It is below those that the system gives to outgoing connections, so that it is still free
 * when its server comes back; the port 10,000 above it, which a server of a cluster takes too, is so as well.
 */
export function loopbackPort(): number {
  return randomInt(12_000, 22_000);
}

/** Calls `open` with one port after another until it does not fail for another program's sake. */
export async function withLoopbackPort<T>(open: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open(loopbackPort());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 20) throw error;
    }
  }
}
