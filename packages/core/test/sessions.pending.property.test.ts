import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLatchkeyError, memoryStore } from '../src/index.js';
import { virtualClock, type VirtualClock } from '../src/testing/index.js';
import type { ProviderCall } from './controlled-provider.js';
import { unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';
import { meddledStore, sessionWorld } from './session-fixtures.js';

/** Mostly when a token has just ended. */
const at = fc.tuple(fc.nat(6), fc.nat(1_500)).map(([times, ms]) => times * 5_000 + ms);
const plan = fc.record({
  gets: fc.array(fc.record({ at, leavesAfterMs: fc.option(fc.nat(500), { nil: undefined }) }), {
    minLength: 1,
    maxLength: 30,
  }),
  reports: fc.array(at, { maxLength: 4 }),
  /** When the store cannot be written to. */
  outages: fc.array(fc.record({ at, ms: fc.nat(4_000) }), { minLength: 1, maxLength: 4 }),
  renewalMs: fc.nat(800),
  storeMs: fc.constantFrom(0, 20),
  idleMs: fc.constantFrom(undefined, 40_000),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

it('T3, S7: a process that can read the store, and at times not write to it, signs nobody out by renewing', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(plan, run), seeded('sessions over a store that cannot be written to', 500)),
  );
  expect(unhandled).toEqual([]);
}, 120_000); // a counterexample takes longer to be made small than all runs together

async function run({ gets, reports, outages, renewalMs, storeMs, idleMs }: Plan): Promise<void> {
  const clock = virtualClock();
  const store = meddledStore(memoryStore({ clock }));
  const spent = new Set<string | undefined>();
  const answer = (call: ProviderCall) => {
    if (call.kind === 'sign-in') {
      call.give();
      return;
    }
    // As a provider that rotates: a refresh token that comes twice is refused.
    const isGood = !spent.has(call.refreshToken);
    spent.add(call.refreshToken);
    after(clock, renewalMs, () => (isGood ? call.give() : call.fail('token_rejected')));
  };
  const { sessions, signedIn } = sessionWorld({
    clock,
    store,
    renewable: true,
    lifetimeMs: 5_000,
    answer,
    options: { idleMs },
  });
  const id = await signedIn();
  const { source } = (await sessions.get(id))!;
  const faults: string[] = [];
  store.before = async (method) => {
    if (storeMs > 0) await clock.sleep(storeMs);
    const now = clock.monotonic();
    const isOut = outages.some((outage) => outage.at <= now && now < outage.at + outage.ms);
    if (isOut && method === 'replace') throw new Error('connection lost');
  };

  for (const { at: startsAt, leavesAfterMs } of gets) {
    after(clock, startsAt, () => {
      const leaving = new AbortController();
      if (leavesAfterMs !== undefined) after(clock, leavesAfterMs, () => leaving.abort());
      sessions.get(id, { signal: leaving.signal }).then(
        (session) => session ?? faults.push('there was no session'),
        (error: unknown) => {
          if (!leaving.signal.aborted && !isLatchkeyError(error, 'store_error')) faults.push(String(error));
        },
      );
    });
  }
  for (const startsAt of reports) {
    after(clock, startsAt, () => {
      const rejected = source.peek?.();
      if (!rejected) return;
      source.accepted?.(rejected);
      source.getToken({ rejected }).catch((error: unknown) => faults.push(String(error)));
    });
  }
  await clock.advance(45_000);
  expect(faults).toEqual([]);
}

function after(clock: VirtualClock, ms: number, work: () => void) {
  clock.sleep(ms).then(work, () => undefined);
}
