import { HttpException } from '@nestjs/common';

/**
 * Whether an exception is what Nest makes of a body that is no JSON. What it says quotes the body, and that may be where a password
 * is. Nest 12 tells the error of the parser as its cause; of Nest 11 there is only the text.
 */
export function isUnreadableBody(exception: unknown): boolean {
  if (!(exception instanceof HttpException) || exception.getStatus() !== 400) return false;
  const { type, code } = (exception.cause ?? {}) as { readonly type?: unknown; readonly code?: unknown };
  if (type === 'entity.parse.failed' || code === 'FST_ERR_CTP_INVALID_JSON_BODY') return true;
  return exception.cause === undefined && sentences.some((sentence) => sentence.test(exception.message));
}

// As V8 says it, and Fastify.
const sentences = [
  /^(?:Unexpected|Expected|Unterminated|Bad|No number|Exponent part)\b.* JSON (?:at position|input$)/,
  /^(?:Unexpected token |"undefined").* is not valid JSON$/s,
  /^Body is not valid JSON but content-type is set to 'application\/json'$/,
];
