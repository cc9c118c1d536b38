import { LatchkeyError, type ErrorCode } from '@latchkey/core';
import { toHttpAnswer } from '@latchkey/core/http';
import type { Outcome } from './perform-once.js';
import { refusal, refusalInWords } from './refusal.js';
import type { Verdict } from './verify.js';

/**
 * The outcome for somebody whose credentials are good, after the application had its say.
 *
 * Without a user they are refused, with 401, as `passport-local` does: in the words of the verdict, or else as
 * `code`. With one, `info` goes along, unless the verdict has its own.
 */
export function judged(
  verdict: Verdict,
  given: { readonly info: object; readonly code: ErrorCode; readonly realm: string | undefined },
): Outcome {
  const { info, code, realm } = given;
  if (verdict.user) return { user: verdict.user, info: verdict.info ?? info };
  if (verdict.info !== undefined && verdict.info !== null) {
    return { refused: refusalInWords(verdict.info, given) };
  }
  return { refused: refusal(toHttpAnswer(new LatchkeyError(code), { realm })) };
}
