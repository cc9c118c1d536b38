import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryStore, staticTokenSource, type LatchkeyError } from '@latchkey/core';
import { virtualClock } from '@latchkey/core/testing';
import { describe, expect, it } from 'vitest';
import { cryptlex, cryptlexClient } from '../src/index.js';
import { emulated, type Emulated } from './emulated.js';

const limit = { requests: 50, perMs: 5000 };

/** A token, and a pace of which nothing is used up. */
async function rested({ provider, credentials, emulator }: Emulated, clock = virtualClock()) {
  const grant = await provider.signIn(credentials);
  await clock.advance(60_000);
  emulator.requests.length = 0;
  emulator.set({ rateLimit: limit });
  return grant;
}

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: unknown) => {
      const { code, status, retryAfterMs } = error as LatchkeyError;
      return { code, status, retryAfterMs };
    },
  );

describe('T14: the pace', () => {
  it.each([
    ['nothing', {}],
    ['undefined', { pace: undefined }],
  ])('of 45 in 5 s is kept where %s is said of it', async (_, options) => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const { provider, emulator } = all;
        const grant = await rested(all, clock);
        const calls = Array.from({ length: 60 }, () => outcome(provider.account(grant)));
        await Promise.all(calls.slice(0, 45));
        await clock.advance(4999);
        expect(emulator.requests).toHaveLength(45);

        emulator.advance(5000);
        await clock.advance(1);
        expect(await Promise.all(calls)).toEqual(Array.from({ length: 60 }, () => 'answered'));
        expect(emulator.requests).toHaveLength(60);
      },
      { clock, ...options },
    );
  });

  it('refuses what would wait for too long, and sends none of it', async () => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const { provider, emulator } = all;
        const grant = await rested(all, clock);
        const calls = Array.from({ length: 120 }, () => outcome(provider.account(grant)));
        for (const sent of [45, 90]) {
          await Promise.all(calls.slice(0, sent));
          emulator.advance(5000);
          await clock.advance(5000);
        }
        const outcomes = await Promise.all(calls);
        const refused = outcomes.filter((one) => one !== 'answered');
        expect(refused.length).toBeGreaterThan(0);
        expect(emulator.requests).toHaveLength(120 - refused.length);
        for (const one of refused)
          expect(one).toEqual({ code: 'rate_limited', status: undefined, retryAfterMs: 5000 });
      },
      { clock },
    );
  });

  it('is not kept where it is switched off: the provider refuses what is too much', () =>
    emulated(
      async (all) => {
        const grant = await rested(all);
        const calls = Array.from({ length: 60 }, () => outcome(all.provider.account(grant)));
        const refused = (await Promise.all(calls)).filter((one) => one !== 'answered');
        expect(all.emulator.requests).toHaveLength(60);
        expect(refused).toHaveLength(10);
        for (const one of refused) {
          expect(one).toMatchObject({ code: 'rate_limited', status: 429 });
          expect((one as LatchkeyError).retryAfterMs).toBeGreaterThan(0);
        }
      },
      { pace: false },
    ));

  it('can be another', async () => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const grant = await rested(all, clock);
        const calls = Array.from({ length: 3 }, () => outcome(all.provider.account(grant)));
        await Promise.all(calls.slice(0, 2));
        await clock.advance(999);
        expect(all.emulator.requests).toHaveLength(2);
        await clock.advance(1);
        expect(await Promise.all(calls)).toEqual(['answered', 'answered', 'answered']);
      },
      { clock, pace: { requests: 2, perMs: 1000 } },
    );
  });

  it('X7: is kept together by providers that have a store in common', async () => {
    const clock = virtualClock();
    const pace = { requests: 3, perMs: 5000, store: memoryStore({ clock }) };
    await emulated(
      async (all) => {
        const { provider, emulator } = all;
        const grant = await rested(all, clock);
        const { origin, accountAlias } = emulator;
        const other = cryptlex({ accountAlias, origin, clock, pace });
        const calls = [1, 2].flatMap(() => [outcome(provider.account(grant)), outcome(other.account(grant))]);
        await Promise.all(calls.slice(0, 3));
        await clock.advance(4999);
        expect(emulator.requests).toHaveLength(3);
        emulator.advance(5200);
        await clock.advance(200);
        expect(await Promise.all(calls)).toEqual(['answered', 'answered', 'answered', 'answered']);
        await other.upstream.close();
      },
      { clock, pace },
    );
  });

  it('leaves half of itself to calls, whatever signs in', async () => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const { provider, emulator, credentials } = all;
        const grant = await rested(all, clock);
        const signIns = Array.from({ length: 40 }, () => outcome(provider.signIn(credentials)));
        await Promise.all(signIns.slice(0, 22));
        expect(await outcome(provider.account(grant))).toBe('answered');
        expect(emulator.requests.filter(({ method }) => method === 'POST')).toHaveLength(22);
        emulator.advance(5000);
        await clock.advance(5000);
        await Promise.all(signIns);
      },
      { clock },
    );
  });

  it('lets a renewal go first', async () => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const { provider, emulator } = all;
        const grant = await rested(all, clock);
        await provider.verify(grant.accessToken);
        const waiting = [provider.verify(grant.accessToken), provider.renew(grant)] as const;
        await clock.advance(1000);
        await waiting[1];
        expect(emulator.requests.map(({ path }) => path)).toEqual([
          '/v3/me',
          '/v3/accounts/login-refresh-token',
        ]);
        await clock.advance(1000);
        expect(await waiting[0]).toBeDefined();
      },
      { clock, pace: { requests: 1, perMs: 1000 } },
    );
  });
});

