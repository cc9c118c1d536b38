import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import type { ErrorCode } from './error-code.js';
import { createGenerations, isGeneration, type Generations } from './generations.js';
import type { Peek } from './peekable.js';
import { openText, sealText } from './sealed-text.js';
import type { SessionKeys } from './session-id.js';
import { packSession, unpackSession, type SessionRecord } from './session-record.js';
import type { Store } from './store.js';

/** A record, and the text that stands for it in the store. */
export interface KeptSession {
  readonly text: string;
  readonly record: SessionRecord;
  readonly generationKey: string;
  /** Where it is kept, and the generation of its account. */
  readonly places: readonly string[];
  /**
   * Access tokens of which the store has one in place of that in `record`: it failed when that was to be written, which is
   * still to be done.
   */
  readonly replaced?: readonly string[];
}

/** The sessions in a store, each sealed with a key that only its id gives. */
export interface KeptSessions {
  readonly generations: Generations;
  /**
   * The session, unless there is none or it has ended, in which case it is removed. What was tampered with, or was moved
   * here from another place, is none.
   *
   * @param known what was read before: where the store still has that, one look at it is all there is to do.
   * @param usedAt when it was last in use, where more is known of that than the store has.
   */
  read(keys: SessionKeys, known?: KeptSession, usedAt?: number): Promise<KeptSession | undefined>;
  /** What the store has of a session that is known: its text, and the generation of its account. */
  look(known: KeptSession): Promise<readonly (string | undefined)[]>;
  /** The same at once; `undefined` where the store cannot tell. */
  peek(known: KeptSession): readonly (string | undefined)[] | undefined;
  /** Whether that is just what is known, and has not ended. */
  isUnchanged(
    known: KeptSession,
    looked: readonly (string | undefined)[],
    at: { readonly now: number; readonly usedAt: number },
  ): boolean;
  /** A session that is not in the store yet. @throws LatchkeyError `invalid_config` for what JSON cannot hold. */
  drafted(keys: SessionKeys, record: SessionRecord): KeptSession;
  /** Keeps a new session. */
  add(keys: SessionKeys, record: SessionRecord): Promise<KeptSession>;
  /** Keeps `record` in the place of `known`; `undefined` where that is no longer what the store has. */
  replace(keys: SessionKeys, known: KeptSession, record: SessionRecord): Promise<KeptSession | undefined>;
  /** Removes it, and tells of its end where it was there. */
  end(keys: SessionKeys, code?: ErrorCode): Promise<void>;
}

/**
 * @param options.audienceOf a provider by its name; `undefined` for one that is not configured: its sessions have ended.
 * @param options.idleMs how long a session may be out of use.
 * @param options.onEnd is told of a session that has ended here, or was found to have ended.
 */
