import { isErrorCode, LatchkeyError, type ErrorCode } from '@latchkey/core';
import { toHttpAnswer, type HttpAnswer } from '@latchkey/core/http';

/** What an application is told of a request that was refused: Passport's `info`, or challenge. */
export interface FailureInfo {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One strategy's no to one request. */
export interface Refusal {
  /** What Passport is given. */
  readonly info: unknown;
  readonly status: number;
  /** What the client should be told. */
  readonly answer: HttpAnswer;
  /** Clears a cookie that is of no use any more. */
  readonly setCookie?: string | undefined;
}

/**
 * A refusal that says `answer`. Its info has the code and the sentence, and behind them, out of sight, the refusal itself:
 * `Retry-After` and the challenge are not lost with an application that hands over the info only.
 *
 * @param options.message in place of the fixed sentence, in the info.
 */
export function refusal(
  answer: HttpAnswer,
  options: { readonly message?: string | undefined; readonly setCookie?: string | undefined } = {},
): Refusal {
  const { message = answer.body.message, setCookie } = options;
  const info: FailureInfo = { code: answer.body.error, message };
  const made: Refusal = { info, status: answer.status, answer, setCookie };
  Object.defineProperty(info, behind, { value: made });
  return made;
}

/**
 * A refusal in the words that an application's `verify` chose for it; always with 401, as `passport-local` has it. The
 * answer goes by the `code` in them where that is one of ours, else by `code`.
 */
export function refusalInWords(
  info: unknown,
  { code, realm }: { readonly code: ErrorCode; readonly realm: string | undefined },
): Refusal {
  return { info, status: 401, answer: toHttpAnswer(new LatchkeyError(codeIn(info) ?? code), { realm }) };
}

/** The refusal behind an info that a strategy of this package gave. */
export function refusalBehind(info: unknown): Refusal | undefined {
  if (typeof info !== 'object' || info === null || !(behind in info)) return undefined;
  return info[behind] as Refusal;
}

/** The `code` of an info, where it is one of ours. */
export function codeIn(info: unknown): ErrorCode | undefined {
  const code = typeof info === 'object' && info !== null && 'code' in info ? info.code : undefined;
  return isErrorCode(code) ? code : undefined;
}

// Registered, so that two installed copies of this package know each other's.
const behind = Symbol.for('@latchkey/passport-strategy/refusal');
