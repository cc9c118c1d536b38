import { z } from 'zod';
import {
  createGrant,
  credentialText,
  defineProvider,
  emailText,
  LatchkeyError,
  type Provider,
  type ProviderDefinition,
} from '../../src/index.js';
import type { ProviderSetup } from '../../src/testing/index.js';
import { startHttp } from '../loopback.js';
import { hastyClock, upstreamAt } from '../upstreams.js';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}
export interface Account {
  readonly id: string;
}
export type Definition = ProviderDefinition<'small', Credentials, Account>;
export type SmallSetup = ProviderSetup<Credentials, Account>;

const user = { email: 'user@example.com', password: 'correct horse', id: 'u-1' };

const replySchema = z.object({ token: z.string(), id: z.string() });
const features = [
  { id: 'one', active: true },
  { id: 'two', active: false },
];

/** A provider that keeps the whole contract, and a server for it; either can be spoilt. */
export async function smallProvider(
  spoil: (definition: Definition) => Partial<Definition> = () => ({}),
  spoilProvider: (provider: Provider<'small', Credentials, Account>) => typeof provider = (provider) =>
    provider,
): Promise<SmallSetup> {
  const tokens = new Set<string>();
  let issued = 0;
  const server = await startHttp(({ url, body, headers }, response) => {
    const isKnown =
      url === '/me'
        ? tokens.has(headers.authorization ?? '')
        : url === '/renew' || body === JSON.stringify({ email: user.email, password: user.password });
    if (!isKnown) {
      response.writeHead(401).end();
      return;
    }
    issued += 1;
    if (url !== '/me') tokens.add(`Bearer small-${issued}`);
    response.end(JSON.stringify({ token: `small-${issued}`, id: user.id, features }));
  });

  const upstream = upstreamAt(server.origin, { name: 'small', clock: hastyClock });
  const definition: Definition = {
    name: 'small',
    upstream,
    credentials: z.object({ email: emailText(), password: credentialText(256) }),

    async signIn(body, { signal } = {}) {
      const issuedAt = Date.now();
      const { token, id } = await upstream.json({
        method: 'POST',
        path: '/login',
        body,
        signal,
        schema: replySchema,
        refused: ({ status }) => (status === 401 ? { code: 'invalid_credentials' } : undefined),
      });
      return createGrant({
        provider: 'small',
        accessToken: token,
        refreshToken: 'again',
        issuedAt,
        account: { id },
      });
    },
    async renew() {
      const issuedAt = Date.now();
      const { token, id } = await upstream.json({ method: 'POST', path: '/renew', schema: replySchema });
      return createGrant({
        provider: 'small',
        accessToken: token,
        refreshToken: 'again',
        issuedAt,
        account: { id },
      });
    },
    verify: (token) =>
      upstream.json({ path: '/me', token, schema: z.object({ id: z.string() }) }).catch((error: unknown) => {
        if (error instanceof LatchkeyError && error.code === 'token_rejected') return undefined;
        throw error;
      }),
    async entitlements(source, { id } = {}) {
      const schema = z.object({ features: z.array(z.object({ id: z.string(), active: z.boolean() })) });
      const { features: all } = await upstream.json({ path: '/me', source, schema });
      return all.filter((feature) => id === undefined || feature.id === id);
    },
    identify: ({ id }) => ({ provider: 'small', subject: id }),
  };

  return {
    provider: spoilProvider(defineProvider({ ...definition, ...spoil(definition) })),
    credentials: { email: user.email, password: user.password },
    requestCount: () => server.requests.length,
    stop: () => server.close(),
    revokeTokens: () => tokens.clear(),
  };
}
