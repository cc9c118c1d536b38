/**
 * Listens to signals for many calls at a time, with one listener for each signal. A listener for each call would make Node
 * warn of a leak from the eleventh call on that shares a signal, such as the one that stops an application; and
 * `AbortSignal.any` would keep an entry for each call on a signal that outlives them all.
 */
export interface AbortHub {
  /** Calls `listener` once, at once where `signal` is aborted already. Gives what takes it away again. */
  listen(signal: AbortSignal, listener: () => void): () => void;
}

export function createAbortHub(): AbortHub {
  const listeners = new WeakMap<
    AbortSignal,
    { readonly all: Set<() => void>; readonly onAbort: () => void }
  >();

  return {
    listen(signal, listener) {
      if (signal.aborted) {
        listener();
        return () => {};
      }
      const entry = listeners.get(signal) ?? enter(signal);
      entry.all.add(listener);
      return () => {
        entry.all.delete(listener);
        if (entry.all.size > 0) return;
        signal.removeEventListener('abort', entry.onAbort);
        listeners.delete(signal);
      };
    },
  };

  function enter(signal: AbortSignal) {
    const all = new Set<() => void>();
    const onAbort = () => {
      for (const listener of all) listener();
    };
    const entry = { all, onAbort };
    signal.addEventListener('abort', onAbort, { once: true });
    listeners.set(signal, entry);
    return entry;
  }
}
