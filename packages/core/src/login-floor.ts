import type { Clock } from './clock.js';

/** Keeps logins apart, whatever asks for them. */
export interface LoginFloor {
  /**
   * Runs `login`. Two may follow each other at once; past that there is one in each span of the floor: what comes too soon
   * after a failure fails alike, and after a success it waits.
   */
  run<T>(login: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Makes a floor (T5): however short tokens live, and however often they are refused, there is no storm of logins. */
export function createLoginFloor(clock: Clock, floorMs: number): LoginFloor {
  /** When the last two logins began. */
  let earlier = -Infinity;
  let latest = -Infinity;
  /** What the last one failed with. */
  let failure: { readonly error: unknown } | undefined;

  return {
    async run(login, signal) {
      const waitMs = earlier + floorMs - clock.monotonic();
      if (waitMs > 0 && failure) throw failure.error;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      [earlier, latest] = [latest, clock.monotonic()];
      failure = undefined;
      try {
        return await login();
      } catch (error) {
        if (!signal?.aborted) failure = { error };
        throw error;
      }
    },
  };
}
