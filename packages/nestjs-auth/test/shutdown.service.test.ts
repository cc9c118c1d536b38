import type { CallOptions } from '@latchkey/core';
import { fakeProvider } from '@latchkey/core/testing';
import { describe, expect, it } from 'vitest';
import { LatchkeyModule, Sessions } from '../src/index.js';
import { listening } from './application.js';

const user = { email: 'user@example.com', password: 'correct horse' };

/** A provider that answers a sign-in once it is told to, and gives up when it is aborted. */
function waitingProvider() {
  const fake = fakeProvider();
  let arrived: () => void;
  let answer: () => void;
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  const told = new Promise<void>((resolve) => (answer = resolve));
  const provider = {
    ...fake,
    async signIn(credentials: typeof user, options: CallOptions = {}) {
      arrived();
      const aborted = new Promise<never>((_, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
      });
      await Promise.race([told, aborted]);
      return fake.signIn(credentials, options);
    },
  };
  return { provider, asked, answer: () => answer() };
}

describe('the end of an application', () => {
  it.each(['Express', 'Fastify'] as const)(
    'N7: waits for a sign-in that is with the provider no longer than the grace, on %s',
    async (adapter) => {
      const { provider, asked } = waitingProvider();
      const { app, post } = await listening(
        { imports: [LatchkeyModule.forRoot({ providers: [provider], shutdownGraceMs: 50 })] },
        { adapter },
      );
      const answering = post('/auth/fake/sign-in', user);
      await asked;
      const startedAt = performance.now();
      await app.close();
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      const { status, body } = await answering;
      expect([status, body]).toEqual([
        503,
        { error: 'closed', message: 'This was closed and cannot be used any more.' },
      ]);
    },
  );

  it('N7: lets a sign-in end that ends within the grace', async () => {
    const { provider, asked, answer } = waitingProvider();
    const { app, post } = await listening({
      imports: [LatchkeyModule.forRoot({ providers: [provider], shutdownGraceMs: 60_000 })],
    });
    const answering = post('/auth/fake/sign-in', user);
    await asked;
    const closing = app.close();
    answer();
    expect((await answering).status).toBe(200);
    await closing;
  });

  it('N7: may come twice, and closes the sessions', async () => {
    const { app } = await listening({ imports: [LatchkeyModule.forRoot({ providers: [fakeProvider()] })] });
    const sessions = app.get(Sessions);
    await Promise.all([app.close(), app.close()]);
    await app.close();
    await expect(sessions.get('x'.repeat(43))).rejects.toMatchObject({ code: 'closed' });
  });
});
