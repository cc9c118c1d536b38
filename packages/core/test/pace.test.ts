import fc from 'fast-check';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPace, type Purpose } from '../src/pace.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, thrownBy, unhandledDuring } from './failures.js';
import { startHttp } from './loopback.js';
import { anything, until, upstreamAt } from './upstreams.js';

const { signal: never } = new AbortController();

/** A pace whose turns are noted as they come: `go` asks for one, `log` says who went when. */
function paced(requests: number, perMs: number) {
  const clock = virtualClock();
  const pace = createPace('acme', { requests, perMs }, clock);
  const log: { readonly at: number; readonly purpose: Purpose; readonly which: number }[] = [];
  const refused: number[] = [];
  let asked = 0;
  const go = (purpose: Purpose = 'call', signal: AbortSignal = never) => {
    const which = asked;
    asked += 1;
    return pace.turn(purpose, signal).then(
      () => log.push({ at: clock.monotonic(), purpose, which }),
      () => refused.push(which),
    );
  };
  return { clock, pace, log, refused, go };
}

describe('a pace', () => {
  it('T14: lets so many go at once, and the next ones as those leave the span', async () => {
    const { clock, log, go } = paced(2, 100);
    const turns = [go(), go(), go(), go()];
    await clock.advance(99);
    expect(log).toHaveLength(2);
    await clock.advance(1);
    await Promise.all(turns);
    expect(log.map(({ at }) => at)).toEqual([0, 0, 100, 100]);
    expect(clock.sleepers).toBe(0);
    expect(getEventListeners(never, 'abort')).toEqual([]);
  });

  it('T14: keeps the limit in every span, not in fixed ones only, whoever comes when', async () => {
    const purpose = fc.constantFrom<Purpose>('renewal', 'call', 'sign-in');
    const arrivals = fc.array(fc.tuple(fc.nat(80), purpose), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), arrivals, async (requests, coming) => {
        const { clock, log, refused, go } = paced(requests, 100);
        for (const [wait, what] of coming) {
          await clock.advance(wait);
          go(what).catch(() => {});
        }
        await clock.advance(100 * (coming.length + 1));
        expect(log.length + refused.length).toBe(coming.length);
        const mostSignIns = Math.max(1, Math.floor(requests / 2));
        for (const { at } of log) {
          const span = log.filter((one) => one.at >= at && one.at < at + 100);
          expect(span.length).toBeLessThanOrEqual(requests);
          expect(span.filter((one) => one.purpose === 'sign-in').length).toBeLessThanOrEqual(mostSignIns);
        }
        for (const what of ['renewal', 'call', 'sign-in']) {
          const order = log.filter((one) => one.purpose === what).map(({ which }) => which);
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
        expect(clock.sleepers).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('T14: renewals go first', async () => {
    const { clock, log, go } = paced(1, 100);
    const turns = [go('call'), go('call'), go('sign-in').catch(() => {}), go('renewal')];
    await clock.advance(300);
    await Promise.all(turns);
    expect(log.map(({ purpose }) => purpose)).toEqual(['call', 'renewal', 'call', 'sign-in']);
  });

  it('T14: a flood of calls does not keep a renewal out', async () => {
    const { clock, log, refused, go } = paced(2, 100);
    const turns = Array.from({ length: 20 }, () => go('call'));
    turns.push(go('renewal'));
    await clock.advance(100);
    expect(log.at(2)).toMatchObject({ at: 100, purpose: 'renewal' });
    await clock.advance(100);
    await Promise.all(turns);
    expect(refused).not.toContain(20);
  });

  it('T14: a flood of sign-ins holds up no call', async () => {
    const { clock, log, refused, go } = paced(10, 100);
    const signIns = Array.from({ length: 100 }, () => go('sign-in'));
    const calls = Array.from({ length: 5 }, () => go('call'));
    await clock.advance(0);
    await Promise.all(calls);
    expect(log.filter(({ purpose }) => purpose === 'call').map(({ at }) => at)).toEqual([0, 0, 0, 0, 0]);
    await clock.advance(100);
    await Promise.all(signIns);
    expect(log.filter(({ purpose }) => purpose === 'sign-in').map(({ at }) => at)).toEqual([
      ...Array<number>(5).fill(0),
      ...Array<number>(5).fill(100),
    ]);
    expect(refused).toHaveLength(90);
  });

  it('T14: refuses at once, with the time to wait, when too many wait already', async () => {
    const { clock, pace, go } = paced(1, 5_000);
    const turns = [go(), go(), go()];
    expect(await failureOf(pace.turn('call', never))).toMatchObject({
      code: 'rate_limited',
      provider: 'acme',
      retryAfterMs: 5_000,
      retryable: true,
    });
    await clock.advance(10_000);
    await Promise.all(turns);
  });

  it('T13: one that is aborted leaves the queue with its reason, and leaves nothing behind', async () => {
    const { clock, pace, go } = paced(1, 100);
    await go();
    const controller = new AbortController();
    const unhandled = await unhandledDuring(async () => {
      const outcome = expect(pace.turn('call', controller.signal)).rejects.toBe('why');
      expect(clock.sleepers).toBe(1);
      controller.abort('why');
      await outcome;
      await expect(pace.turn('call', controller.signal)).rejects.toBe('why');
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('T14: one who comes just as the last waiter has left is not forgotten', async () => {
    const { clock, log, go } = paced(1, 100);
    await go();
    const controller = new AbortController();
    const left = go('call', controller.signal);
    controller.abort();
    const turn = go();
    await clock.advance(100);
    await Promise.all([left, turn]);
    expect(log.map(({ at }) => at)).toEqual([0, 100]);
  });
});

describe('what a provider says of its limit', () => {
  it('T14: a pause keeps everybody waiting, and then all go on', async () => {
    const { clock, pace, log, go } = paced(10, 100);
    await go();
    pace.answered({ remaining: 0, resetsInMs: 150 });
    const turns = [go(), go('sign-in'), go('renewal')];
    await clock.advance(149);
    expect(log).toHaveLength(1);
    await clock.advance(1);
    await Promise.all(turns);
    expect(log.slice(1).map(({ at, purpose }) => [at, purpose])).toEqual([
      [150, 'renewal'],
      [150, 'call'],
      [150, 'sign-in'],
    ]);
    expect(clock.sleepers).toBe(0);
  });

  it('T14: those on their way are counted against what is left', async () => {
    const { clock, pace, log, go } = paced(10, 100);
    await Promise.all([go(), go(), go()]);
    pace.answered({ remaining: 3, resetsInMs: 50 });
    const turns = [go(), go()];
    await clock.advance(49);
    expect(log).toHaveLength(4);
    await clock.advance(1);
    await Promise.all(turns);
    expect(log.at(-1)).toMatchObject({ at: 50 });
  });

  it('T14: a milder word that comes late lifts no pause', async () => {
    const { clock, pace, log, go } = paced(10, 100);
    await Promise.all([go(), go()]);
    pace.answered({ remaining: 0, resetsInMs: 90 });
    pace.answered({ remaining: 5, resetsInMs: 10 });
    const turn = go();
    await clock.advance(89);
    expect(log).toHaveLength(2);
    await clock.advance(1);
    await turn;
    pace.answered({ remaining: 5, resetsInMs: 90 });
    await Promise.all([go(), go()]);
    expect(log).toHaveLength(5);
    expect(clock.sleepers).toBe(0);
  });

  it('T14: a pause longer than two spans refuses those who wait and those who come', async () => {
    const { clock, pace, go } = paced(2, 100);
    await Promise.all([go(), go()]);
    const waiting = failureOf(pace.turn('renewal', never));
    pace.answered({ remaining: 0, resetsInMs: 201 });
    expect(await waiting).toMatchObject({ code: 'rate_limited', retryAfterMs: 201 });
    await clock.advance(0);
    expect(await failureOf(pace.turn('call', never))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 201,
    });
    await clock.advance(1);
    const turn = go();
    await clock.advance(200);
    await turn;
    expect(clock.sleepers).toBe(0);
    expect(getEventListeners(never, 'abort')).toEqual([]);
  });

  it('T14: nobody is kept out for longer than a quarter of an hour', async () => {
    const { clock, pace, log, go } = paced(1, 100);
    await go();
    pace.answered({ remaining: 0, resetsInMs: 365 * 24 * 3_600_000 });
    await clock.advance(900_000);
    await go();
    expect(log).toHaveLength(2);
  });

  it('T14: a 429 pauses an upstream for what it says, or for one span', async () => {
    for (const [header, waitMs] of [
      [{ 'retry-after': '3' }, 3_000],
      [{ 'x-reset': '4' }, 4_000],
      [{}, 5_000],
    ] as const) {
      const clock = virtualClock();
      const date = new Date(clock.now()).toUTCString();
      const server = await startHttp((_, response) =>
        response.writeHead(server.requests.length === 1 ? 429 : 200, { date, ...header }).end('1'),
      );
      const upstream = upstreamAt(server.origin, {
        clock,
        pace: { requests: 10, perMs: 5_000 },
        rateLimit: ({ 'x-reset': seconds }) =>
          seconds === undefined ? undefined : { resetAt: Date.parse(date) + Number(seconds) * 1_000 },
      });
      const refused = await failureOf(upstream.json(anything()));
      expect(refused).toMatchObject({ code: 'rate_limited', status: 429 });
      expect(refused.retryAfterMs).toBe('retry-after' in header || 'x-reset' in header ? waitMs : undefined);
      const next = upstream.json(anything());
      await until(() => clock.sleepers === 2);
      await clock.advance(waitMs - 1);
      expect(server.requests).toHaveLength(1);
      await clock.advance(1);
      expect(await next).toBe(1);
    }
  });

  it('T14: what the headers leave is kept to', async () => {
    const clock = virtualClock();
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin, {
      clock,
      pace: { requests: 10, perMs: 5_000 },
      rateLimit: () => ({ remaining: 2 - server.requests.length, resetAt: clock.now() + 1_000 }),
    });
    await upstream.json(anything());
    await upstream.json(anything());
    const third = upstream.json(anything());
    await until(() => clock.sleepers === 2);
    await clock.advance(999);
    expect(server.requests).toHaveLength(2);
    await clock.advance(1);
    expect(await third).toBe(1);
  });
});

describe('the pace of an upstream', () => {
  it('T14: holds back what is too much, resends included', async () => {
    const server = await startHttp((_, response) => response.writeHead(503).end());
    const clock = virtualClock();
    const upstream = upstreamAt(server.origin, { clock, pace: { requests: 2, perMs: 5_000 } });
    const call = failureOf(upstream.json(anything()));
    await until(() => clock.sleepers === 2);
    await clock.advance(400);
    await until(() => server.requests.length === 2 && clock.sleepers === 2);
    await clock.advance(4_000);
    expect(server.requests).toHaveLength(2);
    await clock.advance(600);
    expect((await call).code).toBe('upstream_error');
    expect(server.requests).toHaveLength(3);
  });

  it('T13: close ends what waits for its turn, and leaves no timer', async () => {
    const server = await startHttp((_, response) => response.end('1'));
    const clock = virtualClock();
    const upstream = upstreamAt(server.origin, { clock, pace: { requests: 1, perMs: 5_000 } });
    await upstream.json(anything());
    const waiting = failureOf(upstream.json(anything()));
    await until(() => clock.sleepers === 2);
    await upstream.close();
    expect((await waiting).code).toBe('closed');
    expect(clock.sleepers).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    { requests: 0, perMs: 1 },
    { requests: 1.5, perMs: 1 },
    { requests: 1, perMs: 0 },
    { requests: 1 },
    true,
  ])('refuses %j', (pace) => {
    const options: object = { pace };
    expect(thrownBy(() => upstreamAt('https://api.example.com', options)).code).toBe('invalid_config');
  });

  it.each<[string, false | undefined]>([
    ['false', false],
    ['undefined', undefined],
  ])('%s is none', async (_name, pace) => {
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin, { pace });
    expect(await Promise.all([1, 2, 3].map(() => upstream.json(anything())))).toEqual([1, 1, 1]);
  });
});