describe('a 429', () => {
  it.each(['text', 'json'] as const)('as %s tells a client how long to wait', (rateLimitBody) =>
    emulated(
      async (all) => {
        const { accessToken } = await rested(all);
        const { me } = cryptlexClient(staticTokenSource(accessToken, all.provider));
        all.emulator.set({ rateLimit: { requests: 1, perMs: 5000 }, rateLimitBody });
        expect(await outcome(me())).toBe('answered');
        const refused = await outcome(me());
        expect(refused).toMatchObject({ code: 'rate_limited', status: 429 });
        const { retryAfterMs } = refused as LatchkeyError;
        expect(retryAfterMs).toBeGreaterThan(0);
        expect(retryAfterMs).toBeLessThanOrEqual(5000);
      },
      { pace: false },
    ),
  );

  it('without Retry-After tells it by X-Rate-Limit-Reset, on the clock of the provider', async () => {
    const clock = virtualClock();
    // An hour behind this machine.
    const reset = new Date(clock.now() - 3_600_000 + 3500).toISOString();
    const server = createServer((_, response) => {
      response
        .writeHead(429, {
          date: new Date(clock.now() - 3_600_000).toUTCString(),
          'x-rate-limit-limit': '5s',
          'x-rate-limit-reset': reset,
        })
        .end('quota exceeded');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = cryptlex({ accountAlias: 'a', origin, clock, pace: false });
    const source = staticTokenSource('t', origin);
    const grant = { provider: 'cryptlex', accessToken: 't', refreshToken: 'r', issuedAt: 0 };
    const credentials = { email: 'a@example.com', password: 'sample-password' };
    try {
      const calls: (() => Promise<unknown>)[] = [
        () => provider.signIn(credentials),
        () => provider.renew(grant),
        () => provider.account(grant),
        () => provider.verify('t'),
        () => provider.entitlements(source),
        () => cryptlexClient(source, { clock, pace: false }).licenses().toArray(),
      ];
      for (const call of calls)
        // Half a second less than it is: `Date` has whole seconds, and may have been written at the end of one.
        expect(await outcome(call())).toEqual({ code: 'rate_limited', status: 429, retryAfterMs: 3000 });
    } finally {
      await provider.upstream.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it('is kept by a client with connections of its own as well', async () => {
    const clock = virtualClock();
    await emulated(
      async (all) => {
        const { accessToken } = await rested(all, clock);
        const client = cryptlexClient(staticTokenSource(accessToken, all.emulator.origin), { clock });
        const calls = Array.from({ length: 50 }, () => outcome(client.me()));
        await Promise.all(calls.slice(0, 45));
        expect(all.emulator.requests).toHaveLength(45);
        await client.close();
        expect(await calls[49]).toMatchObject({ code: 'closed' });
      },
      { clock },
    );
  });
});
