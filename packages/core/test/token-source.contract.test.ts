import { describe, it } from 'vitest';
import { memoryStore, staticTokenSource, tokenSource } from '../src/index.js';
import { fakeProvider, tokenSourceContract, virtualClock } from '../src/testing/index.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };

/** A source over a provider in memory. */
function managed(options: { renewable?: boolean; lifetimeMs?: number | undefined; shared?: boolean } = {}) {
  const { shared, ...provided } = options;
  const clock = virtualClock();
  const provider = fakeProvider({ clock, ...provided });
  return {
    source: tokenSource(provider, async () => credentials, shared ? { store: memoryStore({ clock }) } : {}),
    cost: () => provider.calls.signIn + provider.calls.renew,
    failFromNowOn: () => provider.failNext('upstream_unavailable'),
    stop: () => provider.upstream.close(),
  };
}

describe('staticTokenSource', () =>
  tokenSourceContract(it, async () => ({ source: staticTokenSource('token-1', 'https://api.example.com') })));

describe('tokenSource', () => tokenSourceContract(it, async () => managed(), { renews: true }));

describe('tokenSource with refresh tokens', () =>
  tokenSourceContract(it, async () => managed({ renewable: true }), { renews: true }));

describe('tokenSource with tokens of unknown lifetime', () =>
  tokenSourceContract(it, async () => managed({ lifetimeMs: undefined }), { renews: true }));

describe('tokenSource over a store', () =>
  tokenSourceContract(it, async () => managed({ shared: true }), { renews: true }));

describe('tokenSource with refresh tokens over a store', () =>
  tokenSourceContract(it, async () => managed({ shared: true, renewable: true }), { renews: true }));
