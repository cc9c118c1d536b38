import { randomBytes } from 'node:crypto';
import type { Lease } from '@latchkey/core';
import type { KeyRing } from './key-ring.js';
import { numberIn, type RedisCommands } from './redis-commands.js';
import { run, script } from './script.js';
import { wholeMs } from './whole-ms.js';

/** Leases in Redis. */
export interface Leases {
  take(key: string, ttlMs: number): Promise<Lease | undefined>;
}

/**
 * Where there are several secrets, a lease is held under the name that each gives, so that processes which have one of them in
 * common exclude each other, at whatever step of a rotation they are.
 */
export function createLeases(commands: RedisCommands, ring: KeyRing): Leases {
  return {
    async take(key, ttlMs) {
      const owner = randomBytes(16).toString('base64url');
      const held: string[] = [];
      const release = async () => {
        await Promise.all(held.map((name) => run(commands, releaseScript, [name], [owner])));
      };
      // In the same order everywhere, so that no two wait for each other.
      for (const name of ring.map((secret) => secret.nameOf('lease', key)).sort()) {
        const command = ['SET', name, owner, 'NX', 'PX', wholeMs(ttlMs)];
        const reply = await commands.send(name, command).catch(async (error: unknown) => {
          await release().catch(() => undefined); // it runs out
          throw error;
        });
        if (reply === null) {
          await release();
          return undefined;
        }
        held.push(name);
      }
      return {
        async extend(ttlMs) {
          const extend = (name: string) => run(commands, extendScript, [name], [owner, wholeMs(ttlMs)]);
          const outcomes = await Promise.all(held.map(extend));
          return outcomes.every((outcome) => numberIn(outcome) === 1);
        },
        release,
      };
    },
  };
}

/** ARGV: owner, milliseconds. */
const extendScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** ARGV: owner. */
const releaseScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`);
