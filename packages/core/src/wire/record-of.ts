import { z } from 'zod';
import { asRecord, type RawRecord } from './readers.js';

/**
 * Reads a record of the wire fields `shape`, names them anew with `read`, and keeps the original as `raw`, for what has no
 * name here.
 */
export function recordOf<Shape extends z.core.$ZodLooseShape, T extends object>(
  shape: Shape,
  read: (fields: z.output<z.ZodObject<Shape>>) => T,
): z.ZodType<T & { readonly raw: RawRecord }> {
  return z
    .unknown()
    .transform((wire) => ({ fields: wire, raw: asRecord(wire) }))
    .pipe(z.object({ fields: z.object(shape), raw: z.custom<RawRecord>() }))
    .transform(({ fields, raw }) => ({ ...read(fields), raw }));
}
