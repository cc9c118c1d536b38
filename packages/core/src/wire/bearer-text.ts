import { z } from 'zod';
import { bearerValueRule, isBearerValue } from '../token.js';

/** Reads an access token in a reply: text that can stand in an `Authorization` header. */
export const bearerText: z.ZodType<string> = z.string().refine(isBearerValue, bearerValueRule);
