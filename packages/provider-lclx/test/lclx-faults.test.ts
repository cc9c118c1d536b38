import { inspect } from 'node:util';
import { isLatchkeyError, type Grant, type LatchkeyError } from '@latchkey/core';
import { startLclxEmulator, type Fault, type FaultKind } from '@latchkey/emulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lclx, lclxClient, type LclxAccount } from '../src/index.js';
import { emulated } from './emulated.js';

type Outcome = LatchkeyError['code'] | 'good';

/** What each fault comes to at a sign-in, and at a list of routes where that differs; and the requests of the list. */
const outcomes: Record<FaultKind, { fault?: Fault; signIn: Outcome; list?: Outcome; reads: number }> = {
  'slow-headers': { fault: { kind: 'slow-headers', delayMs: 60_000 }, signIn: 'timeout', reads: 1 },
  'slow-body': { fault: { kind: 'slow-body', intervalMs: 100 }, signIn: 'timeout', reads: 1 },
  never: { signIn: 'timeout', reads: 1 },
  reset: { signIn: 'upstream_unavailable', reads: 3 },
  'reset-mid-body': { signIn: 'upstream_unavailable', reads: 3 },
  garbage: { signIn: 'invalid_response', reads: 1 },
  'html-500': { signIn: 'upstream_error', reads: 1 },
  'bad-gateway': { signIn: 'upstream_error', reads: 3 },
  unavailable: { fault: { kind: 'unavailable', retryAfter: 0 }, signIn: 'upstream_error', reads: 3 },
  'gateway-timeout': { signIn: 'upstream_error', reads: 3 },
  'rate-limited': { signIn: 'rate_limited', reads: 1 },
  redirect: { signIn: 'upstream_error', reads: 1 },
  echo: { signIn: 'invalid_input', list: 'upstream_error', reads: 1 },
  'wrong-shape': {
    fault: { kind: 'wrong-shape', json: { routes: 'x' } },
    signIn: 'invalid_response',
    reads: 1,
  },
  'deep-nesting': { signIn: 'invalid_response', reads: 1 },
  'huge-body': { signIn: 'invalid_response', reads: 1 },
  'gzip-bomb': { signIn: 'invalid_response', reads: 1 },
  'truncated-json': { signIn: 'invalid_response', reads: 1 },
  'wrong-content-type': { signIn: 'good', reads: 1 },
  bom: { signIn: 'good', reads: 1 },
  gzip: { signIn: 'good', reads: 1 },
  // The faults of a login's token leave a list alone.
  'token-crlf': { signIn: 'invalid_response', list: 'good', reads: 1 },
  'token-huge': { signIn: 'invalid_response', list: 'good', reads: 1 },
  close: { signIn: 'good', reads: 1 },
};

const faults = Object.entries(outcomes).map(([kind, { fault = kind as FaultKind, list, ...rest }]) => ({
  kind,
  fault,
  list: list ?? rest.signIn,
  ...rest,
}));

/** `good`, or the code of the error; anything else that is thrown comes out as it is. */
const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'good',
    (error: unknown) => (isLatchkeyError(error) ? error.code : error),
  );

// Short where the time-out is what is looked for, else out of the way.
const timeoutFor = (signIn: string) => ({ timeoutMs: signIn === 'timeout' ? 200 : 10_000 });

describe('F1: a fault', () => {
  it.each(faults)('$kind comes to $signIn at a sign-in, which is sent once', ({ fault, signIn }) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ fault });
      expect(await outcomeOf(provider.signIn(credentials))).toBe(signIn);
      expect(emulator.requests).toHaveLength(1);
    }, timeoutFor(signIn)),
  );

  it.each(faults)(
    '$kind comes to $list at a list of routes, and costs $reads requests',
    ({ fault, list, reads }) =>
      emulated(async ({ emulator, client }) => {
        const { routes } = await client();
        emulator.set({ fault });
        expect(await outcomeOf(routes())).toBe(list);
        expect(emulator.requests).toHaveLength(reads);
      }, timeoutFor(list)),
  );

  it('that passes is not noticed by a list of routes', () =>
    emulated(async ({ emulator, client }) => {
      const { routes } = await client();
      emulator.next('reset');
      emulator.next('bad-gateway');
      expect(await routes()).toHaveLength(12);
      expect(emulator.requests).toHaveLength(3);
    }));

  it('leaves nothing behind: the next sign-in is good', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      for (const { fault, signIn } of faults) {
        if (signIn === 'timeout') continue;
        emulator.next(fault);
        await provider.signIn(credentials).catch(() => undefined);
        expect(await provider.signIn(credentials)).toMatchObject({ provider: 'lclx' });
      }
    }));
});

