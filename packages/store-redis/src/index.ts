export { redisStore } from './redis-store.js';
export type { LocalCopyOptions, RedisStoreOptions } from './redis-store-options.js';
export type { RedisClient, RedisSubscriber } from './redis-client.js';
