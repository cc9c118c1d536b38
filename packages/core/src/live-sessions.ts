import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import type { KeptSession, KeptSessions } from './kept-sessions.js';
import type { LiveSession } from './live-session.js';
import type { Session } from './session.js';
import type { SessionKeys } from './session-id.js';

/** The sessions that this process knows, 10,000 at most. One that is driven out is read from the store again. */
export interface LiveSessions {
  /** The session as it is now, with a token that is good as far as is known; `undefined` where it has ended. */
  find(keys: SessionKeys, signal?: AbortSignal): Promise<Session | undefined>;
  /** The same at once, where nothing need be waited for. */
  peek(keys: SessionKeys): Session | undefined;
  /** Knows one that has just begun. */
  enter(keys: SessionKeys, one: LiveSession): void;
  /** Forgets one for good: no `find` that was under way brings it back, and no store that fails (T13). */
  signOut(keys: SessionKeys): void;
  /** Forgets those of one account; see `generations`. */
  signOutAll(generationKey: string): void;
  /** Writes what could not be written before, as far as it can be, and forgets all. */
  close(): Promise<void>;
}

/** @param options.liveOf makes what this process knows of a session that it did not know. */
export function createLiveSessions(options: {
  readonly sessions: KeptSessions;
  readonly clock: Clock;
  readonly idleMs: number;
  readonly liveOf: (keys: SessionKeys, kept: KeptSession) => LiveSession;
}): LiveSessions {
  const { sessions, clock, idleMs, liveOf } = options;
  /** By where they are kept, never by their id. */
  const live = new LRUCache<string, LiveSession>({ max: mostLive });
  const signedOut = new LRUCache<string, true>({ max: mostLive });

  return {
    find(keys, signal) {
      const known = live.get(keys.lookup);
      return known && isAtRest(known, clock.now()) ? foundAtRest(keys, known, signal) : found(keys, signal);
    },

    peek,

    enter: ({ lookup }, one) => void live.set(lookup, one),

    signOut({ lookup }) {
      signedOut.set(lookup, true);
      forget(lookup, live.get(lookup));
    },

    signOutAll(generationKey) {
      for (const [lookup, one] of [...live.entries()]) {
        if (one.kept().generationKey === generationKey) forget(lookup, one);
      }
    },

    async close() {
      const pending = [...live.values()].filter((one) => one.kept().replaced !== undefined);
      await Promise.allSettled(pending.map((one) => one.write()));
      live.clear();
    },
  };

  function peek(keys: SessionKeys): Session | undefined {
    const known = live.get(keys.lookup);
    const before = known?.kept();
    const looked = before && sessions.peek(before);
    return known && looked && unchanged(known, before, looked);
  }

  /** The way of most requests: all is as it was, and nothing is to be done but to see that it is. */
  async function foundAtRest(
    keys: SessionKeys,
    known: LiveSession,
    signal: AbortSignal | undefined,
  ): Promise<Session | undefined> {
    const before = known.kept();
    const looked = await sessions.look(before);
    // It may have been driven out while the store was asked.
    const session = live.peek(keys.lookup) === known ? unchanged(known, before, looked) : undefined;
    return session ?? found(keys, signal);
  }

  function unchanged(
    known: LiveSession,
    before: KeptSession,
    looked: readonly (string | undefined)[],
  ): Session | undefined {
    const now = clock.now();
    if (known.hasEnded() || !sessions.isUnchanged(before, looked, { now, usedAt: known.usedAt }))
      return undefined;
    known.usedAt = Math.max(known.usedAt, now);
    return isAtRest(known, now) ? known.session() : undefined;
  }

  /** Whether it has a good token, and nothing to be written. */
  function isAtRest(one: LiveSession, now: number): boolean {
    return one.hasGoodToken(now) && !isToBeWritten(one);
  }

  async function found(keys: SessionKeys, signal: AbortSignal | undefined): Promise<Session | undefined> {
    const known = live.get(keys.lookup);
    const before = known?.kept();
    const present = await sessions.read(keys, before, known?.usedAt);
    // Another call may have come first.
    const one = live.get(keys.lookup) ?? known ?? (present && liveOf(keys, present));
    const hasEnded = () => one?.hasEnded() === true || signedOut.has(keys.lookup);
    if (present && one && !hasEnded()) {
      live.set(keys.lookup, one);
      if (before) one.adopt(present, before);
      await used(one, signal);
      if (!hasEnded()) return one.session();
    } else if (present) {
      // It ended here, and the store failed when it was told of that.
      await sessions.end(keys);
    }
    forget(keys.lookup, one);
    return undefined;
  }

  /** Has a session in use renewed where that is due, and its use written. */
  async function used(one: LiveSession, signal: AbortSignal | undefined): Promise<void> {
    one.usedAt = Math.max(one.usedAt, clock.now());
    try {
      await one.refresh(signal);
    } catch (error) {
      if (one.hasEnded()) return;
      // It is in use, even while its token cannot be renewed.
      if (isToBeWritten(one)) await one.write();
      throw error;
    }
    if (isToBeWritten(one)) await one.write();
  }

  function isToBeWritten(one: LiveSession): boolean {
    const { record, replaced } = one.kept();
    return replaced !== undefined || one.usedAt - record.usedAt >= idleMs / 10;
  }

  function forget(lookup: string, one: LiveSession | undefined) {
    one?.end();
    live.delete(lookup);
  }
}

// A few kilobytes each.
const mostLive = 10_000;
