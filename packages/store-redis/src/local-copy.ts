import { LRUCache } from 'lru-cache';
import { createInvalidations } from './invalidations.js';
import type { RedisSubscriber } from './redis-client.js';

/** Values that were read from Redis, as long as nobody has changed them. */
export interface LocalCopy {
  /** The values, if there are copies of all that may be used. */
  get(keys: readonly string[]): string[] | undefined;
  /**
   * Says that a value is about to be read. `undefined` where no copy may be kept at present.
   *
   * @param name where it is in Redis, by which others tell of it.
   */
  reading(key: string, name: string): Reading | undefined;
  /** The value is changed by this process. */
  forget(key: string): void;
  close(): Promise<void>;
}

/** One reading of a value; to be ended. */
export interface Reading {
  /** Keeps what was read, unless it was changed meanwhile: it may be older than that. */
  keep(value: string | undefined, timeLeftMs: number): void;
  end(): void;
}

interface Copy {
  readonly name: string;
  readonly value: string;
  readonly endsAt: number;
}

/** @param options.now a monotonic clock. */
export function createLocalCopy(options: {
  readonly subscriber: RedisSubscriber;
  readonly channel: string;
  readonly maxEntries: number;
  readonly maxAgeMs: number;
  readonly now: () => number;
}): LocalCopy {
  const { subscriber, channel, maxAgeMs, now } = options;
  /** What is being read, and has not been changed since. Apart from the copies: what is asked for in vain must push out none. */
  const readings = new Map<string, symbol>();
  /** The keys of both, by the names that others tell. */
  const keys = new Map<string, string>();
  const copies = new LRUCache<string, Copy>({
    max: options.maxEntries,
    dispose({ name }, key, reason) {
      if (reason !== 'set' && !readings.has(key)) keys.delete(name);
    },
  });
  const invalidations = createInvalidations({ subscriber, channel, onChange, now });

  return {
    get(wanted) {
      const at = now();
      if (!invalidations.areTold(at)) return undefined;
      const found: string[] = [];
      for (const key of wanted) {
        const copy = copies.get(key);
        if (!copy || at >= copy.endsAt) return undefined;
        found.push(copy.value);
      }
      return found;
    },

    reading(key, name) {
      const startedAt = now();
      if (!invalidations.areTold(startedAt)) return undefined;
      // One for all who read it at the same time: would each begin anew, a value that is always being read were never kept.
      const reading = readings.get(key) ?? Symbol('reading');
      readings.set(key, reading);
      keys.set(name, key);
      return {
        keep(value, timeLeftMs) {
          if (readings.get(key) !== reading || value === undefined || timeLeftMs <= 0) return;
          copies.set(key, { name, value, endsAt: startedAt + Math.min(maxAgeMs, timeLeftMs) });
        },
        end() {
          if (readings.get(key) === reading) readings.delete(key);
          if (!readings.has(key) && !copies.has(key)) keys.delete(name);
        },
      };
    },

    forget,

    async close() {
      onChange();
      await invalidations.close();
    },
  };

  function onChange(names?: readonly string[]) {
    if (!names) {
      readings.clear();
      copies.clear();
      keys.clear();
    }
    for (const name of names ?? []) {
      const key = keys.get(name);
      if (key !== undefined) forget(key);
    }
  }

  function forget(key: string) {
    readings.delete(key);
    copies.delete(key);
  }
}
