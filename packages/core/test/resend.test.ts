import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome, WireRequest } from '../src/exchange.js';
import { networkFailure } from '../src/network-failure.js';
import { resendDelayMs } from '../src/resend.js';

type Method = WireRequest['method'];

const reads: Method[] = ['GET', 'HEAD'];
const writes: Method[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

function failed(code: string, more: object = {}): Outcome {
  return { failure: networkFailure(Object.assign(new Error('x'), { code, ...more })) };
}

function answered(status: number): Outcome {
  return { reply: { status, headers: {}, body: undefined } };
}

function delay(method: Method, outcome: Outcome, tries = 1, retryAfterMs?: number) {
  return resendDelayMs({ tries, method, outcome, retryAfterMs });
}

const unsent = [
  failed('ECONNREFUSED', { syscall: 'connect' }),
  failed('ENOTFOUND', { syscall: 'getaddrinfo' }),
  failed('EAI_AGAIN', { syscall: 'getaddrinfo' }),
  failed('EHOSTUNREACH', { syscall: 'connect' }),
  failed('ETIMEDOUT', { syscall: 'connect' }),
  failed('UND_ERR_CONNECT_TIMEOUT'),
  { failure: networkFailure(new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])) },
];
const halfSent = [
  failed('ECONNRESET', { syscall: 'read' }),
  failed('EPIPE', { syscall: 'write' }),
  failed('ETIMEDOUT', { syscall: 'read' }),
  failed('UND_ERR_SOCKET'),
  failed('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'),
  failed('ESOMETHING_NEW'),
];
const lasting = [
  failed('UND_ERR_HEADERS_TIMEOUT'),
  failed('UND_ERR_BODY_TIMEOUT'),
  failed('UND_ERR_HEADERS_OVERFLOW'),
  failed('UND_ERR_INVALID_ARG'),
  failed('UND_ERR_CLOSED'),
  failed('UND_ERR_DESTROYED'),
  failed('DEPTH_ZERO_SELF_SIGNED_CERT'),
  failed('CERT_HAS_EXPIRED'),
  failed('ERR_TLS_CERT_ALTNAME_INVALID'),
  failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
];

describe('resendDelayMs', () => {
  it.each(writes)('F5: %s is sent again only where nothing was written', (method) => {
    for (const outcome of unsent) expect(delay(method, outcome)).toBeTypeOf('number');
    for (const outcome of [...halfSent, ...lasting]) expect(delay(method, outcome)).toBeUndefined();
    for (let status = 200; status < 600; status += 1) expect(delay(method, answered(status))).toBeUndefined();
  });

  it.each(reads)('F5: %s is sent again after a failed connection and after 502, 503 and 504', (method) => {
    for (const outcome of [...unsent, ...halfSent]) expect(delay(method, outcome)).toBeTypeOf('number');
    for (const outcome of lasting) expect(delay(method, outcome)).toBeUndefined();
    const again = Array.from({ length: 400 }, (_, index) => 200 + index).filter(
      (status) => delay(method, answered(status)) !== undefined,
    );
    expect(again).toEqual([502, 503, 504]);
  });

  it.each([...reads, ...writes])('F5: %s is sent again twice at most', (method) => {
    const tries = [1, 2, 3, 4, 100].filter((count) => delay(method, unsent[0]!, count) !== undefined);
    expect(tries).toEqual([1, 2]);
  });

  it('waits a random part of a span that doubles', () => {
    for (const [tries, span] of [
      [1, 200],
      [2, 400],
    ] as const) {
      const waits = Array.from({ length: 200 }, () => delay('GET', answered(503), tries)!);
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThan(span);
      // Full jitter: both ends of the span are met, and hardly two callers come back together.
      expect(Math.min(...waits)).toBeLessThan(span / 4);
      expect(Math.max(...waits)).toBeGreaterThan((span * 3) / 4);
      expect(new Set(waits).size).toBeGreaterThan(190);
    }
  });

  it('waits at least as long as the reply asks, and never longer than that and the span', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.constantFrom(1, 2), (retryAfterMs, tries) => {
        const waitMs = delay('GET', answered(503), tries, retryAfterMs)!;
        expect(waitMs).toBeGreaterThanOrEqual(retryAfterMs);
        expect(waitMs).toBeLessThanOrEqual(Math.max(retryAfterMs, 400));
      }),
    );
  });
});
