import { describe, expect, it } from 'vitest';
import { errorSentences, type ErrorCode } from '../../src/error-code.js';
import { toHttpAnswer } from '../../src/http/index.js';
import { LatchkeyError, type LatchkeyErrorDetails } from '../../src/index.js';

const noStore = { 'Cache-Control': 'no-store' };

const statuses: Record<ErrorCode, number> = {
  invalid_config: 500,
  invalid_input: 400,
  not_signed_in: 401,
  invalid_credentials: 401,
  second_factor_required: 401,
  second_factor_invalid: 401,
  account_locked: 429,
  account_disabled: 403,
  rate_limited: 429,
  token_rejected: 401,
  entitlement_required: 403,
  provider_not_allowed: 403,
  csrf_rejected: 403,
  unknown_provider: 404,
  upstream_error: 502,
  invalid_response: 502,
  upstream_unavailable: 503,
  timeout: 504,
  store_error: 503,
  closed: 503,
  internal_error: 500,
};
const table = Object.entries(statuses) as [ErrorCode, number][];

const challenges: Partial<Record<ErrorCode, string>> = {
  not_signed_in: 'Bearer realm="latchkey"',
  token_rejected:
    'Bearer realm="latchkey", error="invalid_token", error_description="The access token is no longer accepted."',
};

const telling: LatchkeyErrorDetails = {
  message: 'c4nary message',
  provider: 'c4nary-provider',
  status: 418,
  upstreamCode: 'C4NARY_CODE',
  cause: new Error('c4nary cause'),
};

describe('toHttpAnswer', () => {
  it.each(table)('%s answers %i, with its fixed sentence and nothing of the error', (code, status) => {
    const challenge = challenges[code];
    expect(toHttpAnswer(new LatchkeyError(code, telling))).toStrictEqual({
      status,
      headers: challenge === undefined ? noStore : { ...noStore, 'WWW-Authenticate': challenge },
      body: { error: code, message: errorSentences[code] },
    });
  });

  it.each(table)('S9: %s of a service credential answers 502 and signs nobody out', (code) => {
    const error = new LatchkeyError(code, { ...telling, actor: 'service', retryAfterMs: 5_000 });
    expect(toHttpAnswer(error)).toStrictEqual({
      status: 502,
      headers: noStore,
      body: { error: 'upstream_error', message: errorSentences.upstream_error },
    });
  });

  it("an error of the user's own credentials is answered as itself", () => {
    expect(toHttpAnswer(new LatchkeyError('invalid_credentials', { actor: 'user' })).status).toBe(401);
  });

  it.each<[ErrorCode, number | undefined, string | undefined]>([
    ['rate_limited', 5_000, '5'],
    ['rate_limited', 5_001, '6'],
    ['rate_limited', 1, '1'],
    ['rate_limited', 0, '1'],
    ['rate_limited', -5, '1'],
    ['rate_limited', undefined, undefined],
    ['rate_limited', NaN, undefined],
    ['rate_limited', Infinity, undefined],
    ['account_locked', 900_000, '900'],
    ['upstream_error', 5_000, undefined],
    ['invalid_credentials', 5_000, undefined],
  ])('%s with %s ms to wait has Retry-After %s', (code, retryAfterMs, header) => {
    expect(toHttpAnswer(new LatchkeyError(code, { retryAfterMs })).headers['Retry-After']).toBe(header);
  });

  it.each<[string, unknown]>([
    ['a foreign error', new Error('c4nary')],
    ['an HTTP error', Object.assign(new Error('c4nary'), { status: 404, statusCode: 404, expose: true })],
    ['a foreign error with one of our codes', Object.assign(new Error('c4nary'), { code: 'invalid_input' })],
    ['text', 'c4nary'],
    ['nothing', undefined],
    ['null', null],
    ['a code of a later version', Object.assign(new LatchkeyError('closed'), { code: 'c4nary_code' })],
    ['an inherited name as a code', Object.assign(new LatchkeyError('closed'), { code: 'constructor' })],
  ])('%s answers 500 as internal_error', (_, error) => {
    expect(toHttpAnswer(error)).toStrictEqual({
      status: 500,
      headers: noStore,
      body: { error: 'internal_error', message: errorSentences.internal_error },
    });
  });

  it.each([
    ['my api', 'my api'],
    ['say "x"', 'say \\"x\\"'],
    ['back\\slash', 'back\\\\slash'],
    ['a\r\nSet-Cookie: b=c', 'aSet-Cookie: b=c'],
    ['a\0b\tc\x7f', 'abc'],
    ['Größe', 'Gre'],
    ['', ''],
  ])('the realm %j is quoted as "%s"', (realm, quoted) => {
    const header = toHttpAnswer(new LatchkeyError('not_signed_in'), { realm }).headers['WWW-Authenticate'];
    expect(header).toBe(`Bearer realm="${quoted}"`);
  });
});
