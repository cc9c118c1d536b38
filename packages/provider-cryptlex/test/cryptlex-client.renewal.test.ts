import {
  authorizedFetch,
  createToken,
  isLatchkeyError,
  tokenSource,
  type LatchkeyEvent,
} from '@latchkey/core';
import { virtualClock } from '@latchkey/core/testing';
import { describe, expect, it, vi } from 'vitest';
import { cryptlexClient } from '../src/index.js';
import { emulated, type Emulated } from './emulated.js';

const many = 'many@example.com';

/** A source for the user with 237 licences, and a client over it. */
function walking({ provider, credentialsOf }: Emulated, onEvent?: (event: LatchkeyEvent) => void) {
  const source = tokenSource(provider, credentialsOf(many), { onEvent });
  return { source, client: cryptlexClient(source) };
}

const logins = ({ emulator }: Emulated) =>
  emulator.requests.filter(({ path }) => path.startsWith('/v3/accounts/')).map(({ path }) => path);

describe('a client over a token source', () => {
  it('T2: a 401 in the middle of a walk costs one renewal and loses no licence', () =>
    emulated(async (given) => {
      const { emulator } = given;
      const { source, client } = walking(given);
      const all = (await client.licenses().toArray()).map(({ id }) => id);
      expect(new Set(all).size).toBe(237);
      emulator.requests.length = 0;
      const seen: string[] = [];
      for await (const { id } of client.licenses({ pageSize: 50 })) {
        seen.push(id);
        if (seen.length === 120) emulator.revokeTokens();
      }
      expect(seen).toEqual(all);
      expect(logins(given)).toHaveLength(1);
      await source.close();
    }));

  it('T2: fifty walks whose token ends in the middle cost one renewal', () =>
    emulated(
      async (given) => {
        const { emulator } = given;
        const { source, client } = walking(given);
        await source.getToken();
        emulator.requests.length = 0;
        let seen = 0;
        const walks = Array.from({ length: 50 }, async () => {
          const ids = new Set<string>();
          for await (const { id } of client.licenses({ pageSize: 60 })) {
            ids.add(id);
            seen += 1;
            if (seen === 3_000) emulator.revokeTokens();
          }
          return ids.size;
        });
        expect(await Promise.all(walks)).toEqual(Array(50).fill(237));
        expect(logins(given)).toHaveLength(1);
        await source.close();
      },
      { pace: false },
    ));

  it('T4: nobody waits for a renewal ahead of time, which uses the refresh token', () => {
    const clock = virtualClock({ startAt: Date.now() });
    return emulated(
      async (given) => {
        const { source, client } = walking(given);
        const { expiresAt } = await source.getToken();
        await clock.advance(expiresAt! - clock.now() - 1_000);
        const first = source.peek();
        given.emulator.requests.length = 0;
        await client.me();
        await vi.waitUntil(() => source.peek() !== first, { interval: 2, timeout: 5_000 });
        await client.me();
        const paths = given.emulator.requests.map(({ path }) => path);
        expect(paths.toSorted()).toEqual(['/v3/accounts/login-refresh-token', '/v3/me', '/v3/me']);
        const tokens = given.emulator.requests.map(({ headers }) => headers['authorization']);
        expect(tokens).toContain(`Bearer ${first!.value}`);
        await source.close();
      },
      { clock },
    );
  });

  it('T6: a password that is refused costs one login, however many call, and says whose it was', () =>
    emulated(async (given) => {
      const events: LatchkeyEvent[] = [];
      const source = tokenSource(
        given.provider,
        { ...given.credentials, password: 'wrong-password' },
        { onEvent: (event) => events.push(event) },
      );
      const client = cryptlexClient(source);
      for (let round = 0; round < 3; round += 1) {
        const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => client.me()));
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ reason: { code: 'invalid_credentials', actor: 'service' } });
        }
      }
      expect(logins(given)).toHaveLength(1);
      expect(events.map(({ type, code }) => [type, code])).toEqual([
        ['sign-in-refused', 'invalid_credentials'],
        ['hold', 'invalid_credentials'],
      ]);
      expect(JSON.stringify(events)).not.toContain('example.com');
      await source.close();
    }));

  it.each(['service', 'user'] as const)(
    'S9: a token that is refused twice is said to be of the %s',
    (actor) =>
      emulated(async ({ provider, emulator }) => {
        let given = 0;
        const { origin, upstream } = provider;
        const getToken = async () => createToken(`nonsense-${(given += 1)}`);
        const error: unknown = await cryptlexClient({ origin, upstream, actor, getToken })
          .me()
          .catch((thrown: unknown) => thrown);
        expect(isLatchkeyError(error, 'token_rejected') && error.actor).toBe(actor);
        expect(emulator.requests).toHaveLength(2);
      }),
  );

  it('T14: sign-ins, renewals and calls of one provider share its pace', () => {
    const clock = virtualClock({ startAt: Date.now() });
    return emulated(
      async (given) => {
        const { provider, credentialsOf, emulator } = given;
        const { source, client } = walking(given);
        const other = tokenSource(provider, credentialsOf('demo@example.com'));
        await source.getToken();
        await client.me();
        await other.getToken();
        await client.me();
        expect(emulator.requests).toHaveLength(4);
        const fifth = client.me();
        await clock.advance(4_999);
        expect(emulator.requests).toHaveLength(4);
        await clock.advance(1);
        await fifth;
        await Promise.all([source.close(), other.close()]);
      },
      { clock, pace: { requests: 4, perMs: 5_000 } },
    );
  });

  it('T8: authorizedFetch uses the same token', () =>
    emulated(async (given) => {
      const { source, client } = walking(given);
      const { email } = await client.me();
      const fetched = (await (await authorizedFetch(source)('/v3/me')).json()) as { email: string };
      expect(fetched.email).toBe(email);
      expect(logins(given)).toHaveLength(1);
      await source.close();
    }));

  it('tells the account of a source', () =>
    emulated(async (given) => {
      const { source } = walking(given);
      expect(await source.account()).toMatchObject({ email: many });
      given.emulator.revokeTokens();
      expect(await source.account()).toMatchObject({ email: many });
      expect(logins(given)).toHaveLength(2);
      await source.close();
    }));
});
