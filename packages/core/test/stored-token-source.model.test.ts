import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryStore, tokenSource, type Grant, type Store } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, type ProviderCall, type TestAccount } from './controlled-provider.js';
import { unhandledDuring } from './failures.js';
import { processWith } from './faulty-store.js';
import { seeded } from './seeded.js';

const at = fc.nat(20_000);
const which = fc.nat(3);

/** What happens to some processes, each with a source of the same store. */
const history = fc.record({
  renewable: fc.boolean(),
  processes: fc.integer({ min: 2, max: 4 }),
  calls: fc.array(fc.record({ at, which }), { minLength: 1, maxLength: 12 }),
  /** A process whose token was revoked meanwhile reports it. */
  reports: fc.array(fc.record({ at, which }), { maxLength: 4 }),
  kills: fc.array(fc.record({ at, which }), { maxLength: 2 }),
  pauses: fc.array(fc.record({ at, which, ms: fc.nat(9_000) }), { maxLength: 2 }),
  loginMs: fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 5 }),
  /** Whether the next calls of the store fail, in turn; none of them for an empty list. */
  failing: fc.array(fc.boolean(), { maxLength: 30 }),
});
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

it('X1, X2: one login for all processes, one more for each that is killed or held up, and no newer token lost', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(
      fc.asyncProperty(history, (given) => run({ ...given, failing: [] })),
      seeded('processes with one store', 150),
    ),
  );
  expect(unhandled).toEqual([]);
});

it('X3: where the store fails now and then, every call gets a token, for a login of the own process at most', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(
      fc.asyncProperty(history, (given) => run({ ...given, kills: [], pauses: [] })),
      seeded('processes with a store that fails', 150),
    ),
  );
  expect(unhandled).toEqual([]);
});

async function run({ renewable, processes, calls, reports, kills, pauses, loginMs, failing }: History) {
  const clock = virtualClock();
  const published: string[] = [];
  const shared = memoryStore({ clock });
  const store: Store = {
    ...shared,
    async replace(key, expected, value, options) {
      const isDone = await shared.replace(key, expected, value, options);
      if (isDone) published.push((JSON.parse(value) as { accessToken: string }).accessToken);
      return isDone;
    },
  };
  const acme = controlledProvider({
    clock,
    renewable,
    lifetimeMs: 86_400_000,
    answer: (call) => settle(call),
  });
  function settle(call: ProviderCall) {
    const ms = loginMs[acme.calls.length % loginMs.length]!;
    clock.sleep(ms).then(
      () => call.give(),
      () => expect.fail('nobody aborts this'),
    );
  }

  let asked = 0;
  const all = Array.from({ length: processes }, (_, number) => {
    const process = processWith(store, clock);
    process.failing = () => failing.length > 0 && failing[(asked += 1) % failing.length]!;
    const { provider } = acme;
    let logins = 0;
    const source = tokenSource(
      {
        ...provider,
        signIn: (...given) => {
          logins += 1;
          return process.seen(provider.signIn(...given));
        },
        ...(renewable && {
          renew: (grant: Grant<TestAccount>) => process.seen(provider.renew!(grant)),
        }),
      },
      anna,
      { store: process.store, clock: process.clock },
    );
    return {
      ...process,
      number,
      source,
      isKilled: false,
      reported: new Set<string>(),
      get logins() {
        return logins;
      },
    };
  });
  const one = (number: number) => all[number % processes]!;

  const waiting: Promise<void>[] = [];
  const problems: string[] = [];
  let answered = 0;
  async function ask(number: number, isReport: boolean) {
    const { source, isKilled, reported } = one(number);
    const rejected = isReport ? source.peek() : undefined;
    if (isKilled || (isReport && !rejected)) return;
    if (rejected) reported.add(rejected.value);
    const before = new Set(reported);
    waiting.push(
      source.getToken({ rejected }).then(
        (token) => {
          answered += 1;
          if (before.has(token.value)) problems.push(`${token.value} was given back`);
          source.accepted(token);
        },
        (error: unknown) => {
          answered += 1;
          problems.push(String(error));
        },
      ),
    );
  }
  const happening: [number, () => unknown][] = [
    ...calls.map(({ at, which }): [number, () => unknown] => [at, () => ask(which, false)]),
    ...reports.map(({ at, which }): [number, () => unknown] => [at, () => ask(which, true)]),
    ...kills.map(({ at, which }): [number, () => unknown] => [at, () => kill(which)]),
    ...pauses.map(({ at, which }): [number, () => unknown] => [at, () => one(which).pause()]),
    ...pauses.map(({ at, which, ms }): [number, () => unknown] => [at + ms, () => one(which).resume()]),
  ];
  function kill(number: number) {
    one(number).kill();
    Object.assign(one(number), { isKilled: true });
  }

  for (const [moment, happen] of happening.toSorted(([one], [other]) => one - other)) {
    await clock.advance(moment - clock.monotonic());
    happen();
  }
  await clock.advance(60_000);

  // Who is dead says nothing any more; everybody else was told, and of a token.
  expect(problems).toEqual([]);
  const lost = all.filter(({ isKilled }) => isKilled).length;
  if (lost === 0) expect(answered).toBe(waiting.length);
  const reported = new Set(all.flatMap((process) => [...process.reported]));
  if (failing.length > 0) {
    for (const { logins, reported: own } of all) expect(logins).toBeLessThanOrEqual(1 + own.size);
    return;
  }
  expect(acme.calls.length).toBeLessThanOrEqual(1 + reported.size + lost + pauses.length);
  // X2: what was published is newer each time, and those who live have the last of it, or know of nothing better.
  const order = published.map((value) => acme.calls.findIndex(({ gave }) => gave === value));
  expect(order).toEqual(order.toSorted((first, second) => first - second));
  expect(new Set(published).size).toBe(published.length);
}
