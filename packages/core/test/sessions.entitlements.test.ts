import { describe, expect, it } from 'vitest';
import { LatchkeyError, type CallOptions, type Entitlement, type TokenSource } from '../src/index.js';
import { anna, bert } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { hour, sessionWorld, settle, watched } from './session-fixtures.js';

interface Ask {
  readonly source: TokenSource;
  readonly id: string | undefined;
  readonly signal: AbortSignal | undefined;
  give(list: Entitlement[]): void;
  fail(error: unknown): void;
}

function entitledWorld() {
  const asks: Ask[] = [];
  let answer: ((ask: Ask) => void) | undefined = (ask) => ask.give([{ id: ask.id ?? 'all', active: true }]);
  const entitlements = (source: TokenSource, { id, signal }: CallOptions & { id?: string } = {}) =>
    new Promise<Entitlement[]>((give, fail) => {
      const ask = { source, id, signal, give, fail };
      asks.push(ask);
      answer?.(ask);
    });
  const world = sessionWorld({ provider: (provider) => ({ ...provider, entitlements }) });
  return { ...world, asks, answerWith: (next: typeof answer) => (answer = next) };
}

describe('the entitlements of a session', () => {
  it('are kept for 30 s, for each session and id', async () => {
    const { clock, asks, sessions, signedIn } = entitledWorld();
    const [mine, berts] = [
      (await sessions.get(await signedIn()))!,
      (await sessions.get(await signedIn(bert)))!,
    ];
    for (let times = 0; times < 3; times += 1) {
      expect(await mine.entitlements()).toEqual([{ id: 'all', active: true }]);
      expect(await mine.entitlements({ id: 'pro' })).toEqual([{ id: 'pro', active: true }]);
      expect(await mine.entitlements({ id: 'all' })).toEqual([{ id: 'all', active: true }]);
    }
    await berts.entitlements();
    expect(asks.map(({ id }) => id)).toEqual([undefined, 'pro', 'all', undefined]);
    expect(asks.map(({ source }) => source)).toEqual([mine.source, mine.source, mine.source, berts.source]);
    await clock.advance(29_999);
    await mine.entitlements();
    expect(asks).toHaveLength(4);
    await clock.advance(1);
    await mine.entitlements();
    expect(asks).toHaveLength(5);
  });

  it('are shared by the requests of one session', async () => {
    const { asks, sessions, signedIn } = entitledWorld();
    const id = await signedIn();
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => await (await sessions.get(id))!.entitlements()),
    );
    expect(all).toHaveLength(20);
    expect(asks).toHaveLength(1);
  });

  it('are asked for once by all who ask at the same moment, and one may leave', async () => {
    const { asks, answerWith, sessions, signedIn } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    answerWith(undefined);
    const leaving = new AbortController();
    const gone = session.entitlements({ signal: leaving.signal });
    const staying = [session.entitlements(), session.entitlements()];
    await settle();
    const reason = new Error('left');
    leaving.abort(reason);
    await expect(gone).rejects.toBe(reason);
    expect(asks[0]!.signal).not.toBe(leaving.signal);
    expect(asks[0]!.signal?.aborted).toBe(false);
    asks[0]!.give([{ id: 'pro', active: true }]);
    expect(await Promise.all(staying)).toEqual(Array(2).fill([{ id: 'pro', active: true }]));
    expect(asks).toHaveLength(1);
  });

  it('T3: are asked for again by who comes when all have left', async () => {
    const { asks, answerWith, sessions, signedIn } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    answerWith(undefined);
    const leaving = new AbortController();
    const gone = watched(session.entitlements({ signal: leaving.signal }));
    await settle();
    leaving.abort();
    await settle();
    expect([gone.state, asks[0]!.signal?.aborted]).toEqual(['rejected', true]);
    const next = session.entitlements();
    await settle();
    asks[1]!.give([{ id: 'pro', active: true }]);
    expect(await next).toEqual([{ id: 'pro', active: true }]);
    await expect(session.entitlements({ signal: AbortSignal.abort('x') })).rejects.toBe('x');
  });

  it('are active until they end, at each look', async () => {
    const { clock, answerWith, sessions, signedIn, asks } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    const expiresAt = clock.now() + 10_000;
    answerWith((ask) =>
      ask.give([
        { id: 'a', active: true, expiresAt },
        { id: 'b', active: true },
        { id: 'c', active: false, expiresAt: expiresAt + hour },
      ]),
    );
    const actives = async () => (await session.entitlements()).map(({ active }) => active);
    expect(await actives()).toEqual([true, true, false]);
    await clock.advance(9_999);
    expect(await actives()).toEqual([true, true, false]);
    await clock.advance(1);
    expect(await actives()).toEqual([false, true, false]);
    expect(asks).toHaveLength(1);
  });

  it('cannot be changed for those who ask next', async () => {
    const { sessions, signedIn } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    const list = await session.entitlements();
    Object.assign(list[0]!, { active: false });
    list.length = 0;
    expect(await session.entitlements()).toEqual([{ id: 'all', active: true }]);
  });

  it('S9: fail as the provider does, and an old answer is never passed off as one of today', async () => {
    const { clock, asks, answerWith, sessions, signedIn } = entitledWorld();
    const id = await signedIn();
    const session = (await sessions.get(id))!;
    await session.entitlements();
    await clock.advance(30_000);
    answerWith((ask) => ask.fail(new LatchkeyError('upstream_unavailable')));
    for (let times = 0; times < 3; times += 1) {
      expect(await failureOf(session.entitlements())).toMatchObject({ code: 'upstream_unavailable' });
    }
    expect(asks).toHaveLength(4);
    expect(await sessions.get(id)).toBeDefined();
    answerWith((ask) => ask.give([]));
    expect(await session.entitlements()).toEqual([]);
  });

  it('are no older than 30 s, however long the answer took', async () => {
    const { clock, asks, answerWith, sessions, signedIn } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    answerWith((ask) => {
      clock.sleep(10_000).then(
        () => ask.give([]),
        () => undefined,
      );
    });
    const first = watched(session.entitlements());
    await clock.advance(10_000);
    expect(first.state).toBe('resolved');
    await clock.advance(20_000);
    const next = watched(session.entitlements());
    await settle();
    expect([asks.length, next.state]).toEqual([2, 'pending']);
  });

  it('are none where the provider has none', async () => {
    const { sessions, signedIn } = sessionWorld();
    expect(await (await sessions.get(await signedIn()))!.entitlements()).toEqual([]);
  });

  it('S6: are of nobody after sign-out', async () => {
    const { asks, sessions, signedIn } = entitledWorld();
    const id = await signedIn();
    const session = (await sessions.get(id))!;
    await session.entitlements();
    await sessions.signOut(id);
    expect(await failureOf(session.entitlements())).toMatchObject({ code: 'not_signed_in', actor: 'user' });
    const { session: next } = await sessions.signIn('acme', anna);
    await sessions.signOutEverywhere(next.identity);
    expect(await failureOf(next.entitlements())).toMatchObject({ code: 'not_signed_in' });
    expect(asks).toHaveLength(1);
  });

  it('T13: end at close', async () => {
    const { answerWith, sessions, signedIn } = entitledWorld();
    const session = (await sessions.get(await signedIn()))!;
    answerWith((ask) => ask.signal?.addEventListener('abort', () => ask.fail(ask.signal?.reason)));
    const waits = failureOf(session.entitlements());
    await settle();
    await sessions.close();
    expect(await waits).toMatchObject({ code: 'closed' });
  });
});
