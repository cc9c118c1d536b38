import { describe, expect, it } from 'vitest';
import { memoryStore, type Store, type TokenSource } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, gives } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { afterTwoLogins, managed, watched } from './managed.js';

const closedError = { code: 'closed', actor: 'service', provider: 'acme', retryable: false };

/** Whether a promise has settled, looked at without waiting. */
function following(promise: Promise<unknown>): { readonly isDone: boolean } {
  const state = { isDone: false };
  promise.finally(() => (state.isDone = true)).catch(() => {});
  return state;
}

async function expectClosed(source: TokenSource) {
  expect(await failureOf(source.getToken())).toMatchObject(closedError);
  expect(source.peek?.()).toBeUndefined();
}

describe('closing a token source', () => {
  it('T13: gives no tokens afterwards, not even one at hand, and sends nothing', async () => {
    const { acme, source, events } = managed();
    const token = await source.getToken();
    await source.close();
    await expectClosed(source);
    await expectClosed(source);
    expect(await failureOf(source.getToken({ rejected: token }))).toMatchObject(closedError);
    expect(await failureOf(source.account())).toMatchObject(closedError);
    source.accepted(token);
    source.refreshCredentials();
    await expectClosed(source);
    expect(acme.calls).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it('T13: twice is fine, one after the other and at once, and before the first call', async () => {
    const { acme, source } = managed({ answer: undefined });
    const call = watched(source.getToken());
    await Promise.all([source.close(), source.close()]);
    await source.close();
    expect(call.error).toMatchObject(closedError);
    const unused = managed();
    await unused.source.close();
    await expectClosed(unused.source);
    expect(unused.acme.calls).toEqual([]);
    expect(acme.calls).toEqual([]);
  });

  it('T13: is what `await using` does', async () => {
    const { source } = managed();
    {
      await using used = source;
      await used.getToken();
    }
    await expectClosed(source);
  });

  it('T13: whoever is aborted already is told that, not that it was closed', async () => {
    const { source } = managed();
    await source.close();
    await expect(source.getToken({ signal: AbortSignal.abort('mine') })).rejects.toBe('mine');
  });

  it('T13: during a login tells all who wait at once, and aborts the login', async () => {
    const { clock, acme, source } = managed({ answer: undefined });
    const unhandled = await unhandledDuring(async () => {
      const calls = [
        watched(source.getToken()),
        watched(source.getToken({ signal: new AbortController().signal })),
      ];
      await clock.advance(1_000);
      const { signal } = acme.pending;
      await source.close();
      await clock.advance(0);
      for (const { error } of calls) expect(error).toMatchObject(closedError);
      expect(signal?.aborted).toBe(true);
      expect(acme.open).toEqual([]);
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });

  it('T13: a login that finishes after it brings nothing back', async () => {
    const { clock, acme, source, events } = managed({ answer: undefined, ignoresSignal: true });
    const call = watched(source.getToken());
    await clock.advance(0);
    const closed = following(source.close());
    await clock.advance(0);
    expect(call.error).toMatchObject(closedError);
    await expectClosed(source);
    acme.pending.give();
    await clock.advance(10_000);
    expect(closed.isDone).toBe(true);
    await expectClosed(source);
    expect(events).toEqual([]);
  });

  it('T13: a login that finishes after it brings nothing into a store, either', async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    const { acme, source, another } = managed({ clock, store, answer: undefined, ignoresSignal: true });
    source.getToken().catch(() => {});
    await clock.advance(0);
    source.close().catch(() => {});
    acme.pending.give();
    await clock.advance(10_000);
    const next = watched(another().getToken());
    await clock.advance(0);
    expect(acme.calls).toHaveLength(2);
    acme.pending.give();
    await clock.advance(0);
    expect(next.value).toBe('acme-access-2');
  });

  it('T13: is not held up by a login that never ends', async () => {
    const { clock, source } = managed({ answer: undefined, ignoresSignal: true });
    source.getToken().catch(() => {});
    await clock.advance(0);
    const closed = following(source.close());
    await clock.advance(60_000);
    expect(closed.isDone).toBe(true);
  });

  it('T13: is not held up by a function that never gives the credentials', async () => {
    const { clock, source } = managed({ credentials: () => new Promise(() => {}) });
    const call = watched(source.getToken());
    await clock.advance(0);
    const closed = following(source.close());
    await clock.advance(60_000);
    expect(call.error).toMatchObject(closedError);
    expect(closed.isDone).toBe(true);
  });

  it('T13: in the turn of the first call sends nothing', async () => {
    const { clock, acme, source } = managed();
    const call = watched(source.getToken());
    await source.close();
    await clock.advance(0);
    expect(call.error).toMatchObject(closedError);
    expect(acme.calls).toEqual([]);
  });

  it('T13: in the turn in which a token is refused sends no renewal', async () => {
    const { clock, acme, source } = managed({ renewable: true });
    const token = await source.getToken();
    const call = watched(source.getToken({ rejected: token }));
    await source.close();
    await clock.advance(0);
    expect(call.error).toMatchObject(closedError);
    expect(acme.renewals).toEqual([]);
  });

  it('T13: during a renewal in the background waits for that, and is no unhandled rejection', async () => {
    const { clock, acme, source } = managed({ renewable: true });
    const unhandled = await unhandledDuring(async () => {
      await source.getToken();
      acme.settings.answer = undefined;
      await clock.advance(3_540_000);
      await source.getToken();
      await clock.advance(0);
      expect(acme.pending.kind).toBe('renewal');
      const closed = following(source.close());
      await clock.advance(10_000);
      expect(closed.isDone).toBe(false);
      acme.pending.fail('timeout');
      await clock.advance(0);
      expect(closed.isDone).toBe(true);
    });
    expect(unhandled).toEqual([]);
    expect(clock.sleepers).toBe(0);
  });

  it.each([{ renewable: false }, { renewable: true }])(
    'T13: while it waits for the floor sends nothing, and leaves nobody asleep, renewable: $renewable',
    async (settings) => {
      const { clock, acme, source } = managed(settings);
      const second = await afterTwoLogins(source);
      const third = settings.renewable ? await source.getToken({ rejected: second }) : second;
      source.accepted(third);
      const sent = acme.calls.length;
      const call = watched(source.getToken({ rejected: third }));
      await clock.advance(500);
      expect(call.state).toBe('waiting');
      expect(clock.sleepers).toBe(1);
      const closed = following(source.close());
      await clock.advance(0);
      expect(call.error).toMatchObject(closedError);
      expect(clock.sleepers).toBe(0);
      expect(closed.isDone).toBe(true);
      await clock.advance(10_000);
      expect(acme.calls).toHaveLength(sent);
    },
  );

  it('T13: during the back-off leaves nobody asleep', async () => {
    const { clock, acme, source } = managed();
    const token = await source.getToken();
    acme.settings.answer = (call) => call.fail('upstream_unavailable');
    await clock.advance(3_540_000);
    expect(await source.getToken()).toBe(token);
    await clock.advance(10);
    expect(clock.sleepers).toBe(0);
    await source.close();
    await clock.advance(100_000);
    expect(acme.calls).toHaveLength(2);
    await expectClosed(source);
  });
});

describe('closing a token source with a store', () => {
  function stored(settings: Parameters<typeof managed>[0] = {}) {
    const clock = virtualClock();
    return managed({ clock, store: memoryStore({ clock }), answer: undefined, ...settings });
  }

  it('T13: while another has the lease, leaves at once, and the other is not disturbed', async () => {
    const { clock, acme, source, another } = stored();
    const holder = another();
    const theirs = watched(holder.getToken());
    await clock.advance(0);
    const mine = watched(source.getToken());
    await clock.advance(1_000);
    expect(clock.sleepers).toBe(2);
    const closed = following(source.close());
    await clock.advance(0);
    expect(closed.isDone).toBe(true);
    expect(mine.error).toMatchObject(closedError);
    expect(clock.sleepers).toBe(1);
    const third = watched(another().getToken());
    await clock.advance(10_000);
    acme.pending.give();
    await clock.advance(1_000);
    expect([theirs.value, third.value]).toEqual(['acme-access-1', 'acme-access-1']);
    expect(acme.calls).toHaveLength(1);
    expect(clock.sleepers).toBe(0);
  });

  it('T13: releases the lease, so that the next one need not wait for its end', async () => {
    const { clock, acme, source, another } = stored();
    source.getToken().catch(() => {});
    await clock.advance(0);
    await source.close();
    expect(clock.sleepers).toBe(0);
    const next = watched(another().getToken());
    await clock.advance(0);
    acme.pending.give();
    await clock.advance(0);
    expect(next.value).toBe('acme-access-1');
  });

  it('T3: waits until a renewal that was sent has been published, too', async () => {
    const clock = virtualClock();
    const quick = memoryStore({ clock });
    const slow: Store = {
      ...quick,
      async replace(...call) {
        await clock.sleep(100);
        return quick.replace(...call);
      },
    };
    const { acme, source, another } = managed({ clock, store: slow, renewable: true });
    const first = watched(source.getToken());
    await clock.advance(100);
    acme.settings.answer = undefined;
    const call = watched(source.getToken({ rejected: first.token }));
    await clock.advance(0);
    const closed = following(source.close());
    await clock.advance(1_000);
    expect(call.error).toMatchObject(closedError);
    acme.pending.give();
    await clock.advance(99);
    expect(closed.isDone).toBe(false);
    await clock.advance(1);
    expect(closed.isDone).toBe(true);
    expect((await another(anna).getToken()).value).toBe('acme-access-2');
    expect(clock.sleepers).toBe(0);
  });

  it.each(['getMany', 'lease', 'replace'] as const)(
    'T13: is not held up for long by a store that never answers: %s',
    async (method) => {
      const clock = virtualClock();
      const store: Store = { ...memoryStore({ clock }), [method]: () => new Promise(() => {}) };
      const { source } = managed({ clock, store });
      const call = watched(source.getToken());
      await clock.advance(0);
      const closed = following(source.close());
      await clock.advance(0);
      expect(call.error).toMatchObject(closedError);
      await clock.advance(15_000);
      expect(closed.isDone).toBe(true);
      expect(clock.sleepers).toBe(0);
    },
  );

  it('T3: a renewal that was sent is published when it comes, though the source is closed', async () => {
    const { clock, acme, source, another } = stored({ renewable: true, answer: gives });
    const token = await source.getToken();
    acme.settings.answer = undefined;
    const call = watched(source.getToken({ rejected: token }));
    await clock.advance(0);
    const closed = following(source.close());
    await clock.advance(1_000);
    expect(call.error).toMatchObject(closedError);
    expect(closed.isDone).toBe(false);
    acme.pending.give();
    await clock.advance(0);
    expect(closed.isDone).toBe(true);
    expect((await another(anna).getToken()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
    expect(clock.sleepers).toBe(0);
  });
});
