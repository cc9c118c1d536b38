import { LatchkeyError, type ErrorCode } from '@latchkey/core';
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

// Each of them, since the compiler asks for a code that is not here.
const codes = {
  invalid_config: true,
  invalid_input: true,
  not_signed_in: true,
  invalid_credentials: true,
  second_factor_required: true,
  second_factor_invalid: true,
  account_locked: true,
  account_disabled: true,
  rate_limited: true,
  token_rejected: true,
  entitlement_required: true,
  provider_not_allowed: true,
  csrf_rejected: true,
  unknown_provider: true,
  upstream_error: true,
  invalid_response: true,
  upstream_unavailable: true,
  timeout: true,
  store_error: true,
  closed: true,
  internal_error: true,
} satisfies Record<ErrorCode, true>;

/** What the answers refer to. */
export const errorSchemas: Schemas = {
  LatchkeyErrorAnswer: {
    type: 'object',
    required: ['error', 'message'],
    properties: {
      error: {
        type: 'string',
        enum: Object.keys(codes),
        description: 'What went wrong, as a word to branch on.',
      },
      message: { type: 'string', description: 'The same as a sentence.' },
    },
  },
};
