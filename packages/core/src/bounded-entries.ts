import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import { LatchkeyError } from './latchkey-error.js';

/** Values by key, each for a time, and at most so many of each kind. */
export interface BoundedEntries<Value> {
  /** The value, if it has not ended. @param now by the monotonic clock. */
  get(key: string, now?: number): Value | undefined;
  /** @throws LatchkeyError `store_error` for a new key of a lasting kind that is full of values that have not ended. */
  set(key: string, value: Value, ttlMs: number): void;
  delete(key: string): void;
  clear(): void;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly endsAt: number;
}

interface Kind<Value> {
  readonly entries: LRUCache<string, Entry<Value>>;
  /** No entry ends before this. */
  earliestEnd: number;
}

/**
 * Makes a place for values whose keys have the form `kind:name`. A kind that is full loses the value that was used least
 * recently; a lasting kind loses none that has not ended.
 */
export function createBoundedEntries<Value>({
  maxEntries,
  clock,
  lastingKinds,
}: {
  readonly maxEntries: number;
  readonly clock: Clock;
  readonly lastingKinds: ReadonlySet<string>;
}): BoundedEntries<Value> {
  const kinds = new Map<string, Kind<Value>>();

  return {
    get(key, now = clock.monotonic()) {
      const entry = kinds.get(kindOf(key))?.entries.get(key);
      if (entry && entry.endsAt > now) return entry.value;
      if (entry) drop(key);
      return undefined;
    },

    set(key, value, ttlMs) {
      const name = kindOf(key);
      const now = clock.monotonic();
      tidy(name, now);
      if (lastingKinds.has(name)) makeRoom(name, key, now);
      const kind = kinds.get(name) ?? { entries: emptyEntries(), earliestEnd: Infinity };
      kinds.set(name, kind);
      kind.entries.set(key, { key, value, endsAt: now + ttlMs });
      kind.earliestEnd = Math.min(kind.earliestEnd, now + ttlMs);
    },

    delete: drop,
    clear: () => kinds.clear(),
  };

  function emptyEntries(): LRUCache<string, Entry<Value>> {
    // By its `max` it would set room for all of them aside, and wipe all of that whenever the last one goes.
    return new LRUCache({ maxSize: maxEntries, sizeCalculation: () => 1 });
  }

  function drop(key: string) {
    const name = kindOf(key);
    const entries = kinds.get(name)?.entries;
    if (!entries?.has(key)) return;
    if (entries.size === 1) kinds.delete(name);
    else entries.delete(key);
  }

  // Two for each that comes, so that what has ended does not pile up until the kind is full.
  function tidy(name: string, now: number) {
    for (let times = 0; times < 2; times += 1) {
      const oldest = kinds.get(name)?.entries.rvalues().next().value;
      if (!oldest || oldest.endsAt > now) return;
      drop(oldest.key);
    }
  }

  function makeRoom(name: string, key: string, now: number) {
    const kind = kinds.get(name);
    if (!kind || kind.entries.size < maxEntries || kind.entries.has(key)) return;
    // Else each of many refused would look through all of them.
    if (kind.earliestEnd <= now) {
      const ended: string[] = [];
      kind.earliestEnd = Infinity;
      kind.entries.forEach(({ key: other, endsAt }) => {
        if (endsAt <= now) ended.push(other);
        else kind.earliestEnd = Math.min(kind.earliestEnd, endsAt);
      });
      ended.forEach(drop);
    }
    if ((kinds.get(name)?.entries.size ?? 0) >= maxEntries) {
      throw new LatchkeyError('store_error', {
        message: `The memory store holds ${maxEntries} entries of the kind ${name}, its maxEntries, and none has ended.`,
      });
    }
  }
}

// What has no kind is a kind of its own, all of it together.
function kindOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf(':')));
}
