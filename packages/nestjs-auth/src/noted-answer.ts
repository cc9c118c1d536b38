import { LatchkeyError } from '@latchkey/core';
import { toHttpAnswer, type HttpAnswer } from '@latchkey/core/http';
import { isUnreadableBody } from './unreadable-body.js';

/** Has an exception of Nest keep the answer that it stands for. */
export function noteAnswer<E extends Error>(exception: E, answer: HttpAnswer): E {
  return Object.defineProperty(exception, answerKey, { value: answer });
}

/** That answer, if there is one: what is no JSON stands for `invalid_input`. */
export function answerNotedOn(exception: unknown): HttpAnswer | undefined {
  if (!(exception instanceof Error)) return undefined;
  if (isUnreadableBody(exception)) return toHttpAnswer(new LatchkeyError('invalid_input'));
  return (exception as { [answerKey]?: HttpAnswer })[answerKey];
}

const answerKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/answer') as never;
