import { errorCodes, LatchkeyError, type ErrorCode } from '@latchkey/core';
import { toHttpAnswer, type HttpAnswer } from '@latchkey/core/http';
import type { Operation } from './traced-document.js';
import type { Schemas } from './schemas.js';

/** The answers that these errors are given, by their status. */
export function errorResponses(codes: readonly ErrorCode[]): Operation['responses'] {
  const answers = codes.map((code) => toHttpAnswer(new LatchkeyError(code)));
  const statuses = new Set(answers.map(({ status }) => status));
  return Object.fromEntries(
    [...statuses].map((status) => [status, response(answers.filter((answer) => answer.status === status))]),
  );
}

function response(answers: readonly HttpAnswer[]): NonNullable<Operation['responses'][string]> {
  const challenged = answers
    .filter(({ headers }) => 'WWW-Authenticate' in headers)
    .map(({ body }) => body.error);
  const isLimit = answers.some(({ status }) => status === 429);
  const headers = {
    ...(challenged.length > 0 && {
      'WWW-Authenticate': {
        description: `With ${challenged.map((code) => `\`${code}\``).join(' and ')}: \`Bearer\`, as RFC 6750 has it.`,
        schema: { type: 'string' },
      },
    }),
    ...(isLimit && {
      'Retry-After': {
        description: 'Seconds to wait before another try, where that is known.',
        schema: { type: 'integer', minimum: 1 },
      },
    }),
  };
  return {
    description: answers.map(({ body }) => `\`${body.error}\`: ${body.message}`).join(' '),
    ...(Object.keys(headers).length > 0 && { headers }),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/LatchkeyErrorAnswer' },
        examples: Object.fromEntries(answers.map(({ body }) => [body.error, { value: { ...body } }])),
      },
    },
  };
}

/** What the answers refer to. */
export const errorSchemas: Schemas = {
  LatchkeyErrorAnswer: {
    type: 'object',
    required: ['error', 'message'],
    properties: {
      error: {
        type: 'string',
        enum: [...errorCodes],
        description: 'What went wrong, as a word to branch on.',
      },
      message: { type: 'string', description: 'The same as a sentence.' },
    },
  },
};
