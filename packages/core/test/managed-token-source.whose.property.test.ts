import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { memoryStore, tokenSource } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';
import type { gives } from './controlled-provider.js';
import { controlledProvider, type TestCredentials } from './controlled-provider.js';
import { isSameIdentity, likeIdentities, type Identity } from './identities.js';
import { watched } from './managed.js';
import { seeded } from './seeded.js';

it('T7: no token, login, lease or hold crosses from one identity to another in one store', async () => {
  let same = 0;
  const numRuns = 300;
  await fc.assert(
    fc.asyncProperty(likeIdentities(), async ([one, other]) => {
      if (isSameIdentity(one, other)) {
        same += 1;
        await expectShared(one, other);
      } else {
        await expectApart(one, other);
      }
    }),
    seeded('identities in one store', numRuns),
  );
  expect(same).toBeGreaterThan(numRuns / 10);
});

const clock = virtualClock();

/** The sources of an identity in a store, and its provider. */
function living({ name, audience, oneTime, credentials }: Identity, store = memoryStore({ clock })) {
  const acme = controlledProvider({ clock, name, oneTime, schema: z.custom<TestCredentials>() });
  const provider = { ...acme.provider, audience };
  return {
    calls: acme.calls,
    answer: (how: typeof gives) => acme.open.forEach(how),
    source: () => tokenSource(provider, credentials as TestCredentials, { store }),
  };
}

async function expectShared(one: Identity, other: Identity) {
  const store = memoryStore({ clock });
  const [mine, theirs] = [living(one, store), living(other, store)];
  const first = watched(mine.source().getToken());
  await clock.advance(0);
  const second = watched(theirs.source().getToken());
  await clock.advance(0);
  expect(theirs.calls).toEqual([]);
  mine.answer((call) => call.give({ accessToken: 'shared' }));
  await clock.advance(200);
  expect([first.value, second.value]).toEqual(['shared', 'shared']);
  expect(mine.calls.length + theirs.calls.length).toBe(1);
}

async function expectApart(one: Identity, other: Identity) {
  const store = memoryStore({ clock });
  const [mine, theirs] = [living(one, store), living(other, store)];
  const held = mine.source();
  const first = watched(held.getToken());
  await clock.advance(0);
  const second = watched(theirs.source().getToken());
  await clock.advance(0);
  // Neither waits for the login, or the lease, of the other.
  expect([mine.calls.length, theirs.calls.length]).toEqual([1, 1]);
  mine.answer((call) => call.fail('invalid_credentials'));
  await clock.advance(0);
  expect(first.error).toMatchObject({ code: 'invalid_credentials' });
  expect(second.state).toBe('waiting');
  theirs.answer((call) => call.give({ accessToken: 'theirs' }));
  await clock.advance(0);
  expect(second.value).toBe('theirs');
  // The one is held, in each of its sources, and the other is not; the other has a token in the store, and the one has not.
  const [stillHeld, fresh, shared] = [held, mine.source(), theirs.source()].map((source) =>
    watched(source.getToken()),
  );
  await clock.advance(0);
  for (const one of [stillHeld, fresh]) expect(one?.error).toMatchObject({ code: 'invalid_credentials' });
  expect(shared?.value).toBe('theirs');
  expect([mine.calls.length, theirs.calls.length]).toEqual([1, 1]);
  held.refreshCredentials();
  const again = watched(held.getToken());
  await clock.advance(0);
  expect([mine.calls.length, theirs.calls.length]).toEqual([2, 1]);
  mine.answer((call) => call.give({ accessToken: 'mine' }));
  await clock.advance(0);
  expect(again.value).toBe('mine');
}
