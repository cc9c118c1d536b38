import type { Store } from './store.js';

/** The values of several keys, told at once; `undefined` where they cannot be told. Never throws. */
export type Peek = (keys: readonly string[]) => (string | undefined)[] | undefined;

/**
 * Has a store that keeps its values in the memory of this process tell them without a promise. It holds for this very object:
 * whoever wraps or copies the store, to watch it or to have it fail, gets one that is asked for all.
 */
export function peekable(store: Store, peek: Peek): Store {
  return Object.defineProperty(store, peekKey, { value: { of: store, peek } });
}

/** What tells the values of a store at once, if it has that. */
export function peekOf(store: Store): Peek | undefined {
  const own = (store as Peekable)[peekKey];
  return own?.of === store ? own.peek : undefined;
}

interface Peekable extends Store {
  readonly [peekKey]?: { readonly of: Store; readonly peek: Peek };
}

const peekKey: unique symbol = Symbol('peek') as never;
