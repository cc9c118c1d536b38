import { HttpException } from '@nestjs/common';

/**
 * Whether an exception is what Nest makes of a body that is no JSON. What it says quotes the body, and that may be where a password
 * is. Nest 12 tells the error of the parser as its cause; of Nest 11 there is only the text.
 */
export function isUnreadableBody(exception: unknown): boolean {
  if (!(exception instanceof HttpException) || exception.getStatus() !== 400) return false;
  const { type } = (exception.cause ?? {}) as { readonly type?: unknown };
  return type === 'entity.parse.failed' || ofJson.test(exception.message);
}

// As V8 says it, and Fastify.
const ofJson = /is not valid JSON|(?:in|after) JSON at position \d|^Unexpected end of JSON input$/;
