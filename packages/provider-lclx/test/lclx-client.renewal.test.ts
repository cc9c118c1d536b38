import { tokenSource } from '@latchkey/core';
import { describe, expect, it } from 'vitest';
import { lclxClient } from '../src/index.js';
import { emulated } from './emulated.js';

describe('a client over a token source', () => {
  it('T2: a hundred calls whose token has ended cost one login', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const source = tokenSource(provider, credentials);
      const client = lclxClient(source);
      const routes = await client.routes();
      emulator.revokeTokens();
      emulator.requests.length = 0;
      const answers = await Promise.all(Array.from({ length: 100 }, () => client.routes()));
      expect(answers).toEqual(Array(100).fill(routes));
      expect(emulator.requests.filter(({ path }) => path === '/api/login')).toHaveLength(1);
      expect(emulator.requests.filter(({ path }) => path === '/api/route').length).toBeLessThanOrEqual(200);
      await source.close();
    }));

  it('T10: a refusal that only the body tells is renewed for as well', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ refusal: '200' });
      const source = tokenSource(provider, credentials);
      const client = lclxClient(source);
      await client.currencies();
      emulator.revokeTokens();
      expect((await client.currencies()).length).toBeGreaterThan(0);
      expect(emulator.requests.filter(({ path }) => path === '/api/login')).toHaveLength(2);
      await source.close();
    }));

  it('T6: a provider whose tokens are refused at once is signed in to twice, and no more', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ lifetimeSeconds: 0 });
      const source = tokenSource(provider, credentials);
      const client = lclxClient(source);
      for (let round = 0; round < 20; round += 1) {
        await expect(client.routes()).rejects.toMatchObject({ code: 'token_rejected', actor: 'service' });
      }
      expect(emulator.requests.filter(({ path }) => path === '/api/login')).toHaveLength(2);
      await source.close();
    }));

  it('T5: a provider that gives one token again and again is not asked for it again and again', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ sameToken: true, announcedLifetime: 0 });
      const source = tokenSource(provider, credentials);
      const client = lclxClient(source);
      for (let round = 0; round < 20; round += 1) await client.routes();
      expect(emulator.requests.filter(({ path }) => path === '/api/login')).toHaveLength(1);
      await source.close();
    }));

  it('the account of a source comes with its sign-in', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      await using source = tokenSource(provider, credentials);
      expect((await source.account()).email).toBe(credentials.email);
      expect(emulator.requests).toHaveLength(1);
    }));
});
