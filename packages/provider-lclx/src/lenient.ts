import { z } from 'zod';

// Readers for what the wire leaves open. Each takes anything: where a value cannot be read it is absent, since a profile
// field that came in another form is no reason to refuse a sign-in. What must be there is asked for with `required`.

// Without `optional` zod would ask for the key to be there.
const anything = z.unknown().optional();

/** Text; a number becomes text, and "" is absent. */
export const text = anything.transform((value): string | undefined => {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
});

/** A finite number, or the text of one. */
export const number = anything.transform((value): number | undefined => {
  if (typeof value === 'string' && !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value))
    return undefined;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : undefined;
});

/** A whole number, or the text of one: how LCLXchange numbers its records. */
export const index = number.transform((value) => (Number.isSafeInteger(value) ? value : undefined));

/** Yes or no in any of the three ways of the wire: `true`, `1`, "TRUE", in any case. */
export const flag = anything.transform((value): boolean | undefined => {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 1 || word === 'true' || word === '1') return true;
  if (word === false || word === 0 || word === 'false' || word === '0') return false;
  return undefined;
});

/** A record: an object; anything else, `[]` too, stands for an empty one. */
export const record = anything.transform(asRecord);

/** The same reader for a value that must be there. */
export function required<T>(reader: z.ZodType<T | undefined>): z.ZodType<T> {
  return reader.transform((value, context): T => {
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: 'must be there' });
    return z.NEVER;
  });
}

/** `value` where it is an object with keys, else an empty one. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
