import { LRUCache } from 'lru-cache';
import { createInvalidations } from './invalidations.js';
import type { RedisSubscriber } from './redis-client.js';

/** Values that were read from Redis, as long as nobody has changed them. */
export interface LocalCopy {
  /** The values, if there are copies of all that may be used. */
  get(keys: readonly string[]): string[] | undefined;
  /**
   * Says that a value is about to be read; what that gives is told to `read`, which keeps it unless it was changed meanwhile.
   * `undefined` where no copy may be kept at present.
   *
   * @param name where it is in Redis, by which others tell of it.
   */
  reading(
    key: string,
    name: string,
  ): { read(value: string | undefined, timeLeftMs: number): void } | undefined;
  /** The value is changed by this process. */
  forget(key: string): void;
  close(): Promise<void>;
}

interface Copy {
  readonly name: string;
  /** Absent while it is read. */
  value?: string;
  endsAt: number;
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
  /** By the names of what there are copies of. */
  const keys = new Map<string, string>();
  const copies = new LRUCache<string, Copy>({
    max: options.maxEntries,
    dispose({ name }, _key, reason) {
      if (reason !== 'set') keys.delete(name);
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
        if (copy?.value === undefined || at >= copy.endsAt) return undefined;
        found.push(copy.value);
      }
      return found;
    },

    reading(key, name) {
      const startedAt = now();
      if (!invalidations.areTold(startedAt)) return undefined;
      const found = copies.peek(key);
      // One for all who read it at the same time: would each begin anew, a value that is always being read were never kept.
      const copy: Copy = found && found.value === undefined ? found : { name, endsAt: startedAt };
      if (copy !== found) {
        keys.set(name, key);
        copies.set(key, copy);
      }
      return {
        read(value, timeLeftMs) {
          // It was changed meanwhile, and what was read may be older than that; or another was faster.
          if (copies.peek(key) !== copy || copy.value !== undefined) return;
          if (value === undefined || timeLeftMs <= 0) copies.delete(key);
          else Object.assign(copy, { value, endsAt: startedAt + Math.min(maxAgeMs, timeLeftMs) });
        },
      };
    },

    forget: (key) => void copies.delete(key),

    async close() {
      copies.clear();
      await invalidations.close();
    },
  };

  function onChange(names?: readonly string[]) {
    if (!names) copies.clear();
    for (const name of names ?? []) {
      const key = keys.get(name);
      if (key !== undefined) copies.delete(key);
    }
  }
}
