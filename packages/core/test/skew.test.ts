import { describe, expect, it } from 'vitest';
import { createSkew } from '../src/skew.js';
import { virtualClock } from '../src/testing/index.js';
import { startHttp } from './loopback.js';
import { anything, upstreamAt } from './upstreams.js';

const hour = 3_600_000;

/** A skew that has learnt from one answer, which took `tookMs` and whose clock was `aheadMs` ahead when it was written. */
async function learnt(headers: (date: string) => Record<string, string>, { aheadMs = 0, tookMs = 0 } = {}) {
  const clock = virtualClock();
  const skew = createSkew(clock);
  const startedAt = clock.monotonic();
  const date = new Date(clock.now() + aheadMs).toUTCString();
  await clock.advance(tookMs);
  skew.learn(headers(date), startedAt);
  return skew;
}

describe('the skew of a clock', () => {
  it.each([hour, -hour, 10_000, -10_000, 23 * hour])(
    'T11: of %i ms is learnt to about a second',
    async (aheadMs) => {
      const skew = await learnt((date) => ({ date }), { aheadMs, tookMs: 200 });
      expect(Math.abs(skew.ms - aheadMs)).toBeLessThan(1_000);
    },
  );

  it.each([0, 500, -500, 2_000, -2_000])('T11: of %i ms cannot be told from none', async (aheadMs) => {
    expect((await learnt((date) => ({ date }), { aheadMs })).ms).toBe(0);
  });

  it.each<[string, (date: string) => Record<string, string>, { tookMs?: number }]>([
    ['from a cache', (date) => ({ date, age: '0' }), {}],
    ['that took long', (date) => ({ date }), { tookMs: 2_001 }],
    ['without a date', () => ({}), {}],
    ['with a date in another spelling', (date) => ({ date: new Date(date).toISOString() }), {}],
    ['with what is no date', () => ({ date: 'Xyz, 99 Foo 2026 99:99:99 GMT' }), {}],
  ])('T11: is not learnt from an answer %s', async (_, headers, options) => {
    expect((await learnt(headers, { aheadMs: hour, ...options })).ms).toBe(0);
  });

  it('T11: of more than a day is taken for a wrong header', async () => {
    expect((await learnt((date) => ({ date }), { aheadMs: 25 * hour })).ms).toBe(0);
  });

  it('T11: stays as it is while it may still be right, and changes when it cannot be', () => {
    const clock = virtualClock();
    const skew = createSkew(clock);
    const hear = (aheadMs: number) =>
      skew.learn({ date: new Date(clock.now() + aheadMs).toUTCString() }, clock.monotonic());
    hear(hour);
    const first = skew.ms;
    for (const aheadMs of [hour + 1_000, hour - 1_000, hour]) {
      hear(aheadMs);
      expect(skew.ms).toBe(first);
    }
    hear(-hour);
    expect(Math.abs(skew.ms + hour)).toBeLessThan(1_000);
    hear(0);
    expect(skew.ms).toBe(0);
  });

  it('T11: is told by an upstream, whatever the answer was', async () => {
    const clock = virtualClock();
    const statuses = [200, 404, 500];
    for (const status of statuses) {
      const server = await startHttp((_, response) =>
        response.writeHead(status, { date: new Date(clock.now() + hour).toUTCString() }).end('1'),
      );
      const upstream = upstreamAt(server.origin, { clock });
      expect(upstream.skewMs()).toBe(0);
      await upstream.json(anything()).catch(() => undefined);
      expect(Math.abs(upstream.skewMs() - hour)).toBeLessThan(1_000);
      expect(upstream.clock).toBe(clock);
    }
  });
});
