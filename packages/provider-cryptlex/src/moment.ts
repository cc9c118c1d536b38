import { text } from '@latchkey/core/wire';
import type { z } from 'zod';

/** A date as Cryptlex writes it, as epoch milliseconds; anything else is absent. */
export const moment: z.ZodType<number | undefined> = text.transform((value) =>
  value === undefined ? undefined : momentOf(value),
);

/**
 * Epoch milliseconds of an ISO 8601 date with up to seven digits of a second, the last of which are dropped. One without
 * a zone is in UTC: `Date.parse` would take it for local time.
 */
export function momentOf(date: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?$/i.exec(
    date.trim(),
  );
  if (!match) return undefined;
  const [, day = '', time = '00:00:00', fraction = '', zone = 'Z'] = match;
  const at = Date.parse(
    `${day}T${time}${fraction === '' ? '' : `.${fraction.slice(0, 3)}`}${zone.toUpperCase()}`,
  );
  if (Number.isNaN(at)) return undefined;
  // `Date.parse` takes 30 February for 2 March.
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? at : undefined;
}
