import { getEventListeners } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, type LatchkeyEvent } from '../src/index.js';
import { createPace } from '../src/pace.js';
import { virtualClock } from '../src/testing/index.js';
import { failureOf, thrownBy, unhandledDuring } from './failures.js';
import { startHttp } from './loopback.js';
import { mostInASpan, origin, perMs, processes } from './pace-processes.js';
import { anything, login, until, upstreamAt } from './upstreams.js';

/** Longer than the jitter, shorter than all else. */
const aMoment = perMs / 20;

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

describe('a pace that processes share', () => {
  it('X7: lets so many go at once, all processes together, and the next ones as those leave the span', async () => {
    const { clock, log, go } = processes(3, 4);
    const turns = times(8, (index) => go(index % 3));
    await clock.advance(perMs - 1);
    expect(log.map(({ at }) => at)).toEqual([0, 0, 0, 0]);
    await clock.advance(1 + aMoment);
    await Promise.all(turns);
    expect(mostInASpan(log, perMs)).toBe(4);
    expect(clock.sleepers).toBe(0);
  });

  it('X7: sign-ins have half of it, all processes together, and hold up no call', async () => {
    const { clock, timesOf, go } = processes(3, 10);
    const signIns = times(12, (index) => go(index % 3, 'sign-in'));
    const calls = times(5, (index) => go(index % 3));
    await clock.advance(perMs - 1);
    expect(timesOf('sign-in')).toEqual(times(5, () => 0));
    expect(timesOf('call')).toEqual(times(5, () => 0));
    await clock.advance(1 + aMoment);
    expect(timesOf('sign-in')).toHaveLength(10);
    await clock.advance(perMs + aMoment);
    await Promise.all([...signIns, ...calls]);
  });

  it('X7: verifying has a quarter of it, all processes together', async () => {
    const { clock, timesOf, go } = processes(2, 8);
    const turns = times(4, (index) => go(index % 2, 'verify'));
    await clock.advance(perMs - 1);
    expect(timesOf('verify')).toEqual([0, 0]);
    await clock.advance(1 + aMoment);
    await Promise.all(turns);
    expect(timesOf('verify')).toHaveLength(4);
  });

  it('X7: those whose share others have used up hold up nobody behind them', async () => {
    const { clock, timesOf, go } = processes(2, 4);
    await Promise.all([go(1, 'sign-in'), go(1, 'sign-in'), clock.advance(50)]);
    // As many as this process could send, were it alone.
    const turns = [go(0, 'sign-in'), go(0, 'sign-in'), go(0), go(0)];
    await clock.advance(0);
    expect(timesOf('call')).toEqual([50, 50]);
    await clock.advance(2 * perMs);
    await Promise.all(turns);
    expect(timesOf('sign-in')).toHaveLength(4);
  });

  it('T14: renewals go first', async () => {
    const { clock, log, go } = processes(2, 1);
    await Promise.all([go(1), clock.advance(50)]);
    const turns = [go(0, 'sign-in'), go(0, 'call'), go(0, 'renewal')];
    await clock.advance(50 + aMoment);
    expect(log.slice(1).map(({ purpose }) => purpose)).toEqual(['renewal']);
    await clock.advance(2 * perMs);
    await Promise.all(turns);
  });

  it('T14: a renewal that comes while the store is being asked goes first, too', async () => {
    const { clock, log, go } = processes(1, 10, { storeMs: 10 });
    const turns = [go(0, 'call')];
    await clock.advance(5);
    turns.push(go(0, 'renewal'));
    await clock.advance(5);
    expect(log).toMatchObject([{ at: 10, purpose: 'renewal', which: 1 }]);
    await clock.advance(5);
    await Promise.all(turns);
    expect(log.at(-1)).toMatchObject({ at: 15, purpose: 'call' });
  });

  it('T14: as many may wait as for a pace of its own', async () => {
    const alone = processes(1, 10);
    const clock = virtualClock();
    const own = createPace('acme', { requests: 10, perMs }, clock);
    const { signal } = new AbortController();
    const outcomes = times(60, () => own.turn('call', signal).then(Boolean, () => 'refused'));
    const turns = times(60, () => alone.go(0));
    for (const one of [clock, alone.clock]) await one.advance(5 * perMs);
    await Promise.all(turns);
    const refused = (await Promise.all(outcomes)).filter((outcome) => outcome === 'refused');
    expect(alone.refused).toHaveLength(refused.length);
  });

  it('T14: who would wait for longer than two spans is refused, with the time to wait', async () => {
    const { clock, inner, commands, refused, go, told } = processes(1, 1);
    await Promise.all([go(0), clock.advance(0)]);
    const key = commands[0]!.key;
    const turn = go(0);
    // Another process is always a moment earlier.
    for (const at of [99, 198]) {
      await clock.advance(at - clock.monotonic());
      await inner.take(key, { limit: 1, perMs, cost: -1 });
      expect(await inner.take(key, { limit: 1, perMs })).toMatchObject({ taken: true });
      await clock.advance(1 + aMoment);
    }
    await turn;
    expect(refused).toHaveLength(1);
    const [{ at, error }] = refused as [(typeof refused)[0]];
    expect(error).toMatchObject({ code: 'rate_limited', provider: 'acme', retryable: true });
    expect(at).toBeLessThanOrEqual(2 * perMs + aMoment);
    expect(at + error.retryAfterMs!).toBeGreaterThan(2 * perMs);
    expect(told).toEqual([['throttled', 'rate_limited']]);
    expect(clock.sleepers).toBe(0);
  });

  it('X7: the store is asked for several at a time, and for eight at most', async () => {
    const { clock, world, log, go } = processes(1, 45, { storeMs: 10 });
    const turns = times(45, (index) => go(0, index % 3 === 0 ? 'sign-in' : 'call'));
    await clock.advance(10);
    expect(log.length).toBeGreaterThanOrEqual(5);
    await clock.advance(90);
    expect(log).toHaveLength(45);
    await Promise.all(turns);
    expect(world.mostUnderWay).toBe(8);
  });

  it('X7: while the store says no, it is asked once in a while, not for each who comes', async () => {
    const { clock, commands, go } = processes(2, 10);
    await Promise.all([...times(10, () => go(1)), clock.advance(0)]);
    const turns = [go(0)];
    await clock.advance(1);
    const before = commands.length;
    turns.push(...times(9, () => go(0)));
    await clock.advance(perMs - 2);
    expect(commands).toHaveLength(before);
    await clock.advance(1 + aMoment);
    await Promise.all(turns);
  });

  it('X7: after a no one asks for all, and the others when that was granted', async () => {
    const { clock, inner, commands, go, log } = processes(2, 10);
    await Promise.all([go(1), clock.advance(0)]);
    const others = { limit: 10, perMs };
    await inner.take(commands[0]!.key, { ...others, cost: 9 });
    const turns = times(10, () => go(0));
    await clock.advance(perMs);
    await inner.take(commands[0]!.key, { ...others, cost: 8 });
    const before = commands.length;
    await clock.advance(aMoment);
    // One, two, and the rest of the eight that wait.
    expect(log).toHaveLength(3);
    expect(commands.length - before).toBeLessThanOrEqual(1 + 2 + 4);
    await clock.advance(perMs + aMoment);
    await Promise.all(turns);
  });

  it('X5: the keys name neither the origin nor anything else', async () => {
    const { clock, commands, go } = processes(1, 8);
    await Promise.all([go(0), go(0, 'sign-in'), go(0, 'verify'), clock.advance(0)]);
    const keys = new Set(commands.map(({ key }) => key.replace(/:[\w-]{43}$/, ':hash')));
    expect([...keys].toSorted()).toEqual(['pace-sign-in:hash', 'pace-verify:hash', 'pace:hash']);
  });
});

