import { LRUCache } from 'lru-cache';
import { sessionKeys, type SessionKeys } from './session-id.js';

/**
 * The keys of sessions that are in use, by their ids: 10,000 at most.
 *
 * To work them out is most of what it takes to find a session in memory. That memory has the tokens of the same sessions;
 * nothing of this leaves it.
 */
export interface KnownKeys {
  /** Those of a session that was found before. */
  peek(id: string): SessionKeys | undefined;
  /** Those of any. */
  of(id: string): SessionKeys;
  /** Remembers those of a session that was found. What is not one must not push out what is. */
  add(id: string, keys: SessionKeys): void;
  delete(id: string): void;
  clear(): void;
}

export function createKnownKeys(scope: string): KnownKeys {
  const known = new LRUCache<string, SessionKeys>({ max: 10_000 });
  return {
    peek: (id) => known.get(id),
    of: (id) => known.get(id) ?? sessionKeys(id, scope),
    add: (id, keys) => void known.set(id, keys),
    delete: (id) => void known.delete(id),
    clear: () => known.clear(),
  };
}
