import type { HttpAnswer } from '@latchkey/core/http';

/** Has an exception of Nest keep the answer that it stands for. */
export function noteAnswer<E extends Error>(exception: E, answer: HttpAnswer): E {
  return Object.defineProperty(exception, answerKey, { value: answer });
}

/** That answer, if there is one. */
export function answerNotedOn(exception: unknown): HttpAnswer | undefined {
  return exception instanceof Error ? (exception as { [answerKey]?: HttpAnswer })[answerKey] : undefined;
}

const answerKey: unique symbol = Symbol.for('@latchkey/nestjs-auth/answer') as never;