describe('F2: any JSON under any status', () => {
  it('gives a sign-in that keeps the types, or a LatchkeyError', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const wire = fc.record(
        {
          user: fc.oneof(
            fc.json().map((json): unknown => JSON.parse(json)),
            fc.dictionary(
              fc.constantFrom(
                'access_token',
                'expires_on',
                'expires_in',
                'firstname',
                'email',
                'enabled',
                'company',
                '__proto__',
              ),
              fc.oneof(fc.jsonValue(), fc.string({ minLength: 1 }), fc.integer()),
            ),
          ),
          message: fc.jsonValue(),
          expires_on: fc.jsonValue(),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(wire, fc.jsonValue()),
          fc.constantFrom(200, 201, 204, 400, 401, 403, 404, 422, 500),
          async (body, status) => {
            emulator.set({ loginAnswer: { status, body } });
            const outcome: unknown = await provider.signIn(credentials).catch((error: unknown) => error);
            if (isLatchkeyError(outcome)) return;
            expect(outcome).toMatchObject({ provider: 'lclx', issuedAt: expect.any(Number) as number });
            const { accessToken, expiresAt, account } = outcome as Grant<LclxAccount>;
            expect(accessToken).toMatch(/^[\x21-\x7e]+$/);
            if (expiresAt !== undefined) expect(expiresAt).toBeGreaterThan(0);
            const { company = {}, enabled, ...texts } = account!;
            expect([undefined, true]).toContain(enabled);
            for (const text of Object.values<unknown>({ ...texts, ...company }))
              expect(typeof text).toBe('string');
            expect(Object.getPrototypeOf(account)).toBe(Object.prototype);
          },
        ),
        { numRuns: 300 },
      );
    }));

  it('gives lists that keep the types, or a LatchkeyError', () =>
    emulated(async ({ emulator, client }) => {
      const { routes, offers } = await client();
      const record = fc.dictionary(
        fc.constantFrom('index', 'origin', 'destination', 'carrier', 'offer', 'qty', 'rates', '__proto__'),
        fc.oneof(fc.jsonValue(), fc.nat(), fc.string()),
      );
      const list = fc.oneof(fc.array(record), fc.dictionary(fc.nat().map(String), record), fc.jsonValue());
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.record({ routes: list, offers: list }, { requiredKeys: [] }), fc.jsonValue()),
          async (json) => {
            emulator.set({ fault: { kind: 'wrong-shape', json } });
            for (const call of [routes, offers]) {
              const outcome: unknown = await call().catch((error: unknown) => error);
              if (isLatchkeyError(outcome)) continue;
              for (const one of outcome as { index: number; raw: object }[]) {
                expect(Number.isSafeInteger(one.index)).toBe(true);
                expect(typeof one.raw).toBe('object');
              }
            }
          },
        ),
        { numRuns: 200 },
      );
    }));
});

describe('F3: no error shows a password or a token', () => {
  it.each(faults)('$kind', async ({ fault, signIn, list }) => {
    const marked = { email: 'canary@example.com', password: 'canary-password-9c1' };
    await using emulator = await startLclxEmulator({ users: [marked] });
    const provider = lclx({ origin: emulator.origin, ...timeoutFor(signIn) });
    const { accessToken } = await provider.signIn(marked);
    const client = lclxClient({
      origin: emulator.origin,
      upstream: provider.upstream,
      getToken: async () => ({ value: accessToken }),
    });

    emulator.set({ fault });
    const outcomes: unknown[] = await Promise.all(
      [provider.signIn(marked), client.routes(), client.approveOffer(21, true)].map((call) =>
        call.catch((error: unknown) => error),
      ),
    );
    await provider.upstream.close();
    const errors = outcomes.filter((outcome) => outcome instanceof Error);
    expect(outcomes[0] instanceof Error).toBe(signIn !== 'good');
    expect(outcomes[1] instanceof Error).toBe(list !== 'good');
    for (const error of errors) {
      const shown = `${inspect(error, { showHidden: true, getters: true, depth: Infinity })}${error.stack}${JSON.stringify(error)}`;
      expect(shown).not.toContain(marked.password);
      expect(shown).not.toContain(accessToken);
    }
  });
});
