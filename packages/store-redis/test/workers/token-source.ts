import {
  isLatchkeyError,
  tokenSource,
  type LatchkeyEvent,
  type ManagedTokenSource,
  type Store,
} from '@latchkey/core';
import { lclx } from '@latchkey/provider-lclx';
import { redisStore } from '../../src/index.js';
import { serverConnectors } from '../harness/clients.js';
import { serveMethods, workerSettings } from '../harness/worker.js';

/** A process of an application with a token source: one for each round, that shares its tokens with others of that name. */
export interface TokenSourceSettings {
  readonly port: number;
  readonly origin: string;
  readonly client: string;
}

const { port, origin, client: clientName } = workerSettings() as TokenSourceSettings;
const connector = serverConnectors.find(({ name }) => name === clientName);
if (!connector) throw new Error(`There is no client ${clientName}.`);
const { client, send } = await connector.connect(port);
const provider = lclx({ origin });
const sources = new Map<string, ManagedTokenSource>();
const events: LatchkeyEvent['type'][] = [];

const methods = {
  /** Has so many callers ask for a token at once, and says what they got. */
  async getTokens(round: string, callers: number, password = 'sample-password-1') {
    const source = sourceOf(round, password);
    const outcomes = await Promise.all(
      Array.from({ length: callers }, async () => {
        const startedAt = performance.now();
        const outcome = await source.getToken().then(
          ({ value }) => ({ token: value }),
          (error: unknown) => ({ code: isLatchkeyError(error) ? error.code : String(error) }),
        );
        return { ...outcome, ms: performance.now() - startedAt };
      }),
    );
    return {
      tokens: [...new Set(outcomes.flatMap((one) => ('token' in one ? [one.token] : [])))],
      codes: [...new Set(outcomes.flatMap((one) => ('code' in one ? [one.code] : [])))],
      slowestMs: Math.max(...outcomes.map(({ ms }) => ms)),
      fallbacks: events.filter((type) => type === 'store-fallback').length,
    };
  },

  /** What a request says that was refused with this token, or the one after it. */
  async refuse(round: string, rejected: string) {
    const token = await sourceOf(round).getToken();
    return token.value === rejected
      ? (await sourceOf(round).getToken({ rejected: token })).value
      : token.value;
  },

  refreshCredentials: (round: string) => sources.get(round)?.refreshCredentials(),

  async forget(round: string) {
    await sources.get(round)?.close();
    sources.delete(round);
  },
};
export type TokenSourceMethods = typeof methods;

function sourceOf(round: string, password = 'sample-password-1'): ManagedTokenSource {
  let source = sources.get(round);
  if (!source) {
    // A busy machine must not make it do without the store.
    const deadlineMs = 10_000;
    const store = redisStore({
      client,
      deadlineMs,
      prefix: `${round}:`,
      secrets: ['a secret of the tests: 32 bytes or more'],
    });
    const onEvent = ({ type }: LatchkeyEvent) => void events.push(type);
    const credentials = { email: 'demo@example.com', password };
    source = tokenSource(provider, credentials, { store: telling(round, store), onEvent });
    sources.set(round, source);
  }
  return source;
}

/** Has everybody know which process holds the lease. */
function telling(round: string, store: Store): Store {
  return {
    ...store,
    async lease(key, options) {
      const lease = await store.lease(key, options);
      if (lease) await send('SET', `holder:${round}`, String(process.pid));
      return lease;
    },
  };
}

serveMethods(methods);
