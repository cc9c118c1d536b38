import type { VirtualClock } from '../src/testing/index.js';
import type { ErrorCode } from '../src/index.js';
import type { ProviderCall } from './controlled-provider.js';

const heldCodes: ReadonlySet<ErrorCode> = new Set([
  'invalid_credentials',
  'second_factor_invalid',
  'account_locked',
]);
const firstHoldMs = 60_000;
const longestHoldMs = 900_000;

interface Hold {
  until: number;
  nextMs: number;
}

const noHold: Readonly<Hold> = { until: 0, nextMs: firstHoldMs };

/** What bounds the logins of one source (T5, T6), worked out from what its provider and its callers do. */
export interface LoginRules {
  /** The credentials were asked for, and these given. */
  asked(whose: string): void;
  /** A call has come to the provider; gives what is wrong with that, if anything is. */
  called(call: ProviderCall): string | undefined;
  gave(call: ProviderCall): void;
  refused(call: ProviderCall, code: ErrorCode, retryAfterMs: number | undefined): void;
  /** The credentials were to be asked for again. */
  forgotten(): void;
  /** There is another token; `isKnown` tells whether it is certain that the source has it. */
  landed(isKnown: boolean): void;
  accepted(): void;
  /** The token at hand was refused; `isQuiet` tells whether nothing was under way. */
  rejected(isQuiet: boolean): void;
  /** What is wrong with the moments of all logins and renewals. */
  problems(): string[];
}

export function createLoginRules(clock: VirtualClock, floorMs: number): LoginRules {
  /** When logins, and renewals, began, for each user. */
  const began = new Map<string, number[]>();
  const refusals = new Map<string, Hold>();
  /** The sign-ins since the credentials were last to be asked for again, and with whose credentials they were made. */
  const signIns = new Map<ProviderCall, string>();
  let whose = '';
  const atOnce: Hold & { inARow: number; since: number; isAccepted: boolean } = {
    ...noHold,
    inARow: 0,
    since: -Infinity,
    isAccepted: false,
  };

  return {
    asked(now) {
      whose = now;
    },

    called(call) {
      const { kind, at } = call;
      const what = `${kind} of ${kind === 'sign-in' ? whose : call.email}`;
      began.set(what, [...(began.get(what) ?? []), at]);
      if (kind === 'sign-in') signIns.set(call, whose);
      if (kind === 'sign-in' && at < holdOf(whose).until) return 'a login was made during a hold';
      if (at < atOnce.until) return 'a call was made while tokens are refused at once';
      return undefined;
    },

    gave(call) {
      const user = signIns.get(call);
      if (user !== undefined) refusals.delete(user);
    },

    refused(call, code, retryAfterMs) {
      const user = signIns.get(call);
      if (!heldCodes.has(code) || user === undefined) return;
      const { nextMs } = holdOf(user);
      const holdMs = (code === 'account_locked' ? retryAfterMs : undefined) ?? nextMs;
      refusals.set(user, { until: clock.monotonic() + holdMs, nextMs: Math.min(nextMs * 2, longestHoldMs) });
    },

    forgotten() {
      refusals.clear();
      signIns.clear();
      Object.assign(atOnce, noHold, { inARow: 0 });
    },

    landed(isKnown) {
      atOnce.since = clock.monotonic();
      atOnce.isAccepted = false;
      if (!isKnown) atOnce.inARow = 0;
    },

    accepted() {
      Object.assign(atOnce, noHold, { inARow: 0, isAccepted: true });
    },

    rejected(isQuiet) {
      const wasAtOnce = !atOnce.isAccepted && clock.monotonic() < atOnce.since + firstHoldMs;
      atOnce.inARow = wasAtOnce ? atOnce.inARow + 1 : 0;
      if (atOnce.inARow < 2 || !isQuiet) return;
      atOnce.until = clock.monotonic() + atOnce.nextMs;
      atOnce.nextMs = Math.min(atOnce.nextMs * 2, longestHoldMs);
    },

    problems: () =>
      [...began]
        .filter(([, moments]) => !keepsFloor(moments, floorMs))
        .map(([what, moments]) => `the ${what} was made at ${moments.join(', ')} ms`),
  };

  function holdOf(one: string): Hold {
    return refusals.get(one) ?? noHold;
  }
}

/** T5: two may follow each other at once; past that there is one in each span of the floor. */
export function keepsFloor(moments: readonly number[], floorMs: number): boolean {
  return moments.every((from, first) =>
    moments.slice(first).every((to, more) => more + 1 <= 2 + Math.floor((to - from) / floorMs)),
  );
}
