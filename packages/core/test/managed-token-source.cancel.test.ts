import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { gives } from './controlled-provider.js';
import { failureOf, unhandledDuring } from './failures.js';
import { managed, watched } from './managed.js';

/** A source whose provider waits for the test, and callers who can leave. */
function waiting(settings: Parameters<typeof managed>[0] = {}) {
  const set = managed({ answer: undefined, ...settings });
  const caller = (rejected = undefined as Awaited<ReturnType<typeof set.source.getToken>> | undefined) => {
    const controller = new AbortController();
    const call = watched(set.source.getToken({ signal: controller.signal, rejected }));
    return { call, leave: (reason?: unknown) => controller.abort(reason), signal: controller.signal };
  };
  return { ...set, caller };
}

describe('cancellation', () => {
  it.each<[string, unknown]>([
    ['a text', 'why'],
    ['an error', new RangeError('mine')],
    ['null', null],
    ['0', 0],
  ])('T3: aborting some rejects those alone, with their reason as it came: %s', async (_what, reason) => {
    const { clock, acme, caller } = waiting();
    const callers = Array.from({ length: 10 }, () => caller());
    await clock.advance(0);
    for (const one of callers.slice(0, 9)) one.leave(reason);
    await clock.advance(0);
    expect(callers.slice(0, 9).map(({ call }) => call.error)).toEqual(Array(9).fill(reason));
    expect(acme.pending.signal?.aborted).toBe(false);
    acme.pending.give();
    await clock.advance(0);
    expect(callers[9]?.call.value).toBe('acme-access-1');
    expect(acme.calls).toHaveLength(1);
  });

  it('T3: an abort without a reason rejects with the AbortError of the platform', async () => {
    const { clock, caller } = waiting();
    const { call, leave, signal } = caller();
    leave();
    await clock.advance(0);
    expect(call.error).toBe(signal.reason);
    expect(call.error).toMatchObject({ name: 'AbortError' });
  });

  it('T3: a login is aborted when nobody waits any more, and not before', async () => {
    const { clock, acme, caller } = waiting();
    const callers = [caller(), caller()];
    await clock.advance(0);
    const { signal } = acme.pending;
    callers[0]?.leave();
    await clock.advance(0);
    expect(signal?.aborted).toBe(false);
    callers[1]?.leave();
    await clock.advance(0);
    expect(signal?.aborted).toBe(true);
    expect(acme.open).toEqual([]);
  });

  it('T3: who waits without a signal keeps the login going', async () => {
    const { clock, acme, source, caller } = waiting();
    const stays = watched(source.getToken());
    const { leave } = caller();
    await clock.advance(0);
    leave();
    await clock.advance(0);
    acme.pending.give();
    await clock.advance(0);
    expect(stays.value).toBe('acme-access-1');
  });

  it.each([{ ignoresSignal: false }, { ignoresSignal: true }])(
    'T3: who comes just as the others leave gets a token, ignoresSignal: $ignoresSignal',
    async (settings) => {
      const { clock, acme, source, caller } = waiting(settings);
      const { leave } = caller();
      await clock.advance(0);
      leave('gone');
      const comes = watched(source.getToken());
      await clock.advance(0);
      for (let times = 0; times < 2; times += 1) {
        acme.open.forEach(gives);
        await clock.advance(0);
      }
      expect(comes.state).toBe('gave');
      expect(acme.calls).toHaveLength(2);
    },
  );

  it("T3: no caller's signal is handed to the provider", async () => {
    const { clock, acme, source, caller } = waiting({ renewable: true });
    const { call, signal } = caller();
    await clock.advance(0);
    expect(acme.pending.signal).toBeInstanceOf(AbortSignal);
    expect(acme.pending.signal).not.toBe(signal);
    acme.pending.give();
    await clock.advance(0);
    const second = caller(call.token);
    await clock.advance(0);
    expect(acme.pending.kind).toBe('renewal');
    expect(acme.pending.signal).toBeUndefined();
    acme.pending.give();
    await clock.advance(0);
    expect(second.call.value).toBe(source.peek()?.value);
  });

  it('T3: who was aborted before sends nothing, even where a token is at hand', async () => {
    const { clock, acme, source } = waiting();
    const signal = AbortSignal.abort('before');
    await expect(source.getToken({ signal })).rejects.toBe('before');
    await clock.advance(0);
    expect(acme.calls).toEqual([]);
    acme.settings.answer = gives;
    await source.getToken();
    await expect(source.getToken({ signal })).rejects.toBe('before');
  });

  it('T3: who was aborted before reports no refused token', async () => {
    const { source, eventsOf } = managed();
    const token = await source.getToken();
    const signal = AbortSignal.abort('before');
    await expect(source.getToken({ signal, rejected: token })).rejects.toBe('before');
    expect(eventsOf('rejected')).toEqual([]);
    expect(source.peek()).toBe(token);
  });

  it('T3: a thousand who share a signal cause no warning, and leave no listener behind', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { clock, acme, source } = waiting();
    const { signal } = new AbortController();
    const calls = Array.from({ length: 1_000 }, () => source.getToken({ signal }));
    await clock.advance(0);
    acme.pending.give();
    await Promise.all(calls);
    await clock.advance(0);
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('T3: a thousand who share a signal leave together, and the login is aborted', async () => {
    const { clock, acme, source } = waiting();
    const controller = new AbortController();
    const calls = Array.from({ length: 1_000 }, () =>
      watched(source.getToken({ signal: controller.signal })),
    );
    await clock.advance(0);
    controller.abort('all');
    await clock.advance(0);
    expect(new Set(calls.map(({ error }) => error))).toEqual(new Set(['all']));
    expect(acme.calls[0]?.signal?.aborted).toBe(true);
  });
});

/** A source whose token has a refresh token and was refused; the renewal waits for the test. */
async function renewing(settings: Parameters<typeof managed>[0] = {}) {
  const set = waiting({ renewable: true, answer: gives, ...settings });
  const token = await set.source.getToken();
  set.source.accepted(token);
  set.acme.settings.answer = undefined;
  const { leave, call } = set.caller(token);
  await set.clock.advance(0);
  expect(set.acme.pending.kind).toBe('renewal');
  return { ...set, token, leave, call };
}

describe('a renewal with a refresh token', () => {
  it('T3: once sent, is not aborted when all have left, and its result is kept', async () => {
    const { clock, acme, source, leave, call } = await renewing();
    leave('mine');
    await clock.advance(10_000);
    expect(call.error).toBe('mine');
    expect(acme.pending.refreshToken).toBe('acme-refresh-1');
    acme.pending.give();
    await clock.advance(0);
    expect(source.peek()?.value).toBe('acme-access-2');
    expect((await source.getToken()).value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T3: the next caller joins it, though the others have left', async () => {
    const { clock, acme, leave, caller, token } = await renewing();
    leave();
    const { call } = caller(token);
    await clock.advance(0);
    acme.pending.give();
    await clock.advance(0);
    expect(call.value).toBe('acme-access-2');
    expect(acme.calls).toHaveLength(2);
  });

  it('T3: refused after all have left, it signs nobody in', async () => {
    const { clock, acme, leave } = await renewing();
    const unhandled = await unhandledDuring(async () => {
      leave();
      await clock.advance(0);
      acme.pending.fail('token_rejected');
      await clock.advance(0);
    });
    expect(unhandled).toEqual([]);
    expect(acme.signIns).toHaveLength(1);
  });

  it('T3: that failed after all have left does not show who left to those who come', async () => {
    const { clock, acme, source, leave, token } = await renewing();
    leave('mine');
    await clock.advance(0);
    acme.pending.fail('token_rejected');
    await clock.advance(0);
    acme.settings.answer = gives;
    const next = watched(source.getToken({ rejected: token }));
    await clock.advance(1_000);
    expect(next.error).toBeUndefined();
    expect(next.state).toBe('gave');
  });

  it('T3: is waited for by close', async () => {
    const { clock, acme, source, call } = await renewing();
    let isClosed = false;
    const closing = source.close().then(() => (isClosed = true));
    await clock.advance(10_000);
    expect(call.error).toMatchObject({ code: 'closed' });
    expect(isClosed).toBe(false);
    acme.pending.give();
    await closing;
    expect(source.peek()).toBeUndefined();
    expect((await failureOf(source.getToken())).code).toBe('closed');
  });

  it('T3: that waits for the floor is not sent once all have left', async () => {
    const { clock, acme, source } = managed({ renewable: true });
    const tokens = [await source.getToken()];
    for (let times = 0; times < 2; times += 1) {
      source.accepted(tokens.at(-1)!);
      tokens.push(await source.getToken({ rejected: tokens.at(-1) }));
    }
    source.accepted(tokens.at(-1)!);
    const controller = new AbortController();
    const left = watched(source.getToken({ rejected: tokens.at(-1), signal: controller.signal }));
    await clock.advance(500);
    expect(acme.renewals).toHaveLength(2);
    controller.abort('mine');
    await clock.advance(0);
    expect(left.error).toBe('mine');
    expect(clock.sleepers).toBe(0);
    await clock.advance(10_000);
    expect(acme.renewals).toHaveLength(2);
  });
});
