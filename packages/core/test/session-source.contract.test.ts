import { describe, it } from 'vitest';
import { createSessions } from '../src/index.js';
import { fakeProvider, tokenSourceContract, virtualClock } from '../src/testing/index.js';

const credentials = { email: 'user@example.com', password: 'correct horse' };

async function ofSession(renewable: boolean) {
  const clock = virtualClock();
  const provider = fakeProvider({ clock, renewable });
  const sessions = createSessions({ providers: [provider] });
  const { session } = await sessions.signIn('fake', credentials);
  return { source: session.source, stop: () => sessions.close() };
}

describe('the source of a session', () => tokenSourceContract(it, async () => ofSession(false)));

describe('the source of a session that renews', () =>
  tokenSourceContract(it, async () => ofSession(true), { renews: true }));
