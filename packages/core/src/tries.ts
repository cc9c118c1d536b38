import type { Clock } from './clock.js';
import type { Store } from './store.js';
import { unlessAborted } from './unless-aborted.js';

/** So many refused tries in any span of so many milliseconds. */
export interface TryLimit {
  readonly tries: number;
  readonly perMs: number;
}

/** A try that may yet turn out to be none. To be ended in one of the two ways. */
export interface Try {
  /** It was refused, and counts. */
  keep(): void;
  /** It was none, and does not count. */
  giveBack(): Promise<void>;
}

/** Where tries of one kind are counted. */
export interface Tries {
  /**
   * Counts a try at `key`, or says how long it is until there is room for one. Where tries of this process are under way
   * that may yet be given back, waits for them first, in turn and for 5 s at most: many who come at the same moment with the
   * right password are no attack.
   *
   * @param giveUpAt ends the waiting earlier, at a moment of the monotonic clock.
   */
  take(
    key: string,
    limit: TryLimit,
    signal?: AbortSignal,
    giveUpAt?: number,
  ): Promise<{ readonly try: Try } | { readonly try?: undefined; readonly retryAfterMs: number }>;
}

/** The tries at one key that this process knows of. */
interface Place {
  /** How many calls hold on to it: those that ask, wait, or are under way. */
  users: number;
  underWay: number;
  /** How many have ended so far. */
  ended: number;
  /** Wake those who wait, first come first. */
  readonly waiting: Set<() => void>;
}

/** Counts tries in `store`, over a sliding window. */
export function createTries(store: Store, clock: Clock): Tries {
  const places = new Map<string, Place>();

  return {
    async take(key, limit, signal, giveUpAt = clock.monotonic() + longestTurnMs) {
      const place = places.get(key) ?? { users: 0, underWay: 0, ended: 0, waiting: new Set() };
      places.set(key, place);
      place.users += 1;
      let underWay: Try | undefined;
      try {
        for (;;) {
          const endedBefore = place.ended;
          const { taken, retryAfterMs } = await store.take(key, counted(limit, 1));
          if (taken) return { try: (underWay = begun(key, limit, place)) };
          const leftMs = giveUpAt - clock.monotonic();
          // One that ended while the store was asked may have made room.
          if (place.ended !== endedBefore && leftMs > 0) continue;
          if (place.underWay === 0) wake(place, Infinity);
          if (place.underWay === 0 || leftMs <= 0) return { retryAfterMs };
          await turn(place, leftMs, signal);
        }
      } finally {
        if (!underWay) leave(key, place);
      }
    },
  };

  function begun(key: string, limit: TryLimit, place: Place): Try {
    place.underWay += 1;
    const end = (room: boolean) => {
      place.underWay -= 1;
      place.ended += 1;
      if (room || place.underWay === 0) wake(place, 1);
      leave(key, place);
    };
    return {
      keep: () => end(false),
      async giveBack() {
        // Where the store fails it counts a try too many, which ends with the span.
        await store.take(key, counted(limit, -1)).catch(() => undefined);
        end(true);
      },
    };
  }

  function leave(key: string, place: Place) {
    place.users -= 1;
    if (place.users === 0) places.delete(key);
  }

  async function turn(place: Place, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    const onTurn = () => woken.abort();
    place.waiting.add(onTurn);
    try {
      await unlessAborted(
        clock.sleep(ms, woken.signal).catch(() => undefined),
        signal,
      );
    } finally {
      place.waiting.delete(onTurn);
      // Who leaves with a turn passes it on.
      if (signal?.aborted && woken.signal.aborted) wake(place, 1);
      woken.abort();
    }
  }
}

function wake({ waiting }: Place, most: number) {
  for (const onTurn of [...waiting].slice(0, most)) {
    waiting.delete(onTurn);
    onTurn();
  }
}

function counted({ tries, perMs }: TryLimit, cost: number) {
  return { limit: tries, perMs, cost };
}

/** How long a try waits for others, at most. */
export const longestTurnMs = 5_000;