describe('what is taken and not used', () => {
  it('X7: goes back when the caller leaves meanwhile, who leaves at once and with the reason', async () => {
    const { clock, world, inner, commands, paces } = processes(1, 4, { storeMs: 10 });
    const { signal: kept } = new AbortController();
    const leaving = new AbortController();
    const outcome = paces[0]!.turn('sign-in', leaving.signal);
    // The share has been taken, and the request is being counted.
    await clock.advance(15);
    leaving.abort('why');
    await expect(outcome).rejects.toBe('why');
    expect(getEventListeners(leaving.signal, 'abort')).toEqual([]);
    await clock.advance(20);
    for (const kind of ['pace-sign-in:', 'pace:']) {
      const key = commands.map((command) => command.key).find((one) => one.startsWith(kind))!;
      const limit = kind === 'pace:' ? 4 : 2;
      expect(await inner.take(key, { limit, perMs, cost: limit })).toMatchObject({ taken: true });
      await inner.take(key, { limit, perMs, cost: -limit });
    }
    world.storeMs = 0;
    await Promise.all([paces[0]!.turn('sign-in', kept), clock.advance(0)]);
    expect(clock.sleepers).toBe(0);
  });

  it('X7: goes to the next who waits, where there is one', async () => {
    const { clock, log, commands, go } = processes(1, 4, { storeMs: 10 });
    const leaving = new AbortController();
    const turns = [go(0, 'call', leaving.signal)];
    await clock.advance(5);
    turns.push(go(0));
    leaving.abort();
    await clock.advance(5);
    expect(log).toMatchObject([{ at: 10, which: 1 }]);
    await clock.advance(20);
    await Promise.all(turns);
    expect(commands.map(({ cost }) => cost)).toEqual([1, 1, -1]);
  });

  it('X7: a share goes back where there is no room for the request', async () => {
    const { clock, inner, commands, go, timesOf } = processes(2, 2);
    await Promise.all([go(1), go(1), clock.advance(0)]);
    const turn = go(0, 'sign-in');
    await clock.advance(1);
    const { key } = commands.find((command) => command.key.startsWith('pace-sign-in:'))!;
    expect(await inner.take(key, { limit: 1, perMs })).toMatchObject({ taken: true });
    await inner.take(key, { limit: 1, perMs, cost: -1 });
    await clock.advance(perMs + aMoment);
    await turn;
    expect(timesOf('sign-in')).toHaveLength(1);
  });

  it('X7: goes back when the provider asks for a pause meanwhile', async () => {
    const { clock, log, commands, go, paces } = processes(1, 4, { storeMs: 10 });
    await Promise.all([go(0), clock.advance(10)]);
    const turn = go(0);
    await clock.advance(5);
    paces[0]!.answered({ remaining: 0, resetsInMs: 50 });
    await clock.advance(49);
    expect(log).toHaveLength(1);
    expect(commands.map(({ cost }) => cost)).toEqual([1, 1, -1]);
    await clock.advance(11);
    await turn;
    expect(log.at(-1)).toMatchObject({ at: 75 });
  });
});

