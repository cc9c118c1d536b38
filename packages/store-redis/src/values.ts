import { LRUCache } from 'lru-cache';
import type { KeyRing, Place } from './key-ring.js';
import { numberIn, type RedisCommands } from './redis-commands.js';
import { run } from './script.js';
import { headOf, openedValue, sealedValue } from './sealed-value.js';
import { deleteScript, replaceScript, setScript } from './value-scripts.js';
import { wholeMs } from './whole-ms.js';

/** Sealed values in Redis. */
export interface Values {
  /** Where the value of a key is: of all names that it may have, the one that stands for it in this process. */
  nameOf(key: string): string;
  read(keys: readonly string[]): Promise<(string | undefined)[]>;
  /** For how many milliseconds the value lives on; not above 0 where there is none. */
  timeLeft(key: string): Promise<number>;
  write(key: string, text: string, ttlMs: number): Promise<void>;
  remove(key: string): Promise<void>;
  replace(key: string, expected: string | undefined, text: string, ttlMs: number): Promise<boolean>;
}

type Places = readonly [Place, ...Place[]];
type Names = readonly [string, ...string[]];

/**
 * Each secret has a name of its own for each key. A value is written under the name of the first and taken away under all
 * others; it is looked for under all of them, in their order. So a rotation loses nothing while processes that have it behind
 * them run beside others that have not.
 *
 * One server does each of these in one step. In a cluster the names lie in different slots and are gone through one by one:
 * there, while secrets are rotated, two processes that write one value at the same moment may each see their own until it is
 * written again. With one secret there is one name, and no difference.
 *
 * @param channel is told the names of each value that is changed.
 */
export function createValues(commands: RedisCommands, ring: KeyRing, channel: string): Values {
  const isApart = commands.isCluster && ring.length > 1;
  // To work out names and keys costs more than all the rest of a read.
  const known = new LRUCache<string, Places>({ max: mostKnown });

  return {
    nameOf: (key) => placesOf(key)[0].name,

    async read(keys) {
      const places = keys.map(placesOf);
      const found = await gotten(places.flatMap((ofKey) => namesOf(ofKey)));
      return places.map((ofKey, at) => opened(ofKey, found.slice(at * ring.length, (at + 1) * ring.length)));
    },

    async timeLeft(key) {
      const names = namesOf(placesOf(key));
      const left = await Promise.all(names.map((name) => commands.send(name, ['PTTL', name])));
      return Math.max(...left.map(numberIn));
    },

    async write(key, text, ttlMs) {
      const places = placesOf(key);
      const [first, ...others] = places;
      await run(commands, setScript, isApart ? [first.name] : namesOf(places), toBeKept(places, text, ttlMs));
      if (isApart) await removeAt(others, places);
    },

    async remove(key) {
      const places = placesOf(key);
      await removeAt(places, places);
    },

    async replace(key, expected, text, ttlMs) {
      const places = placesOf(key);
      const names = namesOf(places);
      const value = toBeKept(places, text, ttlMs);
      const swap = (heads: readonly Buffer[]) =>
        isApart ? swapApart(places, heads, value) : swapAtOnce(names, heads, value);
      if (expected !== undefined) return await swap(places.map((place) => headOf(place, expected)));
      if (await swap([])) return true;
      // What cannot be opened is none, and must not stand in the way.
      const found = await gotten(names);
      const isGone = found.every((one) => one === null);
      if (isGone || opened(places, found) !== undefined) return false;
      return await swap(found.map((one) => one ?? Buffer.alloc(0)));
    },
  };

  function placesOf(key: string): Places {
    let places = known.get(key);
    if (!places) {
      const [first, ...others] = ring;
      places = [first.placeOf(key), ...others.map((secret) => secret.placeOf(key))];
      known.set(key, places);
    }
    return places;
  }

  async function gotten(names: readonly string[]): Promise<(Buffer | null)[]> {
    const [first, second] = names;
    if (first === undefined) return [];
    if (second !== undefined && !commands.isCluster) {
      return (await commands.send(first, ['MGET', ...names])) as (Buffer | null)[];
    }
    return (await Promise.all(names.map((name) => commands.send(name, ['GET', name])))) as (Buffer | null)[];
  }

  async function removeAt(some: readonly Place[], all: Places): Promise<void> {
    const remove = (names: Names) => run(commands, deleteScript, names, toldOf(all));
    const [first, ...others] = some.map(({ name }) => name);
    if (first === undefined) return;
    if (isApart) await Promise.all([first, ...others].map((name) => remove([name])));
    else await remove([first, ...others]);
  }

  /** @param heads what has to be there; see `replaceScript`. */
  async function swapAtOnce(names: Names, heads: readonly Buffer[], value: Kept): Promise<boolean> {
    return numberIn(await run(commands, replaceScript, names, [...value, ...heads])) === 1;
  }

  async function swapApart(places: Places, heads: readonly Buffer[], value: Kept): Promise<boolean> {
    const [first, ...others] = places;
    const found = await gotten(namesOf(places));
    const at = found.findIndex((one) => one !== null);
    const head = heads[at];
    if (at === -1 ? heads.length > 0 : !head || !found[at]?.subarray(0, head.length).equals(head))
      return false;
    // Where another name has it, none may have come to this one since.
    const isDone = await swapAtOnce([first.name], at === 0 && head ? [head] : [], value);
    if (isDone) await removeAt(others, places);
    return isDone;
  }

  /** Which values have changed, for all who may have copies. */
  function toldOf(places: Places): [string, string] {
    return [channel, namesOf(places).join(' ')];
  }

  function toBeKept(places: Places, text: string, ttlMs: number): Kept {
    return [...toldOf(places), sealedValue(places[0], text), wholeMs(ttlMs)];
  }
}

/** What scripts are given for a value: channel, names, value, milliseconds. */
type Kept = readonly [string, string, Buffer, string];

/** What stands at the first name that has something, if it can be opened. */
function opened(places: Places, found: readonly (Buffer | null)[]): string | undefined {
  for (const [at, place] of places.entries()) {
    const value = found[at];
    if (value) return openedValue(place, value);
  }
  return undefined;
}

function namesOf([first, ...others]: Places): Names {
  return [first.name, ...others.map(({ name }) => name)];
}

const mostKnown = 20_000;
