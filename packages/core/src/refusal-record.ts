import { z } from 'zod';
import { isErrorCode, type ErrorCode } from './error-code.js';
import { LatchkeyError } from './latchkey-error.js';
import { isRefusal } from './refusal.js';

/** What is kept of a refusal: nothing of what was sent, and no text. Moments are epoch milliseconds by the provider's clock. */
export interface RefusalRecord {
  readonly provider: string;
  readonly code: ErrorCode;
  readonly status?: number | undefined;
  readonly upstreamCode?: string | undefined;
  /** When the wait ends that the provider asked for, where it did. */
  readonly retryAt?: number | undefined;
  /** How long the hold is that began with it. */
  readonly holdMs: number;
  /** When that ends. */
  readonly until: number;
  /** How long the next one is to be. */
  readonly nextMs: number;
}

/** The record as text. A word of the provider that is no plain code is left out: it could be anything. */
export function packRefusal(record: RefusalRecord): string {
  const { provider, code, status, upstreamCode, retryAt, holdMs, until, nextMs } = record;
  const word = upstreamCode !== undefined && plainCode.test(upstreamCode) ? upstreamCode : undefined;
  return JSON.stringify({
    version,
    provider,
    code,
    status,
    upstreamCode: word,
    retryAt,
    holdMs,
    until,
    nextMs,
  });
}

/** The record that `packRefusal` packed, or `undefined` for anything else: that is a miss, not a failure. */
export function unpackRefusal(text: string): RefusalRecord | undefined {
  if (text.length > longestText) return undefined;
  try {
    const { data } = recordSchema.safeParse(JSON.parse(text));
    return data && isRefusal(new LatchkeyError(data.code, { status: data.status })) ? data : undefined;
  } catch {
    return undefined;
  }
}

const version = 1;
const longestText = 2_000;
const plainCode = /^[A-Za-z0-9_.:-]{1,64}$/;
const span = z.number().positive();

const recordSchema = z.object({
  version: z.literal(version),
  provider: z.string(),
  code: z.custom<ErrorCode>(isErrorCode),
  status: z.int().min(100).max(599).optional(),
  upstreamCode: z.string().regex(plainCode).optional(),
  retryAt: z.number().optional(),
  holdMs: span,
  until: z.number(),
  nextMs: span,
});
