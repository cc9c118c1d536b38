import { staticTokenSource, type Provider } from '@latchkey/core';
import { startLclxEmulator, type LclxEmulator } from '@latchkey/emulators';
import {
  lclx,
  lclxClient,
  type LclxAccount,
  type LclxClient,
  type LclxCredentials,
  type LclxOptions,
} from '../src/index.js';

/** A provider, the emulator on its other side, and somebody who may sign in. */
export interface Emulated {
  readonly emulator: LclxEmulator;
  readonly provider: Provider<'lclx', LclxCredentials, LclxAccount>;
  readonly credentials: LclxCredentials;
  /** A client with the token of a fresh sign-in. */
  client(): Promise<LclxClient>;
}

/** Runs `body` with all of it, and takes it down afterwards. */
export async function emulated(
  body: (given: Emulated) => Promise<void>,
  options: LclxOptions<'lclx'> = {},
): Promise<void> {
  await using emulator = await startLclxEmulator();
  const provider = lclx({ ...options, origin: emulator.origin });
  const { email, password } = emulator.users[0]!;
  const client = async () => {
    const { accessToken } = await provider.signIn({ email, password });
    emulator.requests.length = 0;
    return lclxClient(staticTokenSource(accessToken, provider));
  };
  try {
    await body({ emulator, provider, credentials: { email, password }, client });
  } finally {
    await provider.upstream.close();
  }
}