describe('a store that fails', () => {
  it('X3: is done without: the pace of the process alone is kept, and that is told', async () => {
    const { clock, world, log, told, go } = processes(1, 2);
    world.store = 'fails';
    const turns = times(4, () => go(0));
    await clock.advance(0);
    expect(log.map(({ at }) => at)).toEqual([0, 0]);
    expect(told).toEqual([['store-fallback', 'store_error']]);
    await clock.advance(perMs);
    await Promise.all(turns);
    expect(log.map(({ at }) => at)).toEqual([0, 0, perMs, perMs]);
    expect(clock.sleepers).toBe(0);
  });

  it('X3: is asked again a second later, by one request that does not wait for it', async () => {
    const { clock, world, log, told, commands, go } = processes(1, 100, { storeMs: 10 });
    world.store = 'fails';
    await Promise.all([go(0), clock.advance(5)]);
    await Promise.all([...times(20, () => go(0)), clock.advance(999)]);
    expect(commands).toHaveLength(1);
    await clock.advance(1);
    await Promise.all([...times(20, () => go(0)), clock.advance(0)]);
    expect(log.filter(({ at }) => at === 1_005)).toHaveLength(20);
    expect(commands).toHaveLength(2);
    await Promise.all([go(0), clock.advance(5)]);
    expect(told).toEqual(times(1, () => ['store-fallback', 'store_error']));
    await Promise.all([go(0), clock.advance(5)]);
    expect(told).toHaveLength(2);
  });

  it('X3, X7: is believed again when it works again', async () => {
    const { clock, world, log, go } = processes(2, 4);
    world.store = 'fails';
    await Promise.all([go(0), go(1), clock.advance(0)]);
    await clock.advance(1_000);
    world.store = 'works';
    await Promise.all([go(0), go(1), clock.advance(0)]);
    const turns = times(6, (index) => go(index % 2));
    await clock.advance(perMs - 1);
    expect(log.filter(({ at }) => at === 1_000)).toHaveLength(4);
    await clock.advance(1 + aMoment);
    await clock.advance(perMs);
    await Promise.all(turns);
    expect(log).toHaveLength(10);
  });

  it('X3: one that never answers holds a request up for a second, and then hardly any', async () => {
    const { clock, world, log, told, go, commands } = processes(1, 40);
    world.store = 'hangs';
    const turns = times(20, (index) => go(0, index % 2 ? 'call' : 'sign-in'));
    await clock.advance(999);
    expect(log).toEqual([]);
    await clock.advance(1);
    await Promise.all(turns);
    expect(log).toHaveLength(20);
    expect(clock.sleepers).toBe(0);
    expect(commands).toHaveLength(8);
    for (let second = 2; second < 6; second += 1) {
      await clock.advance(1_000);
      await Promise.all([go(0), clock.advance(0)]);
      expect(log.at(-1)?.at).toBe(second * 1_000);
    }
    expect(told.map(([type]) => type)).toEqual(['store-fallback', 'store-fallback', 'store-fallback']);
    world.store = 'works';
    await clock.advance(3_000);
    await Promise.all([go(0), clock.advance(0)]);
    expect(clock.sleepers).toBe(0);
  });

  it('X3: one that gives no answer to speak of is one that fails', async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    const answers: object = { take: async () => undefined };
    const store = { ...memoryStore({ clock }), ...answers };
    const pace = createPace('acme', { requests: 1, perMs, store }, clock, {
      origin,
      emit: (...event) => told.push(event),
    });
    const { signal } = new AbortController();
    const unhandled = await unhandledDuring(() => Promise.all([pace.turn('call', signal), clock.advance(0)]));
    expect([unhandled, told]).toEqual([[], [['store-fallback', { code: 'internal_error' }]]]);
  });

  it.each([0, NaN, Infinity, -5])(
    'X3: one that says no for %d ms is not asked without end',
    async (retryAfterMs) => {
      const clock = virtualClock();
      let asked = 0;
      const store = {
        ...memoryStore({ clock }),
        async take() {
          asked += 1;
          return { taken: asked > 1, retryAfterMs };
        },
      };
      const pace = createPace('acme', { requests: 1, perMs, store }, clock);
      const turn = pace.turn('call', new AbortController().signal);
      await clock.advance(0.5);
      expect(asked).toBe(1);
      await clock.advance(perMs + aMoment);
      await turn;
      expect(asked).toBe(2);
    },
  );
});

