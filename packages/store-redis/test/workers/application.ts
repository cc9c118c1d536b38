import { createSessions, isLatchkeyError } from '@latchkey/core';
import { cryptlex } from '@latchkey/provider-cryptlex';
import { redisStore } from '../../src/index.js';
import { serverConnectors } from '../harness/clients.js';
import { serveMethods, workerSettings } from '../harness/worker.js';

/** A process of an application whose users sign in, and that asks the provider in the name of one. */
export interface ApplicationSettings {
  readonly port: number;
  readonly origin: string;
  readonly accountAlias: string;
  readonly prefix: string;
}

const { port, origin, accountAlias, prefix } = workerSettings() as ApplicationSettings;
const { client } = await serverConnectors[0].connect(port);
const store = redisStore({
  client,
  prefix,
  secrets: ['a secret of the tests: 32 bytes or more'],
  // A busy machine must not make it do without the store.
  deadlineMs: 10_000,
});
const pace = { requests: 45, perMs: 5_000, store };
const provider = cryptlex({ origin, accountAlias, pace, timeoutMs: 20_000 });
const sessions = createSessions({ providers: [provider], store });

const methods = {
  signIn: (email: string, password: string, client: string) =>
    codeOf(sessions.signIn('cryptlex', { email, password }, { client })),

  /** Has so many requests made at a time, one after the other, until the time is over; says how each ended. */
  async flood(kind: 'call' | 'sign-in', atATime: number, forMs: number, email: string, password: string) {
    const credentials = { email, password };
    const grant = await provider.signIn(credentials);
    const ask = () => (kind === 'call' ? provider.account(grant) : provider.signIn(credentials));
    const endsAt = performance.now() + forMs;
    const codes: Record<string, number> = {};
    const one = async () => {
      while (performance.now() < endsAt) {
        const code = await codeOf(ask());
        codes[code] = (codes[code] ?? 0) + 1;
        // Who is refused at once would ask without end.
        if (code !== 'ok') await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await Promise.all(Array.from({ length: atATime }, one));
    return codes;
  },
};
export type ApplicationMethods = typeof methods;

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (isLatchkeyError(error) ? error.code : String(error)),
  );
}

serveMethods(methods);
