// A session by its id, from memory: ours beside a store of express-session, and beside a sealed cookie of iron-session.
import { createSessions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import session from 'express-session';
import { sealData, unsealData } from 'iron-session';
import { asyncLoop } from './loop.mjs';
import { compareAll } from './pairs.mjs';

const sessions = createSessions({ providers: [fakeProvider()] });
const { id, session: ours } = await sessions.signIn('fake', {
  email: 'user@example.com',
  password: 'correct horse',
});
const kept = { identity: ours.identity, account: ours.account, token: 'x'.repeat(40), createdAt: Date.now() };

const memory = new session.MemoryStore();
const cookie = { originalMaxAge: 3_600_000, path: '/', httpOnly: true };
await new Promise((resolve) => memory.set(id, { ...kept, cookie }, resolve));
const password = 'a password of more than 32 characters';
const sealed = await sealData(kept, { password });

const get = asyncLoop('`sessions.get(id)`', () => sessions.get(id));
await compareAll('A session by its id, from memory', [
  {
    ours: get,
    other: asyncLoop(
      'express-session, `MemoryStore`',
      () => new Promise((resolve) => memory.get(id, (_, found) => resolve(found))),
    ),
  },
  {
    ours: get,
    other: asyncLoop('iron-session, `unsealData`', () => unsealData(sealed, { password })),
    bar: { atMost: 1 },
  },
]);
await sessions.close();
