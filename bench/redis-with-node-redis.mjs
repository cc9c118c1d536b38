// Sessions in Redis with node-redis.
import { Buffer } from 'node:buffer';
import { createClient } from 'redis';
import { compareSessions } from './redis-sessions.mjs';

await compareSessions('node-redis', async (url) => {
  const client = await createClient({ url }).connect();
  const subscriber = await client.duplicate().connect();
  // As bytes: the type of bulk strings by the first byte of their protocol.
  const asBytes = { typeMapping: { ['$'.charCodeAt(0)]: Buffer } };
  return {
    client,
    subscriber,
    bareGet: (key) => client.sendCommand(['GET', key], asBytes),
    end() {
      client.destroy();
      subscriber.destroy();
    },
  };
});
