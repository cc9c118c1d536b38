import { LRUCache } from 'lru-cache';
import { createInvalidations } from './invalidations.js';
import type { RedisSubscriber } from './redis-client.js';

/** Values that were read from Redis, as long as nobody has changed them. */
export interface LocalCopy {
  /** The value, if there is a copy of it that may be used. */
  get(name: string): string | undefined;
  /**
   * Says that the value is about to be read; what that gives is told to `read`, which keeps it unless it was changed
   * meanwhile. `undefined` where no copy may be kept at present.
   */
  reading(name: string): { read(value: string | undefined, timeLeftMs: number): void } | undefined;
  /** The value is changed by this process. */
  forget(name: string): void;
  close(): Promise<void>;
}

interface Copy {
  /** Absent while it is read. */
  readonly value?: string;
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
  const copies = new LRUCache<string, Copy>({ max: options.maxEntries });
  const invalidations = createInvalidations({ subscriber, channel, onChange, now });

  return {
    get(name) {
      const copy = copies.get(name);
      if (copy?.value === undefined) return undefined;
      const at = now();
      return invalidations.areTold(at) && at < copy.endsAt ? copy.value : undefined;
    },

    reading(name) {
      const startedAt = now();
      if (!invalidations.areTold(startedAt)) return undefined;
      const found = copies.peek(name);
      // One for all who read it at the same time: would each begin anew, a value that is always being read were never kept.
      const reading: Copy = found && found.value === undefined ? found : { endsAt: startedAt };
      if (reading !== found) copies.set(name, reading);
      return {
        read(value, timeLeftMs) {
          // It was changed meanwhile, and what was read may be older than that.
          if (copies.peek(name) !== reading) return;
          if (value === undefined || timeLeftMs <= 0) copies.delete(name);
          else copies.set(name, { value, endsAt: startedAt + Math.min(maxAgeMs, timeLeftMs) });
        },
      };
    },

    forget: (name) => void copies.delete(name),

    async close() {
      copies.clear();
      await invalidations.close();
    },
  };

  function onChange(names?: readonly string[]) {
    if (names) for (const name of names) copies.delete(name);
    else copies.clear();
  }
}
