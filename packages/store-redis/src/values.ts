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
  /**
   * Knows a value by the MAC of its text. What is broken behind that cannot be read, but can be replaced by who knows the text;
   * what cannot be read counts as none.
   */
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
 * there, while secrets are rotated, of two processes that replace one value at the same moment both may be told that they have
 * not, and two that write it may each see their own until it is written again. With one secret there is one name, and no
 * difference.
 *
 * @param channel is told the names of each value that is changed.
 */
export function createValues(commands: RedisCommands, ring: KeyRing, channel: string): Values {
  const isApart = commands.isCluster && ring.length > 1;
  // To work out names and keys costs more than all the rest of a read.
  const known = new LRUCache<string, Places>({ max: mostKnown });

  return {
    nameOf: (key) => placesOf(key)[0].name,

    read(keys) {
      const places = keys.map(placesOf);
      const names: string[] = [];
      for (const ofKey of places) for (const { name } of ofKey) names.push(name);
      return gotten(names).then((found) => places.map((ofKey, at) => opened(ofKey, found, at * ring.length)));
    },

    async timeLeft(key) {
      const names = namesOf(placesOf(key));
      const left = await Promise.all(names.map((name) => commands.send(name, ['PTTL', name])));
      return Math.max(...left.map(numberIn));
    },

    async write(key, text, ttlMs) {
      const places = placesOf(key);
      const value = toBeKept(places, text, ttlMs);
      if (!isApart) {
        await run(commands, setScript, namesOf(places), value);
        return;
      }
      const found = await gotten(namesOf(places));
      await run(commands, setScript, [places[0].name], value);
      await removeFound(places, found);
    },

    async remove(key) {
      const places = placesOf(key);
      for (const place of places) place.last = undefined;
      const names = namesOf(places);
      const removeAll = () => Promise.all(names.map((name) => removeAt([name], places)));
      if (!isApart) {
        await removeAt(names, places);
        return;
      }
      await removeAll();
      // Once more: who was just moving it may have taken it from one name when it was not yet at the other.
      await removeAll();
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
      if (!found.some(isThere) || opened(places, found) !== undefined) return false;
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

  // Of what is no text, a list say, MGET says that there is none, where GET would fail.
  function gotten(names: readonly string[]): Promise<Found[]> {
    const [first] = names;
    if (first === undefined) return Promise.resolve([]);
    if (!commands.isCluster) return commands.send(first, ['MGET', ...names]) as Promise<Found[]>;
    const replies = Promise.all(names.map((name) => commands.send(name, ['MGET', name])));
    return (replies as Promise<[Found][]>).then((found) => found.flat());
  }

  /** @param value what has to be there. @returns whether there was something. */
  async function removeAt(names: Names, places: Places, ...value: [] | [Buffer]): Promise<boolean> {
    return numberIn(await run(commands, deleteScript, names, [...toldOf(places), ...value])) > 0;
  }

  /** Takes away what was found under all names but the first, unless it has changed since. @returns of which it did. */
  async function removeFound(places: Places, found: readonly Found[]): Promise<boolean[]> {
    return await Promise.all(
      places.map(async ({ name }, at) => {
        const value = found[at];
        return at > 0 && isThere(value) && (await removeAt([name], places, value));
      }),
    );
  }

  /** @param heads what has to be there; see `replaceScript`. */
  async function swapAtOnce(names: Names, heads: readonly Buffer[], value: Kept): Promise<boolean> {
    return numberIn(await run(commands, replaceScript, names, [...value, ...heads])) === 1;
  }

  async function swapApart(places: Places, heads: readonly Buffer[], value: Kept): Promise<boolean> {
    const names = namesOf(places);
    const found = await gotten(names);
    const at = found.findIndex(isThere);
    const head = heads[at];
    if (at === -1 ? heads.length > 0 : !head || !found[at]?.subarray(0, head.length).equals(head))
      return false;
    // Where another name has it, none may have come to this one since.
    if (!(await swapAtOnce([names[0]], at === 0 && head ? [head] : [], value))) return false;
    const removed = await removeFound(places, found);
    // Somebody else has written it, or taken it away, who knew nothing of what is at this name now.
    const isLate = at === -1 ? (await gotten(names)).slice(1).some(isThere) : at > 0 && !removed[at];
    if (isLate) await removeAt([names[0]], places, value[2]);
    return !isLate;
  }

  /** Which values have changed, for all who may have copies. */
  function toldOf(places: Places): [string, string] {
    return [channel, namesOf(places).join(' ')];
  }

  function toBeKept(places: Places, text: string, ttlMs: number): Kept {
    return [...toldOf(places), sealedValue(places[0], text), wholeMs(ttlMs)];
  }
}

type Found = Buffer | null;

/** What scripts are given for a value: channel, names, value, milliseconds. */
type Kept = readonly [string, string, Buffer, string];

/** What stands at the first name that has something, if it can be opened. */
function opened(places: Places, found: readonly Found[], from = 0): string | undefined {
  for (const [at, place] of places.entries()) {
    const value = found[from + at];
    if (isThere(value)) return openedValue(place, value);
  }
  return undefined;
}

/** What is empty is nothing that was ever sealed: it is none, here as in `replaceScript`. */
function isThere(value: Found | undefined): value is Buffer {
  return value !== undefined && value !== null && value.length > 0;
}

function namesOf([first, ...others]: Places): Names {
  return [first.name, ...others.map(({ name }) => name)];
}

const mostKnown = 20_000;
