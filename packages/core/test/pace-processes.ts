import { memoryStore, type LatchkeyError, type LatchkeyEventType, type Store } from '../src/index.js';
import { createPace, type Pace, type Purpose } from '../src/pace.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';

export const perMs = 100;
export const origin = 'https://api.example.com';

/** A request that went, and when. */
export interface Sent {
  readonly at: number;
  readonly askedAt: number;
  readonly purpose: Purpose;
  readonly process: number;
  /** In the order in which they were asked for. */
  readonly which: number;
}

export interface Refused {
  readonly at: number;
  readonly askedAt: number;
  readonly error: LatchkeyError;
}

/** Processes, and what became of their requests. */
export interface Processes {
  readonly clock: VirtualClock;
  /** The store as it is, without anything in between. */
  readonly inner: Store;
  readonly world: {
    /** What becomes of commands from now on. */
    store: 'works' | 'fails' | 'hangs';
    /** How long one takes. */
    storeMs: number;
    /** How many there were at the same time, at most. */
    mostUnderWay: number;
    /** How many never ended. */
    hung: number;
  };
  readonly commands: readonly { readonly key: string; readonly cost: number }[];
  readonly log: readonly Sent[];
  readonly refused: readonly Refused[];
  /** Which were given up by their callers. */
  readonly left: readonly number[];
  readonly told: readonly (readonly [LatchkeyEventType, string | undefined])[];
  readonly paces: readonly Pace[];
  /** Asks for a turn, and notes what becomes of it. */
  go(process: number, purpose?: Purpose, signal?: AbortSignal): Promise<unknown>;
  timesOf(purpose: Purpose): number[];
}

/** Several processes that keep one pace through one store, on one clock. A test can hold the store up or cut it off. */
export function processes(count: number, requests: number, { storeMs = 0 } = {}): Processes {
  const clock = virtualClock();
  const inner = memoryStore({ clock });
  const log: Sent[] = [];
  const refused: Refused[] = [];
  const left: number[] = [];
  const told: [LatchkeyEventType, string | undefined][] = [];
  const commands: { readonly key: string; readonly cost: number }[] = [];
  const world: Processes['world'] = { store: 'works', storeMs, mostUnderWay: 0, hung: 0 };
  let underWay = 0;
  const store: Store = {
    ...inner,
    async take(key, options) {
      commands.push({ key, cost: options.cost ?? 1 });
      // Else one that is asked without end would take all memory.
      if (commands.length > mostCommands) throw new Error('The store was asked too often.');
      underWay += 1;
      world.mostUnderWay = Math.max(world.mostUnderWay, underWay);
      try {
        if (world.storeMs > 0) await clock.sleep(world.storeMs / 2);
        if (world.store === 'hangs') {
          world.hung += 1;
          await new Promise(() => {});
        }
        if (world.store === 'fails') throw new Error('connection lost');
        const taking = await inner.take(key, options);
        if (world.storeMs > 0) await clock.sleep(world.storeMs / 2);
        return taking;
      } finally {
        underWay -= 1;
      }
    },
  };
  const paces = Array.from({ length: count }, () =>
    createPace('acme', { requests, perMs, store }, clock, {
      origin,
      emit: (type, details) => told.push([type, details?.code]),
    }),
  );
  let asked = 0;

  return {
    clock,
    inner,
    world,
    log,
    refused,
    left,
    told,
    commands,
    paces,
    go(process, purpose = 'call', signal = never) {
      const which = asked;
      asked += 1;
      const askedAt = clock.monotonic();
      return paces[process]!.turn(purpose, signal).then(
        () => log.push({ at: clock.monotonic(), askedAt, purpose, process, which }),
        (error: unknown) =>
          signal.aborted
            ? left.push(which)
            : refused.push({ at: clock.monotonic(), askedAt, error: error as LatchkeyError }),
      );
    },
    timesOf: (purpose) => log.filter((one) => one.purpose === purpose).map(({ at }) => at),
  };
}

/** The most that any span of `spanMs` holds. */
export function mostInASpan(log: readonly Sent[], spanMs: number): number {
  return Math.max(
    0,
    ...log.map(({ at }) => log.filter((one) => one.at >= at && one.at < at + spanMs).length),
  );
}

const mostCommands = 10_000;
const { signal: never } = new AbortController();
