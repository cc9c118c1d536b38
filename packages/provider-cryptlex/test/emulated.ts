import { staticTokenSource } from '@latchkey/core';
import {
  startCryptlexEmulator,
  type CryptlexEmulator,
  type CryptlexEmulatorOptions,
} from '@latchkey/emulators';
import {
  cryptlex,
  cryptlexClient,
  type CryptlexClient,
  type CryptlexCredentials,
  type CryptlexOptions,
  type CryptlexProvider,
} from '../src/index.js';

/** A provider, the emulator on its other side, and somebody who may sign in. */
export interface Emulated {
  readonly emulator: CryptlexEmulator;
  readonly provider: CryptlexProvider<'cryptlex'>;
  readonly credentials: CryptlexCredentials;
  /** Who has this address, with the password. */
  credentialsOf(email: string): CryptlexCredentials;
  /** A client with the token of a fresh sign-in. Default: of the user with six licences. */
  client(email?: string): Promise<CryptlexClient>;
}

/** Runs `body` with all of it, and takes it down afterwards. */
export async function emulated(
  body: (given: Emulated) => Promise<void>,
  options: CryptlexOptions<'cryptlex'> = {},
  emulation: CryptlexEmulatorOptions = {},
): Promise<void> {
  await using emulator = await startCryptlexEmulator(emulation);
  const { origin, accountAlias } = emulator;
  const provider = cryptlex({ ...(options.accountId === undefined && { accountAlias }), ...options, origin });
  const credentialsOf = (address: string) => {
    const { email, password } = emulator.users.find((user) => user.email === address)!;
    return { email, password };
  };
  const credentials = credentialsOf(emulator.users[0]!.email);
  const client = async (email = credentials.email) => {
    const { accessToken } = await provider.signIn(credentialsOf(email));
    emulator.requests.length = 0;
    return cryptlexClient(staticTokenSource(accessToken, provider));
  };
  try {
    await body({ emulator, provider, credentials, credentialsOf, client });
  } finally {
    await provider.upstream.close();
  }
}
