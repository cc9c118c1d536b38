import fc from 'fast-check';
import { expect, it } from 'vitest';
import { authorizedFetch, tokenSource, type GetTokenOptions, type Token } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, controlledProvider, type ProviderCall } from './controlled-provider.js';
import { unhandledDuring } from './failures.js';
import { seeded } from './seeded.js';

const floorMs = 500;

/** Sent at a moment, looked at by the server after a while, and answered after another. */
const request = fc.record({
  at: fc.nat(20_000),
  there: fc.integer({ min: 1, max: 4_000 }),
  back: fc.nat(2_000),
});
/** Longer than the floor, so that it is the rules for late 401s alone that bound the logins. */
const answer = fc.record({
  ms: fc.integer({ min: floorMs, max: 4_000 }),
  how: fc.constantFrom('gives', 'gives', 'gives', 'fails', 'is refused'),
});
const plan = fc.record({
  renewable: fc.boolean(),
  requests: fc.array(request, { minLength: 1, maxLength: 40 }),
  revocations: fc.array(fc.nat(24_000), { maxLength: 8 }),
  answers: fc.array(answer, { maxLength: 20 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

it('T2: any number of late 401s, whenever they come, cost one renewal, and each request is resent once', async () => {
  const unhandled = await unhandledDuring(() =>
    fc.assert(fc.asyncProperty(plan, run), seeded('late 401s', 500)),
  );
  expect(unhandled).toEqual([]);
});

/** What the rules say that calls should come to, worked out from the calls and answers as they happen. */
function expectation(renewable: boolean, now: () => number) {
  let kept: { readonly value: string; isRejected: boolean } | undefined;
  let isFlying = false;
  let failure: { readonly at: number; readonly rejected: string | undefined } | undefined;
  const deadRefreshTokens = new Set<string>();
  const kinds: ProviderCall['kind'][] = [];

  return {
    kinds,
    /** What a call should come to: a token at hand, the failure of before, or what is under way. */
    asked(rejected: string | undefined): string {
      if (rejected !== undefined && kept?.value === rejected) kept.isRejected = true;
      if (kept && !kept.isRejected) return kept.value;
      if (rejected !== undefined && rejected === failure?.rejected && now() < failure.at + floorMs)
        return 'failure';
      if (!isFlying) {
        const canRenew = renewable && kept && !deadRefreshTokens.has(kept.value);
        kinds.push(canRenew ? 'renewal' : 'sign-in');
        isFlying = true;
      }
      return 'flight';
    },
    gave(value: string) {
      kept = { value, isRejected: false };
      failure = undefined;
      isFlying = false;
    },
    failed() {
      failure = { at: now(), rejected: kept?.isRejected ? kept.value : undefined };
      isFlying = false;
    },
    /** The refresh token is no good: the same callers get what a sign-in gives. */
    refusedRenewal() {
      deadRefreshTokens.add(kept!.value);
      kinds.push('sign-in');
    },
  };
}

async function run({ renewable, requests, revocations, answers }: Plan): Promise<void> {
  const clock = virtualClock();
  const expected = expectation(renewable, () => clock.monotonic());
  const live = new Set<string>();
  let answered = 0;

  const acme = controlledProvider({
    clock,
    renewable,
    lifetimeMs: 86_400_000,
    answer: (call) => void settle(call).catch(crash),
  });
  async function settle(call: ProviderCall) {
    const { ms, how } = answers[answered] ?? { ms: floorMs, how: 'gives' };
    answered += 1;
    await clock.sleep(ms);
    if (how === 'is refused' && call.kind === 'renewal') {
      expected.refusedRenewal();
      call.fail('token_rejected');
      return;
    }
    if (how !== 'gives') {
      expected.failed();
      call.fail('upstream_unavailable');
      return;
    }
    call.give();
    live.add(call.gave!);
    expected.gave(call.gave!);
  }

  const source = tokenSource(acme.provider, anna, {
    renewFloorMs: floorMs,
    // No token is refused within so little of its coming, so that none counts as refused at once.
    refusalHoldMs: 0.5,
  });
  const broken: string[] = [];
  const observed = {
    ...source,
    async getToken(options: GetTokenOptions = {}): Promise<Token> {
      const should = expected.asked(options.rejected?.value);
      const got = await source.getToken(options).then(
        (token) => ({ token }),
        (error: unknown) => ({ error }),
      );
      if ('error' in got) {
        if (should !== 'failure' && should !== 'flight') broken.push(`failed, though ${should} was at hand`);
        throw got.error;
      }
      const { value } = got.token;
      if (value === options.rejected?.value) broken.push(`${value} was given back`);
      if (should !== 'flight' && should !== value) broken.push(`${value} was given, not ${should}`);
      return got.token;
    },
  };

  const sent: string[][] = requests.map(() => []);
  const server: typeof fetch = async (url, init) => {
    const which = Number((url as URL).searchParams.get('which'));
    const token = new Headers(init?.headers).get('authorization')!.slice('Bearer '.length);
    sent[which]!.push(token);
    await clock.sleep(requests[which]!.there);
    const isGood = live.has(token);
    await clock.sleep(requests[which]!.back);
    return new Response(null, { status: isGood ? 200 : 401 });
  };
  const fetch = authorizedFetch(observed, { fetch: server });
  const outcomes = requests.map(async ({ at }, which) => {
    await clock.sleep(at);
    return fetch(`/?which=${which}`).then(
      ({ status }) => status,
      () => 'no token',
    );
  });
  const revoking = revocations.map((at) => clock.sleep(at).then(() => live.clear()));

  await clock.advance(600_000);
  await Promise.all([...revoking, ...outcomes]);
  expect(broken).toEqual([]);
  expect(acme.calls.map(({ kind }) => kind)).toEqual(expected.kinds);
  for (const tokens of sent) {
    expect(tokens.length).toBeLessThanOrEqual(2);
    expect(new Set(tokens).size).toBe(tokens.length);
  }
  expect(clock.sleepers).toBe(0);
}

function crash(error: unknown) {
  queueMicrotask(() => {
    throw error;
  });
}
