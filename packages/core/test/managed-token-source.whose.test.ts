import { describe, expect, it } from 'vitest';
import { memoryStore, tokenSource } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, bert, controlledProvider, gives, type TestCredentials } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { managed, watched } from './managed.js';

/** A source whose credentials change, from anna's to those that `become` says. */
function changing(settings: Parameters<typeof managed>[0] = {}) {
  let credentials = anna;
  const set = managed({ ...settings, credentials: () => credentials });
  return {
    ...set,
    become(other: TestCredentials, { refreshed = true } = {}) {
      credentials = other;
      if (refreshed) set.source.refreshCredentials();
    },
    whose: () => set.acme.calls.map(({ kind, email }) => `${kind} ${email}`),
  };
}

describe('credentials that become those of another user', () => {
  it('T7: nobody is given a token of the first from then on, however many call', async () => {
    const { clock, acme, source, become } = changing();
    await source.getToken();
    become(bert);
    acme.settings.answer = undefined;
    expect(source.peek()).toBeUndefined();
    const calls = [watched(source.getToken()), watched(source.getToken())];
    await clock.advance(0);
    expect(source.peek()).toBeUndefined();
    calls.push(watched(source.getToken()), watched(source.getToken()));
    await clock.advance(0);
    expect(calls.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    acme.pending.give();
    await clock.advance(0);
    expect(new Set(calls.map(({ value }) => value))).toEqual(new Set(['acme-access-2']));
    expect(acme.calls[1]?.email).toBe(bert.email);
  });

  it('T7: not even where the login of the second fails', async () => {
    const { clock, acme, source, become, whose } = changing();
    const first = await source.getToken();
    become(bert);
    acme.settings.answer = (call) => call.fail('upstream_unavailable');
    expect((await failureOf(source.getToken())).code).toBe('upstream_unavailable');
    expect(source.peek()).toBeUndefined();
    expect((await failureOf(source.getToken())).code).toBe('upstream_unavailable');
    acme.settings.answer = gives;
    await clock.advance(1_000);
    expect((await source.getToken()).value).not.toBe(first.value);
    expect(new Set(whose().slice(1))).toEqual(new Set([`sign-in ${bert.email}`]));
  });

  it('T7: nor where the second is refused, and the first comes back to the own token', async () => {
    const { acme, source, become, whose } = changing();
    const first = await source.getToken();
    become(bert);
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    expect((await failureOf(source.getToken())).code).toBe('invalid_credentials');
    become(anna);
    expect(await source.getToken()).toBe(first);
    expect(whose()).toEqual([`sign-in ${anna.email}`, `sign-in ${bert.email}`]);
  });

  it.each([{ fails: false }, { fails: true }])(
    'T7: the refresh token of the first is not used for the second, whose login fails first: $fails',
    async ({ fails }) => {
      const { clock, acme, source, become, whose } = changing({ renewable: true });
      const first = await source.getToken();
      source.accepted(first);
      become(bert);
      if (fails) {
        acme.settings.answer = (call) => call.fail('upstream_unavailable');
        await failureOf(source.getToken({ rejected: first }));
        await clock.advance(1_000);
        acme.settings.answer = gives;
      }
      await source.getToken({ rejected: first });
      expect(new Set(whose().slice(1))).toEqual(new Set([`sign-in ${bert.email}`]));
      const renewed = await source.getToken({ rejected: source.peek()! });
      expect(whose().at(-1)).toBe(`renewal ${bert.email}`);
      expect(renewed).toBe(source.peek());
    },
  );

  it.each([{ renewable: true }, { renewable: false, ignoresSignal: true }])(
    'T7: a token of the first that comes only then is not given: %j',
    async (settings) => {
      const { clock, acme, source, become } = changing(settings);
      const token = await source.getToken();
      await clock.advance(5_000);
      acme.settings.answer = undefined;
      const before = watched(source.getToken({ rejected: token }));
      await clock.advance(0);
      become(bert);
      acme.pending.give();
      await clock.advance(0);
      expect(source.peek()).toBeUndefined();
      const after = watched(source.getToken());
      await clock.advance(1_000);
      expect(acme.pending).toMatchObject({ kind: 'sign-in', email: bert.email });
      acme.pending.give();
      await clock.advance(0);
      expect([before.value, after.value]).toEqual(['acme-access-3', 'acme-access-3']);
    },
  );

  it('T7: without being told, the source sees it at its next login', async () => {
    const { clock, acme, source, become } = changing();
    const first = await source.getToken();
    become(bert, { refreshed: false });
    expect(await source.getToken()).toBe(first);
    await clock.advance(3_600_000);
    await source.getToken();
    expect(acme.calls[1]?.email).toBe(bert.email);
  });

  it('T7: the hold of the first is not that of the second, nor the other way round', async () => {
    const { acme, source, become, whose } = changing({ answer: (call) => call.fail('invalid_credentials') });
    await failureOf(source.getToken());
    await failureOf(source.getToken());
    become(bert, { refreshed: false });
    acme.settings.answer = gives;
    expect((await source.getToken()).value).toBe('acme-access-1');
    expect(whose()).toEqual([`sign-in ${anna.email}`, `sign-in ${bert.email}`]);
  });

  it.each([{ lifetimeMs: 3_600_000 }, { lifetimeMs: 1_000 }])(
    'T7: the place of the first in a store is not that of the second, lifetime $lifetimeMs ms',
    async ({ lifetimeMs }) => {
      const clock = virtualClock();
      const store = memoryStore({ clock });
      const { acme, source, become, whose, another } = changing({
        clock,
        store,
        lifetimeMs,
        renewable: true,
      });
      const first = await source.getToken();
      await clock.advance(1_000);
      become(bert);
      acme.settings.answer = (call) => call.fail('upstream_unavailable');
      await failureOf(source.getToken());
      acme.settings.answer = gives;
      await clock.advance(1_000);
      const second = await source.getToken();
      expect(second.value).not.toBe(first.value);
      expect(new Set(whose().slice(1))).toEqual(new Set([`sign-in ${bert.email}`]));
      expect((await another(bert).getToken()).value).toBe(second.value);
      if (lifetimeMs > 10_000) expect((await another(anna).getToken()).value).toBe(first.value);
    },
  );
});

describe('sources of one store', () => {
  const clock = virtualClock();

  it.each<[what: string, other: TestCredentials, at?: { name?: string; account?: string }]>([
    ['user', { ...anna, email: 'ann@example.com' }],
    ['password', { ...anna, password: 'correct-horse-2' }],
    ['user by case', { ...anna, email: 'Anna@example.com' }],
    ['audience', anna, { account: 'other' }],
    ['provider', anna, { name: 'other' }],
  ])('T7: share nothing where they differ in the %s', async (_what, credentials, at = {}) => {
    const store = memoryStore({ clock });
    const acme = controlledProvider({ clock });
    const other = controlledProvider({ clock, ...at });
    const first = watched(tokenSource(acme.provider, anna, { store }).getToken());
    const second = watched(tokenSource(other.provider, credentials, { store }).getToken());
    await clock.advance(0);
    // Neither waits for the lease of the other.
    expect([acme.calls, other.calls].map(({ length }) => length)).toEqual([1, 1]);
    acme.pending.fail('invalid_credentials');
    await clock.advance(0);
    expect(first.state).toBe('failed');
    other.pending.give({ accessToken: 'of the other'.replaceAll(' ', '-') });
    await clock.advance(0);
    expect(second.value).toBe('of-the-other');
    const again = tokenSource(acme.provider, anna, { store });
    again.refreshCredentials();
    const third = watched(again.getToken());
    await clock.advance(0);
    expect(third.state).toBe('waiting');
    acme.pending.give();
    await clock.advance(0);
    expect(third.value).toBe('acme-access-1');
  });

  it('T7: share token and login where they differ in what works once only', async () => {
    const store = memoryStore({ clock });
    const acme = controlledProvider({ clock });
    const sources = ['1', '2', undefined].map((code) =>
      tokenSource(acme.provider, { ...anna, code }, { store }),
    );
    const calls = sources.map((source) => watched(source.getToken()));
    await clock.advance(0);
    acme.pending.give();
    await clock.advance(1_000);
    expect(calls.map(({ value }) => value)).toEqual(Array(3).fill('acme-access-1'));
    expect(acme.calls).toHaveLength(1);
  });
});