export function keptSessions(options: {
  readonly store: Store;
  /** What tells values of that store at once. */
  readonly peekAt: Peek | undefined;
  readonly clock: Clock;
  readonly audienceOf: (provider: string) => string | undefined;
  readonly idleMs: number;
  readonly onEnd: (record: SessionRecord, code?: ErrorCode) => void;
}): KeptSessions {
  const { store, peekAt, clock, audienceOf, idleMs, onEnd } = options;
  const generations = createGenerations(store, clock);
  /** Those whose end was told lately. */
  const told = new LRUCache<string, true>({ max: 10_000 });

  return {
    generations,

    async read(keys, known, usedAt = 0) {
      const found = known ? await readAgain(keys, known) : await readFirst(keys);
      if (!found) {
        // The store forgets it at that moment, too.
        if (known && isOver(known.record, usedAt)) tell(keys, known.record);
        return undefined;
      }
      const { record } = found.kept;
      // A process that does not have its provider leaves it to those that do.
      if (audienceOf(record.provider) !== record.audience) return undefined;
      if (!isOver(record, usedAt) && isGeneration(record.generation, found.generation)) return found.kept;
      await store.delete(placeOf(keys));
      tell(keys, record);
      return undefined;
    },

    look,
    peek: ({ places }) => peekAt?.(places),

    isUnchanged({ text, record }, [found, generation], { now, usedAt }) {
      return found === text && isGeneration(record.generation, generation) && !isOver(record, usedAt, now);
    },

    drafted(keys, record) {
      const drafted = unpackSession(packSession(record));
      return kept(keys, '', drafted ?? record);
    },

    async add(keys, record) {
      const text = sealed(keys, record);
      await store.set(placeOf(keys), text, { ttlMs: ttlOf(record) });
      // As all will see it who come later.
      return unsealed(keys, text) ?? kept(keys, text, record);
    },

    async replace(keys, known, record) {
      const text = sealed(keys, record);
      const isDone = await store.replace(placeOf(keys), known.text, text, { ttlMs: ttlOf(record) });
      return isDone ? kept(keys, text, record) : undefined;
    },

    async end(keys, code) {
      const text = await store.get(placeOf(keys));
      if (text === undefined) return;
      await store.delete(placeOf(keys));
      const ended = unsealed(keys, text);
      if (ended) tell(keys, ended.record, code);
    },
  };

  function isOver({ expiresAt, usedAt }: SessionRecord, lastUsedAt: number, now = clock.now()): boolean {
    return now >= Math.min(expiresAt, Math.max(usedAt, lastUsedAt) + idleMs);
  }

  // Many may find at the same moment that it has ended.
  function tell({ lookup }: SessionKeys, record: SessionRecord, code?: ErrorCode) {
    if (!told.has(lookup)) onEnd(record, code);
    told.set(lookup, true);
  }

  async function readAgain(keys: SessionKeys, known: KeptSession) {
    const [text, generation] = await look(known);
    if (text === known.text) return { kept: known, generation };
    const opened = text === undefined ? undefined : unsealed(keys, text);
    return opened && { kept: withPending(opened, known), generation };
  }

  function look({ places }: KeptSession): Promise<(string | undefined)[]> {
    return store.getMany ? store.getMany(places) : Promise.all(places.map((place) => store.get(place)));
  }

  /** What the store has, with the newer grant that it could not be given yet: it was used meanwhile, in another process. */
  function withPending(found: KeptSession, { replaced, record }: KeptSession): KeptSession {
    if (!replaced?.includes(found.record.grant.accessToken)) return found;
    const { grant, expiresAt } = record;
    return { ...found, record: { ...found.record, grant, expiresAt }, replaced };
  }

  // Whose it is, and so where its generation stands, is not known before it is open.
  async function readFirst(keys: SessionKeys) {
    const text = await store.get(placeOf(keys));
    const opened = text === undefined ? undefined : unsealed(keys, text);
    return opened && { kept: opened, generation: await store.get(opened.generationKey) };
  }

  function sealed(keys: SessionKeys, record: SessionRecord): string {
    return sealText(keys.seal(), contextOf(keys), packSession(record));
  }

  function unsealed(keys: SessionKeys, text: string): KeptSession | undefined {
    const opened = openText(keys.seal(), contextOf(keys), text);
    const record = opened === undefined ? undefined : unpackSession(opened);
    return record && kept(keys, text, record);
  }

  function kept(keys: SessionKeys, text: string, record: SessionRecord): KeptSession {
    const generationKey = generations.keyOf(record);
    return { text, record, generationKey, places: [placeOf(keys), generationKey] };
  }

  function ttlOf({ expiresAt, usedAt }: SessionRecord): number {
    // A tenth more than the idle time: who uses it tells the store no more often than that.
    return Math.max(1, Math.ceil(Math.min(expiresAt, usedAt + idleMs * 1.1) - clock.now()));
  }
}

function placeOf({ lookup }: SessionKeys): string {
  return `session:${lookup}`;
}

// Bound to its place and to the version of its form: what is copied elsewhere opens nothing there (S11).
function contextOf(keys: SessionKeys): string {
  return `latchkey session 1 ${placeOf(keys)}`;
}
