import { isLatchkeyError, LatchkeyError } from './latchkey-error.js';
import { safeCause } from './safe-cause.js';
import type { Store } from './store.js';

/** The same store, whose every failure is a `LatchkeyError`: what a driver throws becomes `store_error` (S10). */
export function failClosedStore(store: Store): Store {
  const { getMany } = store;
  return {
    get: (key) => guarded(() => store.get(key)),
    ...(getMany && { getMany: (keys) => guarded(() => getMany.call(store, keys)) }),
    set: (key, value, options) => guarded(() => store.set(key, value, options)),
    delete: (key) => guarded(() => store.delete(key)),
    replace: (key, expected, value, options) => guarded(() => store.replace(key, expected, value, options)),
    take: (key, options) => guarded(() => store.take(key, options)),
    async lease(key, options) {
      const lease = await guarded(() => store.lease(key, options));
      return (
        lease && {
          extend: (ttlMs) => guarded(() => lease.extend(ttlMs)),
          release: () => guarded(() => lease.release()),
        }
      );
    },
  };
}

// Not async: each request of somebody who is signed in comes through here.
function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(work()).catch(refuse);
  } catch (error) {
    return Promise.reject(asStoreError(error));
  }
}

function refuse(error: unknown): never {
  throw asStoreError(error);
}

function asStoreError(error: unknown): unknown {
  return isLatchkeyError(error) ? error : new LatchkeyError('store_error', { cause: safeCause(error) });
}
