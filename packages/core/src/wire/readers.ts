import { z } from 'zod';
import { tellFirst } from './tell-first.js';

// Without `optional` zod would ask for the key to be there.
const anything = z.unknown().optional();

/** Text; a number becomes text, and blank text is absent. */
export const text: z.ZodType<string | undefined> = anything.transform(asText);

/** A finite number, or the decimal text of one. */
export const number: z.ZodType<number | undefined> = anything.transform(asNumber);

/** A whole number, or the text of one. */
export const integer: z.ZodType<number | undefined> = number.transform((value) =>
  Number.isSafeInteger(value) ? value : undefined,
);

/** Yes or no in any of the ways that are in use: `true`, `1`, "1", "TRUE", in any case. */
export const flag: z.ZodType<boolean | undefined> = anything.transform(asFlag);

/** `value` as `text` reads it; for replies whose many fields may all be missing, where a schema costs much for little. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** `value` as `number` reads it. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value))
    return undefined;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
}

/** `value` as `flag` reads it. */
export function asFlag(value: unknown): boolean | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 1 || word === 'true' || word === '1') return true;
  if (word === false || word === 0 || word === 'false' || word === '0') return false;
  return undefined;
}

/**
 * What `reader` reads, for fields on which access hangs: missing, null and "" are absent, and anything else must be
 * readable, so that an end that cannot be read is not taken for none.
 */
export function readable<T>(reader: z.ZodType<T | undefined>): z.ZodType<T | undefined> {
  return anything.transform((given, context): T | undefined => {
    if (given === undefined || given === null || given === '') return undefined;
    const value = reader.parse(given);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: 'must be readable', input: given });
    return z.NEVER;
  });
}

/** Whether `at`, in epoch milliseconds, is a moment that a `Date` can hold (ECMA-262, "Time Values"). */
export function isMoment(at: number): boolean {
  return Math.abs(at) <= 8.64e15;
}

/** An object; anything else, `[]` and `null` too, stands for one without fields. */
export const record: z.ZodType<RawRecord> = anything.transform(asRecord);

/** An object as it came over the wire. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** `value` where it is an object with fields, else one without. */
export function asRecord(value: unknown): RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawRecord) : {};
}

/** What `reader` reads, where it must be there. */
export function required<T>(reader: z.ZodType<T | undefined>): z.ZodType<T> {
  return reader.transform((value, context): T => {
    if (value !== undefined) return value;
    context.addIssue({ code: 'invalid_type', expected: 'nonoptional', input: value });
    return z.NEVER;
  });
}

/** A list of what `reader` reads, as `readList` does. */
export function listOf<T>(reader: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(z.unknown()).transform((items, context) => readList(reader, items, context));
}

/**
 * Reads each of `items`, within a transform. Of what does not fit only the first is told, as a problem at `path`, since a
 * long list can be wrong in millions of places.
 */
export function readList<T>(
  reader: z.ZodType<T>,
  items: readonly unknown[],
  context: z.core.$RefinementCtx,
  path: readonly PropertyKey[] = [],
): T[] {
  const list: T[] = [];
  for (const [at, item] of items.entries()) {
    const { success, data, error } = reader.safeParse(item);
    if (!success) return tellFirst(error, context, [...path, at]);
    list.push(data);
  }
  return list;
}
