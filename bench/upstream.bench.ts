import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUpstream } from '@latchkey/core';
import { Agent, request } from 'undici';
import { afterAll, bench, describe } from 'vitest';
import { z } from 'zod';

// What a request through `createUpstream` costs beside the same one sent with undici alone, to the same server.
const reply = JSON.stringify(Array.from({ length: 20 }, (_, index) => ({ index, name: `Carrier ${index}` })));
const server = createServer((_, response) => response.end(reply));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const schema = z.array(z.object({ index: z.number(), name: z.string() }));
const upstream = createUpstream({ name: 'bench', origin });
const dispatcher = new Agent();

afterAll(async () => {
  await Promise.all([upstream.close(), dispatcher.close()]);
  server.close();
});

for (const concurrency of [1, 50]) {
  describe(`a GET of ${reply.length} bytes, ${concurrency} at a time`, () => {
    const times = async (one: () => Promise<unknown>) => {
      await Promise.all(Array.from({ length: concurrency }, one));
    };

    bench('undici alone, with the same schema', () =>
      times(async () => {
        const { body } = await request(`${origin}/carriers`, {
          dispatcher,
          headers: { authorization: 'Bearer t' },
        });
        return schema.parse(await body.json());
      }),
    );

    bench('through createUpstream', () =>
      times(() => upstream.json({ path: '/carriers', token: 't', schema })),
    );
  });
}
