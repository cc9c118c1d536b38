import { z } from 'zod';

// Without `optional` zod would ask for the key to be there.
const anything = z.unknown().optional();

/** Text; a number becomes text, and "" is absent. */
export const text: z.ZodType<string | undefined> = anything.transform((value) => {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
});

/** A finite number, or the decimal text of one. */
export const number: z.ZodType<number | undefined> = anything.transform((value) => {
  if (typeof value === 'string' && !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value))
    return undefined;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
});

/** A whole number, or the text of one. */
export const integer: z.ZodType<number | undefined> = number.transform((value) =>
  Number.isSafeInteger(value) ? value : undefined,
);

/** Yes or no in any of the ways that are in use: `true`, `1`, "1", "TRUE", in any case. */
export const flag: z.ZodType<boolean | undefined> = anything.transform((value) => {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 1 || word === 'true' || word === '1') return true;
  if (word === false || word === 0 || word === 'false' || word === '0') return false;
  return undefined;
});

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
    context.addIssue({ code: 'custom', message: 'must be there' });
    return z.NEVER;
  });
}
