import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Purpose } from '../src/pace.js';
import { unhandledDuring } from './failures.js';
import { mostInASpan, perMs, processes, type Processes, type Sent } from './pace-processes.js';
import { seeded } from './seeded.js';

const one = fc.record({
  afterMs: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(40)),
  purpose: fc.constantFrom<Purpose>('renewal', 'call', 'call', 'sign-in', 'sign-in', 'verify'),
  process: fc.nat(2),
  leavesAfterMs: fc.option(fc.nat(120), { nil: undefined, freq: 3 }),
});
const plan = fc.record({
  requests: fc.integer({ min: 1, max: 9 }),
  storeMs: fc.constantFrom(0, 0, 2, 8),
  all: fc.array(one, { maxLength: 50 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

it('X7: no span holds more than the limit, all processes together, and everybody gets an answer', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(plan, run), seeded('shared pace', 300)),
  );
  expect(unhandled).toEqual([]);
});

it('X3: whatever the store does, each process keeps the pace for itself, and everybody gets an answer', async () => {
  const state = fc.constantFrom<Processes['world']['store']>('works', 'works', 'fails', 'hangs');
  const states = fc.array(fc.tuple(fc.nat(1_500), state), { maxLength: 8 });
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(plan, states, runFlapping), seeded('shared pace, flapping store', 300)),
  );
  expect(unhandled).toEqual([]);
});

async function run(given: Plan) {
  const { requests, storeMs, all } = given;
  const world = processes(3, requests, { storeMs });
  const { clock, log, told, commands } = world;
  const asking = comeAndGo(world, given);
  await clock.advance(50 * 40 + 5 * perMs);
  await asking;
  expectAnswers(world, all.length, 2 * perMs);
  // A request goes a moment after the store has counted it; and what is given back may be another's, younger by a moment.
  expectPace(log, requests, perMs - 4 * storeMs);
  expect(told.filter(([type]) => type === 'store-fallback')).toEqual([]);
  expect(commands.length).toBeLessThanOrEqual(20 * all.length);
}

async function runFlapping(given: Plan, states: [number, Processes['world']['store']][]) {
  const { requests, storeMs, all } = given;
  const world = processes(3, requests, { storeMs });
  const { clock, log } = world;
  // Slow enough for the store to fail and to be tried again meanwhile.
  const asking = comeAndGo(world, given, 4);
  for (const [afterMs, state] of states) {
    await clock.advance(afterMs);
    world.world.store = state;
  }
  await clock.advance(4 * 50 * 40 + 5 * perMs + 2_000);
  await asking;
  expectAnswers(world, all.length, 2 * perMs + 2_000);
  for (const process of [0, 1, 2]) {
    const own = log.filter((sent) => sent.process === process);
    expectPace(own, requests, perMs);
  }
}

async function comeAndGo({ clock, go }: Processes, { all }: Plan, slowness = 1) {
  const turns: Promise<unknown>[] = [];
  for (const { afterMs, purpose, process, leavesAfterMs } of all) {
    if (afterMs > 0) await clock.sleep(slowness * afterMs);
    const leaving = new AbortController();
    turns.push(go(process, purpose, leaving.signal));
    if (leavesAfterMs !== undefined) turns.push(clock.sleep(leavesAfterMs).then(() => leaving.abort('left')));
  }
  await Promise.all(turns);
}

function expectAnswers(
  { clock, log, refused, left, world }: Processes,
  count: number,
  longestWaitMs: number,
) {
  expect(log.length + refused.length + left.length).toBe(count);
  // The word of the store may come a moment after the two spans.
  const slackMs = 5 + 8 * world.storeMs;
  for (const { at, askedAt } of [...log, ...refused]) {
    expect(at - askedAt).toBeLessThanOrEqual(longestWaitMs + slackMs);
  }
  for (const { error } of refused) {
    expect(error.code).toBe('rate_limited');
    expect(error.retryAfterMs).toBeGreaterThan(0);
  }
  for (const process of [0, 1, 2]) {
    for (const purpose of ['renewal', 'call', 'sign-in', 'verify']) {
      const order = log
        .filter((sent) => sent.purpose === purpose && sent.process === process)
        .map(({ which }) => which);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  }
  expect(world.mostUnderWay).toBeLessThanOrEqual(world.hung + 3 * 8);
  expect(clock.sleepers).toBe(0);
}

function expectPace(log: readonly Sent[], requests: number, spanMs: number) {
  const signIns = log.filter(({ purpose }) => purpose === 'sign-in');
  const verifies = log.filter(({ purpose }) => purpose === 'verify');
  expect(mostInASpan(log, spanMs)).toBeLessThanOrEqual(requests);
  expect(mostInASpan(signIns, spanMs)).toBeLessThanOrEqual(Math.max(1, Math.floor(requests / 2)));
  expect(mostInASpan(verifies, spanMs)).toBeLessThanOrEqual(Math.max(1, Math.floor(requests / 4)));
}
