import { randomBytes } from 'node:crypto';
import { getHeapSnapshot } from 'node:v8';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createGrant, createSessions, createUpstream, defineProvider, LatchkeyError } from '../src/index.js';
import { virtualClock } from '../src/testing/index.js';

interface Credentials {
  readonly email: string;
  readonly password: string;
}

it('S8: no password is anywhere in the memory of the process once the sign-in has ended', async () => {
  // As bytes, which are outside of the heap: the test itself keeps no text of them.
  const [right, wrong, kept] = [randomBytes(16), randomBytes(16), randomBytes(16)];
  const clock = virtualClock();
  const sessions = createSessions({
    providers: [
      defineProvider<string, Credentials, { email: string }>({
        name: 'acme',
        upstream: createUpstream({ name: 'acme', origin: 'http://localhost:9', clock }),
        credentials: z.strictObject({ email: z.string(), password: z.string() }),
        async signIn({ email, password }) {
          await Promise.resolve();
          if (password !== right.toString('hex')) throw new LatchkeyError('invalid_credentials');
          return createGrant({ provider: 'acme', accessToken: 'token', issuedAt: 0, account: { email } });
        },
        identify: ({ email }) => ({ provider: 'acme', subject: email }),
      }),
    ],
  });
  const session = await signIn(right);
  expect(await signIn(wrong)).toBeUndefined();
  const control = kept.toString('hex');

  expect(await found([right, wrong, kept])).toEqual([false, false, true]);
  expect([session?.provider, control.length]).toEqual(['acme', 32]);

  async function signIn(password: Buffer) {
    try {
      const credentials = { email: 'anna@example.com', password: password.toString('hex') };
      const { id } = await sessions.signIn('acme', credentials, { client: '192.0.2.1' });
      return await sessions.get(id);
    } catch {
      return undefined;
    }
  }
}, 60_000);

/** Whether each of these, written in hex, is in a text on the heap. */
async function found(needles: readonly Buffer[]): Promise<boolean[]> {
  const texts = needles.map((needle) => Buffer.from(needle.toString('hex')));
  const seen = needles.map(() => false);
  let rest = Buffer.alloc(0);
  for await (const chunk of getHeapSnapshot()) {
    const part = Buffer.concat([rest, Buffer.from(chunk as Uint8Array)]);
    texts.forEach((text, at) => (seen[at] ||= part.includes(text)));
    rest = part.subarray(-64);
  }
  return seen;
}
