/**
 * A collection of what is under way.
 *
 * Not a `Set`: V8 gives it a new table time and again, each held by the one before, so that what passes through one that
 * lives long is kept until a collection of the whole heap.
 */
export interface Slots<T> extends Iterable<T> {
  /** Puts `item` in. Gives what takes it out again. */
  add(item: T): () => void;
}

export function createSlots<T>(): Slots<T> {
  const items: (T | undefined)[] = [];
  const free: number[] = [];

  return {
    add(item) {
      const at = free.pop() ?? items.length;
      items[at] = item;
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        items[at] = undefined;
        free.push(at);
      };
    },

    *[Symbol.iterator]() {
      for (const item of [...items]) if (item !== undefined) yield item;
    },
  };
}
