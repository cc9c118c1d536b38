import { describe, expect, it } from 'vitest';
import { LatchkeyError, memoryStore, type Store } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { hour, meddledStore, sessionWorld } from './session-fixtures.js';

const failures = [
  ['a LatchkeyError', () => new LatchkeyError('store_error')],
  [
    'an error of a driver',
    () => Object.assign(new Error('connect ECONNREFUSED user:canary@10.0.0.1'), { code: 'X' }),
  ],
  ['a text', () => 'text'],
  ['undefined', () => undefined],
] as const;
type Method = Exclude<keyof Store, 'close'>;

/** The methods that each of these cannot do without. */
const needs: Record<'signIn' | 'get' | 'renewal' | 'signOut' | 'signOutEverywhere', readonly Method[]> = {
  signIn: ['get', 'set', 'replace', 'take'],
  get: ['getMany'],
  renewal: ['getMany', 'lease'],
  signOut: ['get', 'delete'],
  signOutEverywhere: ['delete'],
};
const cases = Object.entries(needs).flatMap(([action, needed]) =>
  needed.flatMap((method) => failures.map(([what, failure]) => ({ action, method, what, failure }))),
);

describe('sessions over a store that fails', () => {
  it.each(cases)(
    'S10: $action fails closed where $method fails with $what',
    async ({ action, method, failure }) => {
      const clock = virtualClock();
      const store = meddledStore(memoryStore({ clock }));
      const { acme, sessions, signedIn, told } = sessionWorld({ clock, store, renewable: true });
      const id = action === 'signIn' ? '' : await signedIn();
      if (action === 'renewal') await clock.advance(hour);
      const before = acme.calls.length;
      store.before = (asked) => {
        if (asked === method) throw failure();
      };
      const actions: Record<string, () => Promise<unknown>> = {
        signIn: () => sessions.signIn('acme', anna, { client: '192.0.2.1' }),
        get: () => sessions.get(id),
        renewal: () => sessions.get(id),
        signOut: () => sessions.signOut(id),
        signOutEverywhere: () => sessions.signOutEverywhere({ provider: 'acme', subject: anna.email }),
      };
      const error = await failureOf(actions[action]!());
      expect(error).toMatchObject({ code: 'store_error', retryable: true });
      expect(told()).not.toContain(action === 'signIn' ? 'session-start' : 'session-end');
      expect(acme.calls.length - before).toBe(action === 'signIn' && method !== 'take' ? 1 : 0);
      // When it is back, so are the sessions.
      store.before = () => {};
      await clock.advance(1_000); // for so long a failed renewal is told again
      if (action === 'get' || action === 'renewal') expect(await sessions.get(id)).toBeDefined();
      if (action === 'signIn') expect(await sessions.signIn('acme', anna)).toBeDefined();
    },
  );

  it('S10: a store without getMany does', async () => {
    const clock = virtualClock();
    const { getMany: _, ...base } = memoryStore({ clock });
    const store: Store = base;
    const { sessions, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    expect(await sessions.get(id)).toBeDefined();
    await sessions.signOutEverywhere({ provider: 'acme', subject: anna.email });
    expect(await sessions.get(id)).toBeUndefined();
  });

  it('a full session space refuses new sign-ins, and ends no session', async () => {
    const clock = virtualClock();
    const { sessions, signedIn } = sessionWorld({ clock, store: memoryStore({ clock, maxEntries: 3 }) });
    const ids = [await signedIn(), await signedIn(), await signedIn()];
    expect(await failureOf(signedIn())).toMatchObject({ code: 'store_error' });
    for (const id of ids) expect(await sessions.get(id)).toBeDefined();
    await sessions.signOut(ids[0]!);
    expect(await signedIn()).toHaveLength(43);
  });

  it('S10: signing out everywhere ends the sessions that this process knows, whatever the store says', async () => {
    const clock = virtualClock();
    const store = meddledStore(memoryStore({ clock }));
    const { sessions, signedIn } = sessionWorld({ clock, store });
    const session = (await sessions.get(await signedIn()))!;
    store.before = () => {
      throw new Error('connection lost');
    };
    expect(await failureOf(sessions.signOutEverywhere(session.identity))).toMatchObject({
      code: 'store_error',
    });
    expect(await failureOf(session.source.getToken())).toMatchObject({ code: 'not_signed_in' });
  });
});
