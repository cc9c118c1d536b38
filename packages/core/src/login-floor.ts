import type { Clock } from './clock.js';

/** Keeps logins apart, whatever asks for them. */
export interface LoginFloor {
  /**
   * Runs `login`. Two may follow each other at once; past that there is one in each span of the floor: what comes too soon
   * after a failure of the same credentials fails alike, and else it waits, until `signal` is aborted.
   *
   * @param whose names the credentials.
   */
  run<T>(whose: string, login: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** @throws what the last login failed with, if another with the same credentials would come too soon after it. */
  check(whose: string): void;
}

/** Makes a floor (T5): however short tokens live, and however often they are refused, there is no storm of logins. */
export function createLoginFloor(clock: Clock, floorMs: number): LoginFloor {
  /** When a login would be due if they came evenly, one in each span; one ahead of that is let through. */
  let dueAt = -Infinity;
  /** What the last one failed with. */
  let failure: { readonly whose: string; readonly error: unknown } | undefined;

  return {
    check,
    async run(whose, login, signal) {
      check(whose);
      if (waitMs() > 0) await clock.sleep(waitMs(), signal);
      dueAt = Math.max(dueAt, clock.monotonic()) + floorMs;
      failure = undefined;
      try {
        return await login();
      } catch (error) {
        // One that was given up says nothing of the next.
        if (!signal?.aborted || error !== signal.reason) failure = { whose, error };
        throw error;
      }
    },
  };

  function waitMs(): number {
    return dueAt - floorMs - clock.monotonic();
  }

  function check(whose: string) {
    if (failure?.whose === whose && waitMs() > 0) throw failure.error;
  }
}
