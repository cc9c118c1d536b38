import { performance } from 'node:perf_hooks';
import { checkedOptions, LatchkeyError, type Store } from '@latchkey/core';
import { checkKey, checkKeys, checkText, countsIn, peekable, spanIn } from '@latchkey/core/store';
import { createCounters } from './counters.js';
import { createGuard } from './guard.js';
import { keyRing } from './key-ring.js';
import { createLeases } from './leases.js';
import { createLocalCopy, type LocalCopy } from './local-copy.js';
import { redisCommands } from './redis-commands.js';
import { redisStoreOptions, type RedisStoreOptions } from './redis-store-options.js';
import { createValues } from './values.js';

/**
 * Keeps sessions and tokens in Redis 6.2 or later, for any number of processes that have the same prefix and secrets.
 *
 * What Redis has tells nothing: keys are keyed hashes, and values are sealed with AES-256-GCM, each bound to its key. What was
 * tampered with, or copied from another key, is as if it were not there. Counts and leases stand in the clear: they are numbers
 * and random words.
 *
 * A call takes as long as `deadlineMs` at most, else it fails with `store_error`. After five in a row that Redis did not answer
 * calls fail at once, but for one trial in each second, until it answers. Every key has a time to live.
 *
 * The client is the application's: `close()` of the store leaves it open.
 *
 * @throws LatchkeyError `invalid_config` for options that are not usable, with every problem in one message.
 *
 * @example
 * const client = await createClient({ url }).on('error', log).connect();
 * const store = redisStore({ client, secrets: [secret] });
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { client, prefix, secrets, deadlineMs, localCopy } = checkedOptions(
    'redisStore()',
    redisStoreOptions,
    options,
  );
  const channel = `${prefix}changes`;
  const commands = redisCommands(client);
  const ring = keyRing(prefix, secrets);
  const values = createValues(commands, ring, channel);
  const counters = createCounters(commands, ring);
  const leases = createLeases(commands, ring);
  const guarded = createGuard(deadlineMs, now);
  const copy = localCopy && createLocalCopy({ ...localCopy, channel, now });
  let isClosed = false;

  const store: Store = {
    async get(key) {
      checkCall(key);
      const [value] = await read([key]);
      return value;
    },

    // Not async: each request of somebody who is signed in comes through here.
    getMany(keys) {
      try {
        checkOpen();
        checkKeys(keys);
      } catch (error) {
        return Promise.reject(error);
      }
      return keys.length === 0 ? Promise.resolve([]) : read(keys);
    },

    async set(key, value, options) {
      checkCall(key);
      checkText('value', value);
      const ttlMs = spanIn(options, 'ttlMs');
      await changing(key, () => values.write(key, value, ttlMs));
    },

    async delete(key) {
      checkCall(key);
      await changing(key, () => values.remove(key));
    },

    async replace(key, expected, value, options) {
      checkCall(key);
      if (expected !== undefined) checkText('expected value', expected);
      checkText('value', value);
      const ttlMs = spanIn(options, 'ttlMs');
      return await changing(key, () => values.replace(key, expected, value, ttlMs));
    },

    async take(key, options) {
      checkCall(key);
      const counts = countsIn(options);
      // Nobody was told of what is taken too late: it is given back, or an outage would use limits up.
      const giveBack = async ({ taken }: { readonly taken: boolean }) => {
        if (taken && counts.cost > 0) await counters.take(key, { ...counts, cost: -counts.cost });
      };
      return await guarded(() => counters.take(key, counts), giveBack);
    },

    async lease(key, options) {
      checkCall(key);
      const ttlMs = spanIn(options, 'ttlMs');
      const lease = await guarded(
        () => leases.take(key, ttlMs),
        // Nobody has it, and all would wait for its end.
        async (late) => late?.release(),
      );
      return (
        lease &&
        Object.freeze({
          async extend(ttlMs: number) {
            checkOpen();
            spanIn({ ttlMs }, 'ttlMs');
            return await guarded(() => lease.extend(ttlMs));
          },
          async release() {
            checkOpen();
            await guarded(() => lease.release());
          },
        })
      );
    },

    async close() {
      if (isClosed) return;
      isClosed = true;
      // A connection that is down listens to nothing any more. How the other one is does not matter.
      if (copy) await createGuard(deadlineMs, now)(() => copy.close()).catch(() => undefined);
    },
  };
  return Object.freeze(copy ? peekable(store, (keys) => (isClosed ? undefined : copy.get(keys))) : store);

  function read(keys: readonly string[]): Promise<(string | undefined)[]> {
    const found = copy?.get(keys);
    if (found) return Promise.resolve(found);
    return guarded(() => (copy ? readForCopy(copy, keys) : values.read(keys)));
  }

  async function readForCopy(copy: LocalCopy, keys: readonly string[]): Promise<(string | undefined)[]> {
    const readings = keys.map((key) => copy.reading(key, values.nameOf(key)));
    if (readings.every((reading) => reading === undefined)) return await values.read(keys);
    try {
      // The time first: of a value that is changed in between, it is too short at worst.
      const [timesLeft, found] = await Promise.all([
        Promise.all(keys.map(values.timeLeft)),
        values.read(keys),
      ]);
      readings.forEach((reading, at) => reading?.keep(found[at], timesLeft[at] ?? 0));
      return found;
    } finally {
      for (const reading of readings) reading?.end();
    }
  }

  /** Before, since nobody is to be given what it was; afterwards, since somebody may have read that meanwhile. */
  async function changing<T>(key: string, change: () => Promise<T>): Promise<T> {
    copy?.forget(key);
    try {
      return await guarded(change);
    } finally {
      copy?.forget(key);
    }
  }

  function checkCall(key: string) {
    checkOpen();
    checkKey(key);
  }

  function checkOpen() {
    if (isClosed) throw new LatchkeyError('closed', { message: 'The Redis store was closed.' });
  }
}

function now(): number {
  return performance.now();
}
