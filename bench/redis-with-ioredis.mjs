// Sessions in Redis with ioredis.
import { Redis } from 'ioredis';
import { compareSessions } from './redis-sessions.mjs';

await compareSessions('ioredis', async (url) => {
  const client = new Redis(url);
  const subscriber = client.duplicate();
  return {
    client,
    subscriber,
    bareGet: (key) => client.getBuffer(key),
    end() {
      client.disconnect();
      subscriber.disconnect();
    },
  };
});
