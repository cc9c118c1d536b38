import type { Store } from '../store.js';
import type { TestFunction } from './provider-contract.js';
import { storeCounters } from './store-counters.js';
import { storeErrors } from './store-errors.js';
import { storeLeases } from './store-leases.js';
import { storeTexts } from './store-texts.js';
import { storeValues } from './store-values.js';

/** A store to be tested, empty, and the time it goes by. Made anew for each test. */
export interface StoreSetup {
  readonly store: Store;
  /** Lets so many milliseconds pass: moves a virtual clock, or waits. */
  advance(ms: number): Promise<void>;
  /** Opens a second store over the same data, as another process does. Leave out for a store that nobody shares. */
  another?(): Promise<Store>;
  /** By how many milliseconds the store may be late to see that a time is over. Default: 0. */
  readonly tolerateMs?: number;
  /** Takes down what the setup has started. The stores are closed by then. */
  stop?(): Promise<void>;
}

/** What a check is given. */
export interface StoreUnderTest {
  readonly store: Store;
  /** The second store over the same data, where the setup has one; else the same. */
  readonly other: Store;
  readonly tolerateMs: number;
  /** Lets so much time pass that something of so many milliseconds is over. */
  pass(ms: number): Promise<void>;
  /** Starts to measure. The function that it gives tells whether less than so many milliseconds have passed for sure. */
  stopwatch(): (ms: number) => boolean;
}

/** Adds a check to the contract. */
export type StoreCheck = (name: string, body: (given: StoreUnderTest) => Promise<void>) => void;

/**
 * What every store must do, as tests.
 *
 * ```js
 * import { test } from 'node:test';
 * storeContract(test, async () => {
 *   const clock = virtualClock();
 *   return { store: memoryStore({ clock }), advance: clock.advance };
 * });
 * ```
 *
 * Where time is real, a test waits for half a second at most. What must be over by then is checked; what must not be over
 * yet is checked only if the machine was fast enough for it to be certain.
 *
 * @param test the runner's own function.
 * @param setup makes the store, empty or with keys of its own, anew for each test.
 */
export function storeContract(test: TestFunction, setup: () => Promise<StoreSetup>): void {
  const check: StoreCheck = (name, body) =>
    test(`store contract: ${name}`, async () => {
      const given = await setup();
      const { store, tolerateMs = 0 } = given;
      const other = (await given.another?.()) ?? store;
      let passedMs = 0;
      const pass = async (ms: number) => {
        passedMs += ms + tolerateMs;
        await given.advance(ms + tolerateMs);
      };
      const stopwatch = () => {
        const startedAt = { real: performance.now(), passedMs };
        return (ms: number) =>
          Math.max(performance.now() - startedAt.real, passedMs - startedAt.passedMs) < ms - tolerateMs;
      };
      try {
        await body({ store, other, tolerateMs, pass, stopwatch });
      } finally {
        await closed(store)
          .finally(() => (other === store ? undefined : closed(other)))
          .finally(() => given.stop?.());
      }
    });

  storeValues(check);
  storeTexts(check);
  storeCounters(check);
  storeLeases(check);
  storeErrors(check);
}

async function closed(store: Store) {
  await store.close?.();
}