describe('upstreams that share a pace', () => {
  it('X7: those of one origin share it, whatever they are called, and no others do', async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    const pace = { requests: 2, perMs: 5_000, store };
    const [server, another] = [
      await startHttp((_, response) => response.end('1')),
      await startHttp((_, response) => response.end('1')),
    ];
    const east = upstreamAt(server.origin, { name: 'east', clock, pace });
    const west = upstreamAt(server.origin, { name: 'west', clock, pace });
    const other = upstreamAt(another.origin, { clock, pace });
    await Promise.all([east.json(login()), west.json(anything()), other.json(anything())]);
    const third = west.json(anything());
    await until(() => clock.sleepers === 2);
    await clock.advance(4_999);
    expect([server.requests.length, another.requests.length]).toEqual([2, 1]);
    await clock.advance(200);
    expect(await third).toBe(1);
  });

  it('T13: close ends what waits for its turn or for the store, and leaves no timer', async () => {
    for (const isHanging of [false, true]) {
      const clock = virtualClock();
      const inner = memoryStore({ clock });
      const take: typeof inner.take = (key, options) =>
        isHanging ? new Promise(() => {}) : inner.take(key, options);
      const server = await startHttp((_, response) => response.end('1'));
      const pace = { requests: 1, perMs: 5_000, store: { ...inner, take } };
      const upstream = upstreamAt(server.origin, { clock, pace });
      const other = upstreamAt(server.origin, { clock, pace });
      if (!isHanging) await other.json(anything());
      const waiting = failureOf(upstream.json(anything()));
      await until(() => clock.sleepers === 2);
      await upstream.close();
      expect((await waiting).code).toBe('closed');
      expect(clock.sleepers).toBe(0);
      expect(server.requests).toHaveLength(isHanging ? 0 : 1);
    }
  });

  it('X3: a store that is closed is done without, and the channel told', async () => {
    const events: LatchkeyEvent[] = [];
    const note = (event: unknown) => events.push(event as LatchkeyEvent);
    subscribe('latchkey:event', note);
    onTestFinished(() => void unsubscribe('latchkey:event', note));
    const store = memoryStore();
    await store.close!();
    const server = await startHttp((_, response) => response.end('1'));
    const upstream = upstreamAt(server.origin, { pace: { requests: 10, perMs: 5_000, store } });
    expect(await upstream.json(anything())).toBe(1);
    expect(events).toMatchObject([{ type: 'store-fallback', provider: 'acme', code: 'closed' }]);
  });

  it('refuses a store that is none', () => {
    const options: object = { pace: { requests: 1, perMs: 1, store: {} } };
    expect(thrownBy(() => upstreamAt('https://api.example.com', options))).toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('pace must be') as string,
    });
  });
});
