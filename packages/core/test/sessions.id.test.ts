import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSessionId, memoryStore, Sessions } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import { anna, bert } from './controlled-provider.js';
import { failureOf } from './failures.js';
import { seeded } from './seeded.js';
import { meddledStore, recordingStore, sessionWorld, settle } from './session-fixtures.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('ids of sessions', () => {
  it('S1: each sign-in gives a new one, that does not show', async () => {
    const { sessions } = sessionWorld();
    const signIns = await Promise.all(Array.from({ length: 100 }, () => sessions.signIn('acme', anna)));
    expect(new Set(signIns.map(({ id }) => id)).size).toBe(100);
    expect(signIns.every(({ id }) => isSessionId(id) && Buffer.from(id, 'base64url').length === 32)).toBe(
      true,
    );
    for (const one of signIns) {
      const { id } = one;
      const shown = [
        JSON.stringify(one),
        JSON.stringify({ ...one }),
        inspect(one, { showHidden: true, getters: true, depth: null }),
      ];
      expect(shown.join('\n')).not.toContain(id);
    }
    expect(sessions).toBeInstanceOf(Sessions);
  });

  const odd: readonly (readonly [string, unknown])[] = [
    ['nothing', ''],
    ['undefined', undefined],
    ['null', null],
    ['a number', 42],
    ['an object', { toString: () => 'A'.repeat(43) }],
    ['a list of an id', ['A'.repeat(43)]],
    ['43 letters as a String', Object('A'.repeat(43))],
    ['42 characters', 'A'.repeat(42)],
    ['44 characters', 'A'.repeat(44)],
    ['a padded one', `${'A'.repeat(43)}=`],
    ['a line feed after it', `${'A'.repeat(43)}\n`],
    ['a line feed before it', `\n${'A'.repeat(43)}`],
    ['base64', `${'A'.repeat(41)}+/`],
    ['NUL', `${'A'.repeat(42)}\0`],
    ['letters of full width', '\uff21'.repeat(43)],
    ['1 MB', 'A'.repeat(1_000_000)],
    ['a key', '__proto__'],
  ];
  it.each(odd)('S1: %s is the id of nobody, and no store is asked', async (_, id) => {
    const clock = virtualClock();
    const store = recordingStore(memoryStore({ clock }));
    const { sessions } = sessionWorld({ clock, store });
    expect(await sessions.get(id as string)).toBeUndefined();
    await sessions.signOut(id as string);
    expect(store.seen).toEqual([]);
    // Nor does it disturb a sign-in.
    expect((await sessions.signIn('acme', anna, { replaces: id as string })).id).not.toBe(id);
  });

  it('S1: an id from outside is never adopted', async () => {
    const { sessions } = sessionWorld();
    const planted = 'A'.repeat(43);
    expect(await sessions.get(planted)).toBeUndefined();
    const { id } = await sessions.signIn('acme', anna, { replaces: planted });
    expect(id).not.toBe(planted);
    expect(await sessions.get(planted)).toBeUndefined();
  });

  it('S1: the text is the id, not the bytes that it spells', async () => {
    const { sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    const last = alphabet.indexOf(id.at(-1)!);
    const others = [1, 2, 3].map((bits) => id.slice(0, -1) + alphabet[last ^ bits]!);
    for (const other of others) {
      expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(id, 'base64url'));
      expect(await sessions.get(other)).toBeUndefined();
      await sessions.signOut(other);
    }
    expect(await sessions.get(id)).toBeDefined();
  });

  it('S1: any other id is no session', async () => {
    const { sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    const another = fc
      .tuple(fc.nat(42), fc.nat(63))
      .map(([at, which]) => id.slice(0, at) + alphabet[which]! + id.slice(at + 1))
      .filter((text) => text !== id);
    await fc.assert(
      fc.asyncProperty(another, async (text) => (await sessions.get(text)) === undefined),
      seeded('other ids', 500),
    );
    expect(await sessions.get(id)).toBeDefined();
  });

  it('S1: the session that the caller presented ends, whoever signs in', async () => {
    const { sessions, another, signedIn } = sessionWorld();
    const id = await signedIn();
    const { id: next } = await sessions.signIn('acme', bert, { replaces: id });
    expect(await sessions.get(id)).toBeUndefined();
    const { id: last } = await another().signIn('acme', anna, { replaces: next });
    expect(await sessions.get(next)).toBeUndefined();
    expect(await sessions.get(last)).toBeDefined();
  });

  it('S1: the session that the caller presented stays where the sign-in is refused', async () => {
    const { acme, sessions, signedIn } = sessionWorld();
    const id = await signedIn();
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    expect(await failureOf(sessions.signIn('acme', anna, { replaces: id }))).toMatchObject({
      code: 'invalid_credentials',
    });
    expect(await sessions.get(id)).toBeDefined();
  });

  it('S1: no session is made where the one that was presented cannot be ended', async () => {
    const clock = virtualClock();
    const recorded = recordingStore(memoryStore({ clock }));
    const store = meddledStore(recorded);
    const { sessions, signedIn } = sessionWorld({ clock, store });
    const id = await signedIn();
    store.before = (method) => {
      if (method === 'delete') throw new Error('connection lost');
    };
    expect(await failureOf(sessions.signIn('acme', anna, { replaces: id }))).toMatchObject({
      code: 'store_error',
    });
    await settle();
    expect(recorded.keys('session')).toHaveLength(1);
  });

  it('what is no provider is none', async () => {
    const { sessions } = sessionWorld();
    for (const name of ['other', '', '__proto__', 'constructor', undefined, null]) {
      expect(await failureOf(sessions.signIn(name!, anna))).toMatchObject({ code: 'unknown_provider' });
      expect(await failureOf(sessions.signOutEverywhere({ provider: name!, subject: 'x' }))).toMatchObject({
        code: 'unknown_provider',
      });
    }
  });

  it('signing out everywhere needs a subject', async () => {
    const { sessions } = sessionWorld();
    for (const subject of [undefined, null, 7, ['anna@example.com'], {}]) {
      const identity = { provider: 'acme', subject: subject as string };
      expect(await failureOf(sessions.signOutEverywhere(identity))).toMatchObject({ code: 'invalid_input' });
    }
  });
});
