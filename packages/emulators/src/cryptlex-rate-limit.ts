import { type Answer, jsonAnswer, textAnswer } from './answer.js';
import type { CryptlexBehaviour } from './cryptlex-behaviour.js';
import type { ProviderContext } from './emulator.js';
import { type RateLimit, rateLimiter } from './rate-limit.js';
import type { RecordedRequest } from './recorded-request.js';

/** The same answers under the rate limit, when its switch is on: with the headers that tell of it, or a 429. */
export function cryptlexRateLimit(
  { behaviour, now }: ProviderContext<CryptlexBehaviour>,
  answer: (request: RecordedRequest) => Answer,
): (request: RecordedRequest) => Answer {
  const take = rateLimiter(now);
  return (request) => {
    const { rateLimit, rateLimitBody } = behaviour();
    if (rateLimit === false) return answer(request);
    const { allowed, remaining, resetAt } = take(rateLimit);
    const inner = allowed ? answer(request) : refusal(rateLimit, rateLimitBody);
    return {
      ...inner,
      headers: {
        ...inner.headers,
        'x-rate-limit-limit': `${rateLimit.perMs / 1_000}s`,
        'x-rate-limit-remaining': String(remaining),
        'x-rate-limit-reset': new Date(resetAt).toISOString(),
        ...(allowed ? {} : { 'retry-after': String(Math.max(1, Math.ceil((resetAt - now()) / 1_000))) }),
      },
    };
  };
}

function refusal({ requests, perMs }: RateLimit, body: CryptlexBehaviour['rateLimitBody']): Answer {
  const message = `API calls quota exceeded! maximum admitted ${requests} per ${perMs / 1_000}s.`;
  return body === 'json' ? jsonAnswer(429, { message, code: 'RATE_LIMITED' }) : textAnswer(429, message);
}
