import { createSessions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { redisStore } from '../../src/index.js';
import { serverConnectors } from '../harness/clients.js';
import { serveMethods, workerSettings } from '../harness/worker.js';

// One process of an application, with a local copy.
const { port, connector } = workerSettings() as { port: number; connector: string };
const { connect } = serverConnectors.find(({ name }) => name === connector)!;
const { client, close } = await connect(port);
const { client: subscriber, close: closeSubscriber } = await connect(port);
const store = redisStore({
  client,
  secrets: ['a secret of the tests: 32 bytes or more'],
  localCopy: { subscriber },
  deadlineMs: 5_000,
});
const sessions = createSessions({ providers: [fakeProvider()], store });
const user = { email: 'user@example.com', password: 'correct horse' };

const methods = {
  signIn: async () => (await sessions.signIn('fake', user)).id,
  /** Gives when it was done, by the clock that all processes share. */
  signOut: async (id: string) => {
    await sessions.signOut(id);
    return process.hrtime.bigint();
  },
  signOutEverywhere: async () => {
    await sessions.signOutEverywhere({ provider: 'fake', subject: user.email });
    return process.hrtime.bigint();
  },
  /** Looks without a pause until the session has ended for good; gives when it was last there, and how it was seen. */
  watch: async (id: string) => {
    let lastSeenAt = 0n;
    let isGoneSince = 0n;
    let [peeked, gotten] = [0, 0];
    while (isGoneSince === 0n || process.hrtime.bigint() - isGoneSince < 300_000_000n) {
      for (let count = 0; count < 50; count += 1) {
        const isPeeked = sessions.peek(id) !== undefined;
        if (isPeeked || (await sessions.get(id)) !== undefined) {
          lastSeenAt = process.hrtime.bigint();
          isGoneSince = 0n;
          if (isPeeked) peeked += 1;
          else gotten += 1;
        } else if (isGoneSince === 0n) {
          isGoneSince = process.hrtime.bigint();
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { lastSeenAt, peeked, gotten };
  },
  close: async () => {
    await sessions.close();
    await store.close!();
    await Promise.all([close(), closeSubscriber()]);
  },
};
export type Methods = typeof methods;

serveMethods(methods);
