import { serverConnectors } from './harness/clients.js';
import { describeWithRedis } from './harness/redis-needed.js';
import { localCopyRules } from './local-copy-rules.js';

describeWithRedis('a local copy', () => {
  localCopyRules(serverConnectors.filter(({ name }) => name.startsWith('node-redis')));
});
