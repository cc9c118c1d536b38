import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSessions, memoryStore } from '../src/index.js';
import { fakeProvider, virtualClock } from '../src/testing/index.js';
import { openText, sealText } from '../src/sealed-text.js';
import { sessionKeys } from '../src/session-id.js';
import { anna, bert, controlledProvider, gives } from './controlled-provider.js';
import { failureOf, shown } from './failures.js';
import { seeded } from './seeded.js';
import { hour, recordingStore, sessionWorld } from './session-fixtures.js';

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) =>
    // As it stands within a longer text: the characters that only it decides.
    (['base64', 'base64url'] as const).map((encoding) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString(encoding)
        .slice(shift === 0 ? 0 : 4, -4),
    ),
  );
  return [
    secret,
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    encodeURIComponent(secret),
    ...base64,
  ];
}

function recordedWorld() {
  const clock = virtualClock();
  const store = recordingStore(memoryStore({ clock }));
  return { ...sessionWorld({ clock, store, renewable: true, options: { idleMs: hour } }), store };
}

describe('what is kept of a session', () => {
  it('X5, S8: no password, token, e-mail address or id can be found in any key or value', async () => {
    const { store, clock, acme, sessions, another, signedIn } = recordedWorld();
    const id = await signedIn();
    acme.settings.answer = (call) => call.fail('invalid_credentials');
    await failureOf(
      sessions.signIn('acme', { ...anna, password: 'wrong-password-9' }, { client: '192.0.2.1' }),
    );
    acme.settings.answer = gives;
    const { id: second } = await sessions.signIn('acme', anna, { client: '192.0.2.1', replaces: id });
    await clock.advance(hour / 2);
    await another().get(second);
    await clock.advance(hour / 2);
    await sessions.get(second);
    await sessions.signOutEverywhere({ provider: 'acme', subject: anna.email });
    await sessions.signOut(second);
    const dump = store.seen.join('\n');
    expect(store.seen.length).toBeGreaterThan(20);
    const tokens = acme.calls.flatMap(({ gave, refreshToken }) => [gave, refreshToken]);
    const secrets = [anna.email, anna.password, 'wrong-password-9', '192.0.2.1', id, second, ...tokens];
    for (const secret of secrets) {
      if (secret === undefined) continue;
      for (const text of spellings(secret)) expect(dump).not.toContain(text);
    }
  });

  it('F3: no error of a sign-in shows the password', async () => {
    const { acme, sessions } = sessionWorld();
    const password = 'canary-password-1';
    const errors: unknown[] = [];
    for (const code of ['invalid_credentials', 'upstream_error', 'timeout', 'account_locked'] as const) {
      acme.settings.answer = (call) => call.fail(code);
      errors.push(await failureOf(sessions.signIn('acme', { ...anna, password })));
    }
    acme.settings.answer = (call) => call.fail(new TypeError(`foreign ${password}`));
    errors.push(await failureOf(sessions.signIn('acme', { ...anna, password })));
    for (const odd of [{ password }, { email: [password], password }, [password], password, null]) {
      errors.push(await failureOf(sessions.signIn('acme', odd as never)));
    }
    expect(errors.map(shown).join('\n')).not.toContain('canary');
  });

  const credentials: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['a list', [anna]],
    ['a list for an address', { ...anna, email: [anna.email] }],
    ['an object for a password', { ...anna, password: { length: 3 } }],
    ['a lone surrogate', { ...anna, password: 'a\ud800' }],
    ['NUL', { ...anna, password: 'a\0' }],
    ['1 MB', { ...anna, password: 'a'.repeat(1_000_000) }],
    ['a field named __proto__', JSON.parse('{"email":"a","password":"b","__proto__":{"x":1}}')],
  ];
  it.each(credentials)(
    'F4: %s in place of credentials is invalid_input, and nothing is sent or counted',
    async (_, odd) => {
      const { acme, store, sessions } = recordedWorld();
      expect(await failureOf(sessions.signIn('acme', odd as never, { client: '192.0.2.1' }))).toMatchObject({
        code: 'invalid_input',
      });
      expect(acme.calls).toEqual([]);
      expect(store.seen).toEqual([]);
      expect(({} as { x?: number }).x).toBeUndefined();
    },
  );

  it('S11: the lookup and seal keys of an id tell nothing of it, nor of each other', () => {
    const id = 'A'.repeat(43);
    const { lookup, seal } = sessionKeys(id);
    const other = sessionKeys('B'.repeat(43));
    expect(
      new Set([id, lookup, seal().toString('base64url'), other.lookup, other.seal().toString('base64url')])
        .size,
    ).toBe(5);
    expect(seal()).toHaveLength(32);
  });

  it('S11: what is moved to the place of another session is a miss, and no error', async () => {
    const { store, sessions, another, signedIn } = recordedWorld();
    const [id, berts] = [await signedIn(), await signedIn(bert)];
    const [place, target] = [id, berts].map((one) => `session:${sessionKeys(one).lookup}`);
    await store.set(target!, (await store.get(place!))!, { ttlMs: hour });
    for (const one of [sessions, another()]) {
      expect(await one.get(berts)).toBeUndefined();
      expect(await one.get(id)).toBeDefined();
    }
  });

  it('S11: what was tampered with at any byte is a miss, and no error', async () => {
    const { store, another, signedIn } = recordedWorld();
    const id = await signedIn();
    const place = `session:${sessionKeys(id).lookup}`;
    const text = (await store.get(place))!;
    const bytes = Buffer.from(text, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      await store.set(place, changed.toString('base64url'), { ttlMs: hour });
      expect(await another().get(id)).toBeUndefined();
    }
    await store.set(place, text, { ttlMs: hour });
    expect(await another().get(id)).toBeDefined();
  });

  it('S11: anything at all in the place of a session is a miss, and no error', async () => {
    const { store, sessions, another, signedIn } = recordedWorld();
    const id = await signedIn();
    const place = `session:${sessionKeys(id).lookup}`;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()), async (text) => {
        await store.set(place, text, { ttlMs: hour });
        const found = await Promise.all([sessions.get(id), another().get(id)]);
        return found.every((session) => session === undefined);
      }),
      seeded('texts in the place of a session', 200),
    );
  });

  it('S11: a record of another version, or one that is none, is a miss', async () => {
    const { store, another, signedIn } = recordedWorld();
    const id = await signedIn();
    const keys = sessionKeys(id);
    const place = `session:${keys.lookup}`;
    const context = `latchkey session 1 ${place}`;
    const record = JSON.parse(openText(keys.seal(), context, (await store.get(place))!)!) as Record<
      string,
      unknown
    >;
    const put = (changed: unknown) =>
      store.set(place, sealText(keys.seal(), context, JSON.stringify(changed)), { ttlMs: hour });
    await put(record);
    expect(await another().get(id)).toBeDefined();
    for (const changed of [
      { ...record, version: 2 },
      { ...record, version: undefined },
      { ...record, grant: { version: 2 } },
      { ...record, grant: undefined },
      { ...record, provider: 'other' },
      { ...record, audience: 'http://localhost:9/other' },
      { ...record, generation: 'other' },
    ]) {
      await put(changed);
      expect(await another().get(id)).toBeUndefined();
    }
  });

  it('T7: a session of another tenant of the same provider is a miss', async () => {
    const { clock, store, acme, sessions } = sessionWorld();
    const tenant = controlledProvider({ clock, account: 'tenant-2', answer: gives });
    const other = createSessions({ providers: [tenant.provider], store });
    const { id } = await sessions.signIn('acme', anna);
    await other.signOutEverywhere({ provider: 'acme', subject: anna.email });
    expect(await sessions.get(id)).toBeDefined();
    expect(await other.get(id)).toBeUndefined();
    expect(acme.signIns).toHaveLength(1);
  });

  it('a session of a provider that is not configured here is a miss, and is left to those who know it', async () => {
    const { clock, store, sessions, signedIn } = sessionWorld();
    const unlike = createSessions({ providers: [fakeProvider({ clock })], store });
    const id = await signedIn();
    expect(await unlike.get(id)).toBeUndefined();
    expect(await sessions.get(id)).toBeDefined();
  });
});
