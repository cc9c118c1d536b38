import { describe, expect, it } from 'vitest';
import { completeFault } from '../src/complete-fault.js';
import type { Fault } from '../src/fault.js';

describe('completeFault', () => {
  it.each([
    ['slow-headers', { delayMs: 1_000 }],
    ['slow-body', { intervalMs: 50 }],
    ['unavailable', { retryAfter: 1, form: 'seconds' }],
    ['rate-limited', { retryAfter: 1, form: 'seconds' }],
    ['redirect', { status: 307, location: undefined }],
    ['echo', { status: 400 }],
    ['deep-nesting', { depth: 100_000 }],
    ['huge-body', { bytes: 209_715_200, length: 'chunked' }],
    ['gzip-bomb', { bytes: 209_715_200 }],
    ['gzip', { encoding: 'gzip' }],
    ['token-huge', { bytes: 204_800 }],
    ['never', {}],
  ] as const)('takes the name %s for its defaults', (kind, parameters) => {
    expect(completeFault(kind)).toEqual({ kind, ...parameters });
  });

  it('keeps the parameters that were given', () => {
    expect(completeFault({ kind: 'unavailable', retryAfter: 7 })).toEqual({
      kind: 'unavailable',
      retryAfter: 7,
      form: 'seconds',
    });
  });

  it.each([
    ['nonsense', /^Unknown fault "nonsense"\. Known: slow-headers, /],
    ['toString', /^Unknown fault "toString"/],
    [{ kind: 'never', delayMs: 1 }, /^Unknown parameter of never "delayMs"/],
    [
      { kind: 'slow-headers', delayMs: -1 },
      /^The parameter of slow-headers "delayMs" takes a finite number of at least 0/,
    ],
    [{ kind: 'slow-body', intervalMs: '5' }, /"intervalMs" takes/],
    [{ kind: 'redirect', status: 200 }, /"status" takes one of 307, 301, 302, 303, 308, not 200/],
    [{ kind: 'redirect', location: 5 }, /"location" takes a text/],
    [{ kind: 'echo', status: 99 }, /"status" takes/],
    [{ kind: 'rate-limited', retryAfter: null }, /"retryAfter" takes seconds, a text or false, not null/],
    [{ kind: 'unavailable', form: 'words' }, /"form" takes/],
    [{ kind: 'wrong-shape', json: undefined }, /"json" takes JSON/],
    [{ kind: 'deep-nesting', depth: 0 }, /"depth" takes/],
    [{ kind: 'huge-body', bytes: 13 }, /"bytes" takes a whole number from 14/],
    [{ kind: 'huge-body', length: 'wide' }, /"length" takes/],
    [{ kind: 'gzip-bomb', bytes: 14.5 }, /"bytes" takes/],
    [{ kind: 'gzip', encoding: 'zip' }, /"encoding" takes/],
    [{ kind: 'token-huge', bytes: 0 }, /"bytes" takes/],
  ])('refuses %j with a TypeError that says why', (fault, message) => {
    expect(() => completeFault(fault as Fault)).toThrow(TypeError);
    expect(() => completeFault(fault as Fault)).toThrow(message);
  });
});
