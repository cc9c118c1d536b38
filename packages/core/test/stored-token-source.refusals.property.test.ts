import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryStore, tokenSource } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, type ProviderCall } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';

const second = 1_000;
const minute = 60 * second;

/** Some processes with one wrong password, and when each of them asks for a token. */
const history = fc.record({
  processes: fc.integer({ min: 2, max: 6 }),
  calls: fc.array(fc.record({ at: fc.nat(30 * minute), which: fc.nat(5) }), { minLength: 1, maxLength: 60 }),
  /** How far the clock of each machine is off, which is known there. */
  apartMs: fc.array(fc.integer({ min: -3_600_000, max: 3_600_000 }), { minLength: 6, maxLength: 6 }),
  loginMs: fc.integer({ min: 1, max: 12 * second }),
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

it('X6: a wrong password costs one login in each hold, in however many processes, whenever they ask', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(history, run), seeded('processes with a wrong password', 150)),
  );
  expect(unhandled).toEqual([]);
});

async function run({ processes, calls, apartMs, loginMs }: History) {
  const clock = virtualClock();
  const store = memoryStore({ clock });
  const acme = controlledProvider({ clock, answer: refuse });
  const refusedAt: number[] = [];
  function refuse(call: ProviderCall) {
    clock.sleep(loginMs).then(
      () => {
        refusedAt.push(clock.monotonic());
        call.fail('invalid_credentials');
      },
      () => expect.fail('nobody aborts this'),
    );
  }

  const sources = Array.from({ length: processes }, (_, number) => {
    const offMs = apartMs[number]!;
    const { provider } = acme;
    return tokenSource({ ...provider, upstream: { ...provider.upstream, skewMs: () => -offMs } }, anna, {
      store,
      clock: { ...clock, now: () => clock.now() + offMs },
    });
  });

  const codes: Promise<string>[] = [];
  for (const { at, which } of calls.toSorted((one, other) => one.at - other.at)) {
    await clock.advance(at - clock.monotonic());
    codes.push(failureOf(sources[which % processes]!.getToken()).then(({ code }) => code));
  }
  await clock.advance(minute);
  expect(new Set(await Promise.all(codes))).toEqual(new Set(['invalid_credentials']));

  // The next login comes when the hold has ended that began with the one before, in whichever process that was.
  const tooEarly: number[] = [];
  let hold = { until: -Infinity, nextMs: minute };
  acme.calls.forEach(({ at }, which) => {
    if (at < hold.until || which > refusedAt.filter((moment) => moment <= at).length) tooEarly.push(at);
    // Longer after it, only who had it remembers how long it was.
    const holdMs = at < hold.until + 15 * minute ? hold.nextMs : minute;
    hold = { until: refusedAt[which]! + holdMs, nextMs: Math.min(holdMs * 2, 15 * minute) };
  });
  expect(tooEarly).toEqual([]);
}
