import { createToken, LatchkeyError, type Token, type TokenSource } from '../src/index.js';

/** A source whose tokens are `token-1`, `token-2`, …, each following when the one before it is rejected. */
export interface HeldSource extends TokenSource {
  /** Values that were told to be rejected, in order. */
  readonly rejected: string[];
  /** Values that were told to be accepted, in order. */
  readonly taken: string[];
  /** Signals it was called with. */
  readonly signals: (AbortSignal | undefined)[];
  /** From now on there is no other token to be had. */
  runOut(error?: Error): void;
}

export function heldSource(origin: string): HeldSource {
  let issued = 1;
  let end: Error | undefined;
  const rejected: string[] = [];
  const taken: string[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const current = () => createToken(`token-${issued}`);
  return {
    origin,
    rejected,
    taken,
    signals,
    async getToken(options = {}) {
      signals.push(options.signal);
      options.signal?.throwIfAborted();
      if (options.rejected) {
        rejected.push(options.rejected.value);
        if (end) throw end;
        if (options.rejected.value === `token-${issued}`) issued += 1;
      }
      return current();
    },
    accepted: (token: Token) => taken.push(token.value),
    runOut(error = new LatchkeyError('token_rejected')) {
      end = error;
    },
  };
}
