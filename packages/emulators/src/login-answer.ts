import { type Answer, emptyAnswer, jsonAnswer, textAnswer } from './answer.js';
import { accepting, type Setting } from './setting.js';

/** An answer that a test dictates to the login, to play what no document describes. */
export interface LoginAnswer {
  readonly status: number;
  /** Text is sent as plain text, `undefined` as an empty body, anything else as JSON. */
  readonly body?: unknown;
  /** Added to the headers; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The switch for it: off by default. */
export const loginAnswerSetting: Setting<LoginAnswer | undefined> = accepting<LoginAnswer | undefined>(
  undefined,
  '{ status, body?, headers? } with a status from 200 to 599, or undefined',
  (value) => value === undefined || isLoginAnswer(value),
);

/** The dictated answer as it goes out. */
export function dictatedAnswer({ status, body, headers = {} }: LoginAnswer): Answer {
  const answer =
    body === undefined
      ? emptyAnswer(status)
      : typeof body === 'string'
        ? textAnswer(status, body)
        : jsonAnswer(status, body);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function isLoginAnswer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('status' in value)) return false;
  return Number.isInteger(value.status) && Number(value.status) >= 200 && Number(value.status) <= 599;
}
