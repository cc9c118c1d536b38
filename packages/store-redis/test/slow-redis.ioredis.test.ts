import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { slowRedisRules } from './slow-redis-rules.js';

describeWithRedis('a store whose Redis', () => slowRedisRules(serverConnectors[2]));
