import { expect } from 'vitest';
import {
  tokenSource,
  type LatchkeyEvent,
  type LatchkeyEventType,
  type ManagedTokenSource,
  type Store,
  type Token,
  type TokenSourceOptions,
} from '../src/index.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';
import {
  anna,
  controlledProvider,
  gives,
  type ControlledProvider,
  type Settings,
  type TestAccount,
  type TestCredentials,
} from './controlled-provider.js';

export interface Managed {
  readonly clock: VirtualClock;
  readonly acme: ControlledProvider;
  readonly source: ManagedTokenSource<TestAccount>;
  readonly events: LatchkeyEvent[];
  /** The events of one type. */
  eventsOf(type: LatchkeyEventType): LatchkeyEvent[];
  /** Another source of the same provider and clock. */
  another(credentials?: TestCredentials, options?: TokenSourceOptions): ManagedTokenSource<TestAccount>;
}

/** A token source of a provider that the test controls; it answers at once unless `answer` says otherwise. */
export function managed(
  given: Settings & {
    readonly credentials?: TestCredentials | (() => TestCredentials | Promise<TestCredentials>);
    readonly clock?: VirtualClock;
    readonly store?: Store;
    readonly options?: TokenSourceOptions;
  } = {},
): Managed {
  const {
    credentials,
    clock = virtualClock(),
    store,
    options,
    ...settings
  } = { credentials: anna, ...given };
  const acme = controlledProvider({ clock, answer: gives, ...settings });
  const events: LatchkeyEvent[] = [];
  const onEvent = (event: LatchkeyEvent) => events.push(event);
  return {
    clock,
    acme,
    source: tokenSource(acme.provider, credentials, { store, onEvent, ...options }),
    events,
    eventsOf: (type) => events.filter((event) => event.type === type),
    another: (other = anna, more = {}) => tokenSource(acme.provider, other, { store, ...more }),
  };
}

/** What a call has come to so far. */
export interface Watched {
  readonly state: 'waiting' | 'gave' | 'failed';
  /** The value of the token that it gave. */
  readonly value?: string;
  readonly token?: Token;
  readonly error?: unknown;
}

/** Follows a call without waiting for it. */
export function watched(call: Promise<Token>): Watched {
  let now: Watched = { state: 'waiting' };
  call.then(
    (token) => (now = { state: 'gave', value: token.value, token }),
    (error: unknown) => (now = { state: 'failed', error }),
  );
  return {
    get state() {
      return now.state;
    },
    get value() {
      return now.value;
    },
    get token() {
      return now.token;
    },
    get error() {
      return now.error;
    },
  } as Watched;
}

/** Has a source use up the two logins that may follow each other at once, and gives its last token. */
export async function afterTwoLogins(source: ManagedTokenSource): Promise<Token> {
  const first = await source.getToken();
  source.accepted(first);
  const second = await source.getToken({ rejected: first });
  source.accepted(second);
  return second;
}

/**
 * T5: two may follow each other at once; past that there is one in each span of the floor.
 *
 * @param moments when they began, in order.
 */
export function expectFloor(moments: readonly number[], floorMs: number): void {
  moments.forEach((from, first) => {
    moments.slice(first).forEach((to, more) => {
      const most = 2 + Math.floor((to - from) / floorMs);
      expect(more + 1, `logins from ${from} to ${to} ms`).toBeLessThanOrEqual(most);
    });
  });
}
