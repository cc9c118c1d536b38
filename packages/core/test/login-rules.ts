import type { VirtualClock } from '../src/testing/index.js';
import type { ErrorCode } from '../src/index.js';
import type { ProviderCall } from './controlled-provider.js';

const refusals: ReadonlySet<ErrorCode> = new Set(['invalid_credentials', 'second_factor_invalid', 'account_locked']);
const firstHoldMs = 60_000;
const longestHoldMs = 900_000;

interface Hold {
  until: number;
  nextMs: number;
}

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
  /** Of credentials that stayed the same: when logins and renewals began. */
  const spans: Record<ProviderCall['kind'], number[]>[] = [];
  /** The sign-ins with the credentials of today. */
  let signIns = new Set<ProviderCall>();
  let whose: string | undefined;
  const refusal: Hold = { until: 0, nextMs: firstHoldMs };
  const atOnce: Hold & { inARow: number; since: number; isAccepted: boolean } = {
    until: 0,
    nextMs: firstHoldMs,
    inARow: 0,
    since: -Infinity,
    isAccepted: false,
  };

  return {
    asked(now) {
      if (now === whose) return;
      whose = now;
      lift(refusal);
      signIns = new Set();
      spans.push({ 'sign-in': [], renewal: [] });
    },

    called(call) {
      const { kind, at } = call;
      spans.at(-1)![kind].push(at);
      if (kind === 'sign-in') signIns.add(call);
      if (kind === 'sign-in' && at < refusal.until) return 'a login was made during a hold';
      if (at < atOnce.until) return 'a call was made while tokens are refused at once';
      return undefined;
    },

    gave(call) {
      if (signIns.has(call)) lift(refusal);
    },

    refused(call, code, retryAfterMs) {
      if (!refusals.has(code) || !signIns.has(call)) return;
      const holdMs = (code === 'account_locked' ? retryAfterMs : undefined) ?? refusal.nextMs;
      refusal.until = clock.monotonic() + holdMs;
      refusal.nextMs = Math.min(refusal.nextMs * 2, longestHoldMs);
    },

    forgotten() {
      lift(refusal);
      lift(atOnce);
      atOnce.inARow = 0;
    },

    landed(isKnown) {
      atOnce.since = clock.monotonic();
      atOnce.isAccepted = false;
      if (!isKnown) atOnce.inARow = 0;
    },

    accepted() {
      lift(atOnce);
      atOnce.isAccepted = true;
      atOnce.inARow = 0;
    },

    rejected(isQuiet) {
      const wasAtOnce = !atOnce.isAccepted && clock.monotonic() < atOnce.since + firstHoldMs;
      atOnce.inARow = wasAtOnce ? atOnce.inARow + 1 : 0;
      if (atOnce.inARow < 2 || !isQuiet) return;
      atOnce.until = clock.monotonic() + atOnce.nextMs;
      atOnce.nextMs = Math.min(atOnce.nextMs * 2, longestHoldMs);
    },

    problems: () =>
      spans
        .flatMap((span) => Object.values(span))
        .filter((moments) => !keepsFloor(moments, floorMs))
        .map((moments) => `calls were made at ${moments.join(', ')} ms`),
  };
}

/** T5: two may follow each other at once; past that there is one in each span of the floor. */
export function keepsFloor(moments: readonly number[], floorMs: number): boolean {
  return moments.every((from, first) =>
    moments.slice(first).every((to, more) => more + 1 <= 2 + Math.floor((to - from) / floorMs)),
  );
}

function lift(hold: Hold) {
  hold.until = 0;
  hold.nextMs = firstHoldMs;
}
