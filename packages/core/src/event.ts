import { channel } from 'node:diagnostics_channel';
import type { Clock } from './clock.js';
import type { ErrorCode } from './error-code.js';
import { knownFields } from './known-fields.js';

/** What happened, in a word. */
export type LatchkeyEventType =
  | 'sign-in'
  | 'sign-in-refused'
  | 'renewal'
  | 'renewal-failed'
  | 'rejected'
  | 'hold'
  | 'session-start'
  | 'session-end'
  | 'store-fallback'
  | 'throttled';

/** Something that happened, to be counted or logged. No secret and no e-mail address is in it. */
export interface LatchkeyEvent {
  /**
   * - `sign-in`: a login gave a token. `sign-in-refused`: the provider said no to it.
   * - `renewal`: a refresh token gave a token. `renewal-failed`: a renewal, or a login to renew with, gave none.
   * - `rejected`: a token was refused by the provider before its time; told once for each token.
   * - `hold`: nothing is asked for `holdMs`, since the provider said no.
   * - `session-start`, `session-end`: of an end user.
   * - `store-fallback`: the store failed, and was done without.
   * - `throttled`: a request was not sent, since that would have been too many.
   */
  readonly type: LatchkeyEventType;
  /** When, in epoch milliseconds. */
  readonly at: number;
  readonly provider?: string;
  /** How long it took. */
  readonly durationMs?: number;
  /** What went wrong, where something did. */
  readonly code?: ErrorCode;
  /** How long the hold is that begins. */
  readonly holdMs?: number;
}

/** Tells of an event; who is told, and when it was, is known already. */
export type Emit = (
  type: LatchkeyEventType,
  details?: Omit<LatchkeyEvent, 'type' | 'at' | 'provider'>,
) => void;

/**
 * Makes what tells `onEvent`, and the channel `latchkey:event` of `node:diagnostics_channel`, of events. An `onEvent` that
 * fails disturbs nothing: Node warns of it. What a subscriber to the channel throws, Node makes an uncaught exception.
 */
export function createEmitter(options: {
  readonly provider?: string | undefined;
  readonly clock: Clock;
  readonly onEvent?: ((event: LatchkeyEvent) => void) | undefined;
}): Emit {
  const { provider, clock, onEvent } = options;
  return (type, details) => {
    if (!onEvent && !events.hasSubscribers) return;
    const event: LatchkeyEvent = Object.freeze(knownFields({ type, at: clock.now(), provider, ...details }));
    events.publish(event);
    try {
      // A listener that is async answers with a promise, in spite of its type.
      const told: unknown = onEvent?.(event);
      if (told instanceof Promise) told.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}

const events = channel('latchkey:event');

function warn(error: unknown) {
  const reason = error instanceof Error ? error.message : typeof error;
  process.emitWarning(`A listener to the events of Latchkey failed: ${reason}`, 'LatchkeyWarning');
}
