import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { errorSentences, isErrorCode, type ErrorCode } from '../src/error-code.js';
import { isLatchkeyError, LatchkeyError } from '../src/index.js';

const codes = Object.keys(errorSentences) as ErrorCode[];

describe('LatchkeyError', () => {
  it.each(codes)('%s has a sentence of its own as its message', (code) => {
    expect(new LatchkeyError(code).message).toBe(errorSentences[code]);
    expect(errorSentences[code]).toMatch(/^[A-Z].*\.$/);
  });

  it('keeps what is known of the failure', () => {
    const cause = new Error('below');
    const details = {
      provider: 'acme',
      status: 429,
      upstreamCode: 'TOO_MANY',
      retryAfterMs: 0,
      actor: 'service',
    } as const;
    const error = new LatchkeyError('rate_limited', { ...details, message: 'Wait.', cause });
    expect(error).toMatchObject({ ...details, code: 'rate_limited', message: 'Wait.' });
    expect(error.cause).toBe(cause);
  });

  it('has no field for what is not known', () => {
    const error = new LatchkeyError('timeout', { provider: undefined, status: undefined, cause: undefined });
    expect(Object.keys(error).sort()).toEqual(['code', 'retryable']);
    expect('cause' in error).toBe(false);
  });

  it('is an Error with a name and a stack that begins with it', () => {
    const error = new LatchkeyError('closed');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('LatchkeyError');
    expect(error.stack).toMatch(/^LatchkeyError: This was closed/);
  });

  it('lets a subclass or a framework set its name', () => {
    const error = new LatchkeyError('closed');
    error.name = 'Renamed';
    expect(error.name).toBe('Renamed');
    expect(new LatchkeyError('closed').name).toBe('LatchkeyError');
  });

  it('writes its code and not its cause as JSON', () => {
    const error = new LatchkeyError('timeout', { cause: new Error('below') });
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'timeout', retryable: true });
  });

  it.each<[ErrorCode, number | undefined, boolean]>([
    ['rate_limited', undefined, true],
    ['upstream_unavailable', undefined, true],
    ['timeout', undefined, true],
    ['store_error', undefined, true],
    ['upstream_error', undefined, false],
    ['upstream_error', 404, false],
    ['upstream_error', 499, false],
    ['upstream_error', 500, true],
    ['upstream_error', 503, true],
    ['invalid_credentials', 500, false],
    ['invalid_response', 200, false],
  ])('%s with status %s is retryable: %s', (code, status, retryable) => {
    expect(new LatchkeyError(code, { status }).retryable).toBe(retryable);
  });

  it('only the four passing codes are retryable by themselves', () => {
    expect(codes.filter((code) => new LatchkeyError(code).retryable)).toEqual([
      'rate_limited',
      'upstream_unavailable',
      'timeout',
      'store_error',
    ]);
  });
});

describe('isLatchkeyError', () => {
  it('asks for the code where one is given', () => {
    const error = new LatchkeyError('timeout');
    expect(isLatchkeyError(error)).toBe(true);
    expect(isLatchkeyError(error, 'timeout')).toBe(true);
    expect(isLatchkeyError(error, 'closed')).toBe(false);
  });

  it.each([
    ['a foreign error', new Error('timeout')],
    [
      'a foreign error with one of our codes',
      Object.assign(new Error('x'), { code: 'timeout', retryable: true }),
    ],
    ['an error by name', Object.assign(new Error('x'), { name: 'LatchkeyError' })],
    ['nothing', undefined],
    ['null', null],
    ['text', 'timeout'],
    ['a function', () => {}],
  ])('does not take %s for one', (_, value) => {
    expect(isLatchkeyError(value)).toBe(false);
    expect(isLatchkeyError(value, 'timeout')).toBe(false);
  });

  it('knows the errors of another installed copy, of another realm even', () => {
    const theirs: unknown = vm.runInNewContext(`
      class LatchkeyError extends Error { code = 'timeout' }
      LatchkeyError.prototype[Symbol.for('@latchkey/core/error')] = true;
      new LatchkeyError('x')
    `);
    expect(theirs).not.toBeInstanceOf(Object);
    expect(isLatchkeyError(theirs, 'timeout')).toBe(true);
  });
});

describe('isErrorCode', () => {
  it('takes every code and nothing else, inherited names included', () => {
    expect(codes.every(isErrorCode)).toBe(true);
    for (const value of [
      'toString',
      '__proto__',
      'hasOwnProperty',
      '',
      'TIMEOUT',
      undefined,
      null,
      0,
      ['timeout'],
    ]) {
      expect(isErrorCode(value)).toBe(false);
    }
  });
});
