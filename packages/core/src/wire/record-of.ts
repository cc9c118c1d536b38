import { z } from 'zod';
import { tellFirst } from './tell-first.js';
import { asRecord, type RawRecord } from './readers.js';

/**
 * Reads a record of the wire fields `shape`, names them anew with `read`, and keeps the original as `raw`, for what has no
 * name here.
 */
export function recordOf<Shape extends z.core.$ZodLooseShape, T extends object>(
  shape: Shape,
  read: (fields: z.output<z.ZodObject<Shape>>) => T,
): z.ZodType<T & { readonly raw: RawRecord }> {
  const schema = z.object(shape);
  return z.unknown().transform((wire, context) => {
    const { success, data, error } = schema.safeParse(wire);
    return success ? { ...read(data), raw: asRecord(wire) } : tellFirst(error, context);
  });
}
