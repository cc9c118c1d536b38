import type { Refusal, Reply } from '@latchkey/core';
import { asRecord, readList } from '@latchkey/core/wire';
import { z } from 'zod';

/**
 * The records of a wire list. LCLXchange writes lists as objects with the keys "0", "1", …; read as well are arrays, a
 * bare record, and nothing at all, which is the empty list. `undefined` for what cannot be a list.
 */
export function recordsOf(list: unknown): readonly unknown[] | undefined {
  if (list === undefined || list === null) return [];
  if (typeof list !== 'object') return undefined;
  if (Array.isArray(list)) return list as unknown[];
  const isKeyed = Object.keys(list).every((key) => /^\d+$/.test(key));
  return isKeyed ? Object.values<unknown>({ ...list }) : [list]; // whole-number keys come in ascending order
}

/** Reads a reply that wraps a list of records in the key `name`; a bare list is read as well. */
export function listIn<T>(name: string, record: z.ZodType<T>): z.ZodType<T[]> {
  return z.unknown().transform((body, context): T[] => {
    const records = Array.isArray(body) ? (body as unknown[]) : wrappedRecords(body, name);
    if (records) return readList(record, records, context, [name]);
    context.addIssue({ code: 'invalid_type', expected: 'array', input: body, path: [name] });
    return z.NEVER;
  });
}

// An empty list may have no key. A reply that has none and says something instead is no list.
function wrappedRecords(body: unknown, name: string): readonly unknown[] | undefined {
  if (typeof body !== 'object') return undefined;
  const wrapper = asRecord(body);
  return Object.hasOwn(wrapper, name) || !Object.hasOwn(wrapper, 'message')
    ? recordsOf(wrapper[name])
    : undefined;
}

/** Tells a refused token: a body with the key `Unauthorized` under 200 or 403, beside the 401 that says so itself. */
export function dataRefused({ status, body }: Reply): Refusal | undefined {
  return [200, 401, 403].includes(status) && Object.hasOwn(asRecord(body), 'Unauthorized')
    ? { code: 'token_rejected' }
    : undefined;
}
