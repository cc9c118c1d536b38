import { type Answer, emptyAnswer, jsonAnswer } from './answer.js';
import type { CryptlexBehaviour } from './cryptlex-behaviour.js';

/** An error as Cryptlex writes it: a message and a code in capitals. */
export function cryptlexError(status: number, code: string, message: string): Answer {
  return jsonAnswer(status, { message, code });
}

/** A 400 for fields that do not keep their limits, each with what is wrong with it. */
export function cryptlexInvalid(errors: Readonly<Record<string, readonly string[]>>): Answer {
  return jsonAnswer(400, { message: 'The request is invalid.', code: 'INVALID_REQUEST', errors });
}

/** The 401 for a missing, expired or revoked token. */
export function cryptlexUnauthorized({ emptyUnauthorized }: CryptlexBehaviour): Answer {
  const headers = { 'www-authenticate': 'Bearer' };
  if (emptyUnauthorized) return emptyAnswer(401, headers);
  return jsonAnswer(401, { message: 'The access token is not valid.', code: 'UNAUTHORIZED' }, headers);
}

/** A success, written as the switches say; `nullable` are the keys that may be null. */
export function cryptlexAnswer(
  value: object | readonly object[],
  behaviour: CryptlexBehaviour,
  nullable: readonly string[] = [],
): Answer {
  const dressed = Array.isArray(value)
    ? value.map((one: object) => dressedUp(one, behaviour, nullable))
    : dressedUp(value, behaviour, nullable);
  const answer = jsonAnswer(200, dressed);
  return behaviour.datesWithoutZ ? { ...answer, body: withoutZ(answer.body) } : answer;
}

function dressedUp(
  value: object,
  { nulls, extraFields }: CryptlexBehaviour,
  nullable: readonly string[],
): object {
  return {
    ...value,
    ...(nulls ? Object.fromEntries(nullable.map((key) => [key, null])) : {}),
    ...(extraFields ? { addedLater: { since: '3.99.0', values: [1, 'two', null] }, anotherField: true } : {}),
  };
}

function withoutZ(body: Buffer): Buffer {
  return Buffer.from(body.toString().replaceAll(/"(\d{4}-\d\d-\d\dT[\d:.]+)Z"/g, '"$1"'));
}
