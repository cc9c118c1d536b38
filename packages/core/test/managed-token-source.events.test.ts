import { describe, expect, it } from 'vitest';
import { memoryStore, type LatchkeyEvent, type Store } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, type ProviderCall } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { managed, watched, type Managed } from './managed.js';

const fails = (call: ProviderCall) => call.fail('upstream_unavailable');
const refuses = (call: ProviderCall) => call.fail('invalid_credentials');
const started = virtualClock().now();

/** Has the provider answer after so many milliseconds. */
async function after({ clock, acme }: Managed, ms: number, answer: (call: ProviderCall) => void) {
  acme.settings.answer = undefined;
  await clock.advance(ms);
  answer(acme.pending);
  await clock.advance(0);
}

describe('the events of a token source', () => {
  it('tell once of each login, with the time it took', async () => {
    const set = managed({ answer: undefined });
    Array.from({ length: 10 }, () => watched(set.source.getToken()));
    await after(set, 250, (call) => call.give());
    expect(set.events).toEqual([{ type: 'sign-in', at: started + 250, provider: 'acme', durationMs: 250 }]);
  });

  it('tell once of each renewal with a refresh token', async () => {
    const set = managed({ renewable: true });
    const token = await set.source.getToken();
    set.acme.settings.answer = undefined;
    Array.from({ length: 10 }, () => watched(set.source.getToken({ rejected: token })));
    await after(set, 100, (call) => call.give());
    expect(set.events.slice(1)).toEqual([
      { type: 'rejected', at: started, provider: 'acme', code: 'token_rejected' },
      { type: 'renewal', at: started + 100, provider: 'acme', durationMs: 100 },
    ]);
  });

  it('tell of a refused login, and of the hold', async () => {
    const set = managed({ answer: undefined });
    const call = watched(set.source.getToken());
    await after(set, 10, refuses);
    expect(call.state).toBe('failed');
    for (let times = 0; times < 10; times += 1) await failureOf(set.source.getToken());
    const known = { at: started + 10, provider: 'acme', code: 'invalid_credentials' };
    expect(set.events).toEqual([
      { type: 'sign-in-refused', ...known, durationMs: 10 },
      { type: 'hold', ...known, holdMs: 60_000 },
    ]);
  });

  it('tell of a login that failed, and not of those that failed alike', async () => {
    const { source, events } = managed({ answer: fails });
    for (let times = 0; times < 10; times += 1) await failureOf(source.getToken());
    const known = { provider: 'acme', at: started, durationMs: 0, code: 'upstream_unavailable' };
    expect(events).toEqual(Array(2).fill({ type: 'renewal-failed', ...known }));
  });

  it('tell of a renewal that failed, and of the login that came in its place', async () => {
    const { acme, source, events } = managed({ renewable: true });
    const token = await source.getToken();
    acme.settings.answer = (call) => (call.kind === 'renewal' ? call.fail('token_rejected') : call.give());
    await source.getToken({ rejected: token });
    expect(events.map(({ type, code }) => [type, code])).toEqual([
      ['sign-in', undefined],
      ['rejected', 'token_rejected'],
      ['renewal-failed', 'token_rejected'],
      ['sign-in', undefined],
    ]);
  });

  it('tell of a renewal in the background that failed', async () => {
    const set = managed();
    await set.source.getToken();
    set.acme.settings.answer = fails;
    await set.clock.advance(3_540_000);
    await set.source.getToken();
    await set.clock.advance(0);
    expect(set.events.map(({ type }) => type)).toEqual(['sign-in', 'renewal-failed']);
  });

  it('tell once of a token that was refused, however many report it and whenever', async () => {
    const { source, eventsOf, clock } = managed();
    const token = await source.getToken();
    await Promise.all([1, 2, 3].map(() => source.getToken({ rejected: token })));
    await clock.advance(5_000);
    await source.getToken({ rejected: token });
    expect(eventsOf('rejected')).toHaveLength(1);
  });

  it('tell of the hold of tokens that are refused at once', async () => {
    const { source, eventsOf } = managed();
    const token = await source.getToken({ rejected: await source.getToken() });
    await failureOf(source.getToken({ rejected: token }));
    await failureOf(source.getToken());
    expect(eventsOf('hold')).toEqual([
      { type: 'hold', at: started, provider: 'acme', code: 'token_rejected', holdMs: 60_000 },
    ]);
    expect(eventsOf('rejected')).toHaveLength(2);
  });

  it('tell nothing of a login that was given up', async () => {
    const { clock, source, events } = managed({ answer: undefined });
    const controller = new AbortController();
    const call = watched(source.getToken({ signal: controller.signal }));
    await clock.advance(0);
    controller.abort();
    await clock.advance(0);
    expect(call.state).toBe('failed');
    expect(events).toEqual([]);
  });

  it('tell of each time the store was done without', async () => {
    const clock = virtualClock();
    const down = () => Promise.reject(new Error(`the store is down: ${anna.password}`));
    const store: Store = { ...memoryStore({ clock }), getMany: down, replace: down, lease: down };
    const { source, events } = managed({ clock, store });
    await source.getToken();
    expect(events.map(({ type, code }) => [type, code])).toEqual([
      ['store-fallback', 'internal_error'],
      ['store-fallback', 'internal_error'],
      ['store-fallback', 'internal_error'],
      ['sign-in', undefined],
      ['store-fallback', 'internal_error'],
    ]);
    expect(JSON.stringify(events)).not.toContain(anna.password);
  });

  it('F3: have no secret and no e-mail address in any of them', async () => {
    const clock = virtualClock();
    const { acme, source, events } = managed({ clock, store: memoryStore({ clock }), renewable: true });
    let token = await source.getToken();
    token = await source.getToken({ rejected: token });
    acme.settings.answer = (call) =>
      call.fail(new Error(`${call.email} ${call.password} ${call.refreshToken} ${token.value}`));
    await failureOf(source.getToken({ rejected: token }));
    acme.settings.answer = refuses;
    source.refreshCredentials();
    await clock.advance(3_600_000);
    await failureOf(source.getToken());
    expect(new Set(events.map(({ type }) => type))).toEqual(
      new Set(['sign-in', 'sign-in-refused', 'renewal', 'rejected', 'hold', 'renewal-failed']),
    );
    expect(JSON.stringify(events)).not.toMatch(/acme-(access|refresh)-|correct-horse|@/);
    for (const event of events) {
      const known = ['type', 'at', 'provider', 'durationMs', 'code', 'holdMs'];
      expect(Object.keys(event).filter((field) => !known.includes(field))).toEqual([]);
    }
  });

  it.each<[string, (event: LatchkeyEvent) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('my own fault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('my own fault'))],
  ])('disturb nothing where the listener %s', async (_what, listener) => {
    const onEvent = listener;
    const unhandled = await unhandledDuring(async () => {
      const { acme, clock, source } = managed({ options: { onEvent } });
      const token = await source.getToken();
      const second = await source.getToken({ rejected: token });
      expect(second.value).toBe('acme-access-2');
      acme.settings.answer = refuses;
      source.accepted(second);
      await clock.advance(1_000);
      await failureOf(source.getToken({ rejected: second }));
      expect((await failureOf(source.getToken())).code).toBe('invalid_credentials');
      await source.close();
    });
    expect(unhandled).toEqual([]);
  });
});
