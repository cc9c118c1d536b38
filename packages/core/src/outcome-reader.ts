import type { z } from 'zod';
import { limitResetsInMs, type ReadRateLimit } from './allowance.js';
import { errorSentences, isErrorCode, type ErrorCode } from './error-code.js';
import type { Outcome, Reply } from './exchange.js';
import { LatchkeyError, type LatchkeyErrorDetails } from './latchkey-error.js';
import { retryAfterMs } from './retry-after.js';
import { blotted, safeCause, textsIn } from './safe-cause.js';
import type { Refusal, UpstreamRequest } from './upstream.js';

/** What a request came to. */
export type Result<T> = { readonly answer: T } | { readonly error: LatchkeyError };

/**
 * Reads what a request came to: the answer, or the one error for it. No token and no text of the request's body is in
 * the error, nor anything of the reply's body but the provider's own short code.
 */
export function outcomeReader<T>(context: {
  readonly name: string;
  readonly origin: string;
  /** The time of day by the provider's clock, which moments in its headers are compared with. */
  readonly now: () => number;
  /** Reads what the headers say of the provider's limit. */
  readonly rateLimit?: ReadRateLimit | undefined;
  readonly request: UpstreamRequest<T>;
  /** The body of the request as it was written. */
  readonly sent: string | undefined;
  readonly token: string | undefined;
}): (outcome: Outcome) => Result<T> {
  const { name, origin, now, rateLimit, request, sent, token } = context;
  // Gathered when something has failed, which most requests do not.
  const secrets = () => textsIn([sent === undefined ? undefined : (JSON.parse(sent) as unknown), token]);

  return ({ reply, failure, bodyProblem }: Outcome): Result<T> => {
    if (failure) {
      const { code, reason, cause } = failure;
      return failed(code, {
        message: blotted(`${origin} ${reason}.`, secrets()),
        cause: safeCause(cause, secrets()),
      });
    }
    try {
      const refusal = request.refused?.(reply) ?? refusalByStatus(reply.status, token !== undefined);
      if (refusal && !isErrorCode(refusal.code)) return failed('internal_error', { status: reply.status });
      if (refusal) return refused(reply, refusal);
      if (bodyProblem !== undefined) return unusable(reply, `the body ${bodyProblem}`);
      const parsed = request.schema.safeParse(reply.body);
      return parsed.success ? { answer: parsed.data } : unusable(reply, problemsIn(parsed.error));
    } catch (error) {
      // What a provider's own functions throw on a reply they did not expect.
      return unusable(
        reply,
        'it could not be read',
        safeCause(error, [...secrets(), ...textsIn(reply.body)]),
      );
    }
  };

  function refused({ status, headers }: Reply, { code, ...said }: Refusal): Result<T> {
    const word = said.upstreamCode;
    return failed(code, {
      message: `${name} answered ${status}${code === 'upstream_error' && isRedirect(status) ? ', a redirect, which is not followed' : ''}. ${errorSentences[code]}`,
      status,
      upstreamCode:
        word !== undefined && isCode(word) && blotted(word, secrets()) === word ? word : undefined,
      retryAfterMs:
        retryAfterMs(headers['retry-after'], now()) ??
        said.retryAfterMs ??
        (code === 'rate_limited' ? limitResetsInMs(headers, now(), rateLimit) : undefined),
    });
  }

  function unusable({ status }: Reply, problem: string, cause?: Error): Result<T> {
    const message = `${name} answered ${status}, but the answer cannot be used: ${problem}.`;
    return failed('invalid_response', { message: blotted(message, secrets()), status, cause });
  }

  function failed(code: ErrorCode, details: LatchkeyErrorDetails): Result<T> {
    return { error: new LatchkeyError(code, { provider: name, ...details }) };
  }
}

/** What a status alone says. */
function refusalByStatus(status: number, withToken: boolean): Refusal | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 401 && withToken) return { code: 'token_rejected' };
  if (status === 429) return { code: 'rate_limited' };
  return { code: 'upstream_error' };
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/** A word a program made, not text: only such a one is repeated in an error. */
function isCode(word: string): boolean {
  return /^[A-Za-z0-9_.:-]{1,64}$/.test(word);
}

// The values of a reply are never repeated, and of its keys only those that look like names.
function problemsIn({ issues }: z.ZodError): string {
  const told = issues.slice(0, 3).map((issue) => {
    const path = issue.path.map((key) => (/^\w{1,32}$/.test(String(key)) ? String(key) : '…')).join('.');
    return `${path === '' ? 'the body' : path} ${ruleBroken(issue)}`;
  });
  const untold = issues.length - told.length;
  return told.join('; ') + (untold > 0 ? `; and ${untold} more` : '');
}

function ruleBroken(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return `does not fit (${issue.code})`;
  return issue.expected === 'nonoptional' ? 'is missing' : `is not ${issue.expected}`;
}
