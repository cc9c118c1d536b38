// Ours, as the benchmarks use it: sources that hold a token which is good for an hour.
import { createGrant, createUpstream, defineProvider, tokenSource } from '@latchkey/core';
import { z } from 'zod';

export { authorize, authorizedFetch } from '@latchkey/core';

const hourMs = 3_600_000;

/** A source for `origin` that has signed in. Its sign-in sends nothing; nor does anything else before a request. */
export async function warmSource(origin) {
  const [source] = await warmSources(1, origin);
  return source;
}

/** `count` of them, all of one provider. */
export async function warmSources(count, origin = 'http://localhost:9') {
  const provider = defineProvider({
    name: 'bench',
    upstream: createUpstream({ name: 'bench', origin }),
    credentials: z.object({ id: z.number() }),
    identify: ({ id }) => ({ provider: 'bench', subject: `${id}` }),
    async signIn({ id }) {
      const issuedAt = Date.now();
      const expiresAt = issuedAt + hourMs;
      return createGrant({
        provider: 'bench',
        accessToken: `opaque-${id}`,
        issuedAt,
        expiresAt,
        account: { id },
      });
    },
  });
  const sources = Array.from({ length: count }, (_, id) => tokenSource(provider, { id }));
  await Promise.all(sources.map((source) => source.getToken()));
  return sources;
}
