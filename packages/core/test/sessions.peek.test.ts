import { describe, expect, it } from 'vitest';
import { memoryStore, Sessions, type Store } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna } from './controlled-provider.js';
import { hour, sessionWorld } from './session-fixtures.js';

/** Identity of the account that `anna` signs in to. */
const annas = (session: { readonly identity: { readonly subject: string } }) => ({
  provider: 'acme',
  subject: session.identity.subject,
});

describe('sessions.peek', () => {
  it('gives at once what get gives, to the same object', async () => {
    const { sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    expect(sessions.peek(id)).toBeDefined();
    expect(sessions.peek(id)).toBe(await sessions.get(id));
  });

  it('knows nothing of what this process has not met', async () => {
    const { sessions, signedIn, another } = sessionWorld();
    const id = await signedIn();
    const other = another();
    expect(other.peek(id)).toBeUndefined();
    await other.get(id);
    expect(other.peek(id)).toBeDefined();
    for (const none of ['', 'x'.repeat(43), `${id}x`, undefined as never]) {
      expect(sessions.peek(none)).toBeUndefined();
    }
  });

  it('X4: knows of a sign-out at once, here and in another process', async () => {
    const { sessions, signedIn, another } = sessionWorld();
    const id = await signedIn();
    const other = another();
    await other.get(id);
    await sessions.signOut(id);
    expect(sessions.peek(id)).toBeUndefined();
    expect(other.peek(id)).toBeUndefined();
  });

  it('X4: knows of a sign-out everywhere', async () => {
    const { sessions, signedIn, another } = sessionWorld();
    const ids = [await signedIn(), await signedIn()];
    const other = another();
    for (const id of ids) await other.get(id);
    await sessions.signOutEverywhere(annas((await sessions.get(ids[0]!))!));
    for (const id of ids) expect([sessions.peek(id), other.peek(id)]).toEqual([undefined, undefined]);
  });

  it('S7: ends with the session, after its time and after its idle time', async () => {
    const { sessions, signedIn, clock } = sessionWorld({ options: { maxAgeMs: hour, idleMs: hour / 10 } });
    const used = await signedIn();
    const idle = await signedIn();
    for (let minutes = 0; minutes < 59; minutes += 1) {
      await clock.advance(60_000);
      // Its use is written now and then, which takes `get`.
      if (!sessions.peek(used)) await sessions.get(used);
    }
    expect(sessions.peek(used)).toBeDefined();
    expect(sessions.peek(idle)).toBeUndefined();
    await clock.advance(60_000);
    expect(sessions.peek(used)).toBeUndefined();
  });

  it('leaves it to get where a token was refused, or has ended', async () => {
    const { sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    const session = await sessions.get(id);
    const token = await session!.source.getToken();
    await session!.source.getToken({ rejected: token }).catch(() => undefined);
    const after = await sessions.get(id);
    expect(sessions.peek(id)).toBe(after);
  });

  it('says nothing once all is closed, nor for a store that cannot tell at once', async () => {
    const clock = virtualClock();
    const store = memoryStore({ clock });
    // What stands in the way of the store is not passed by: it may watch it, or have it fail.
    for (const wrapped of [{ ...store }, Object.create(store) as Store, new Proxy(store, {})]) {
      const far = sessionWorld({ clock, store: wrapped });
      const id = await far.signedIn();
      expect(await far.sessions.get(id)).toBeDefined();
      expect(far.sessions.peek(id)).toBeUndefined();
    }

    const near = sessionWorld();
    const known = await near.signedIn(anna);
    await near.sessions.get(known);
    expect(near.sessions.peek(known)).toBeDefined();
    await near.sessions.close();
    expect(near.sessions.peek(known)).toBeUndefined();
  });

  it('is nothing for sessions that are made by other means', () => {
    class Own extends Sessions {
      readonly providers = [];
      signIn = () => Promise.reject(new Error('none'));
      get = () => Promise.resolve(undefined);
      signOut = () => Promise.resolve();
      signOutEverywhere = () => Promise.resolve();
      close = () => Promise.resolve();
    }
    expect(new Own().peek('x'.repeat(43))).toBeUndefined();
  });
});
