import { virtualClock } from '@latchkey/core/testing';
import type { CryptlexBehaviour } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { emulated } from './emulated.js';

describe('entitlements', () => {
  it.each<[string, Partial<CryptlexBehaviour>]>([
    ['', {}],
    [' where there are more fields', { extraFields: true }],
  ])('are the licences, each to its product and active by its status%s', (_, behaviour) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set(behaviour);
      const { accessToken } = await provider.signIn(credentials);
      emulator.requests.length = 0;
      const source = { origin: provider.origin, getToken: async () => ({ value: accessToken }) };
      const all = await provider.entitlements(source);
      expect(all.map(({ name, active, expiresAt }) => [name, active, expiresAt])).toEqual([
        ['Sample Editor', true, Date.UTC(2099, 11, 31)],
        ['Sample Renderer', true, undefined],
        ['Sample Server', false, Date.UTC(2020, 5, 30, 23, 59, 59, 999)],
        ['Sample Analytics', false, Date.UTC(2099, 11, 31)],
        ['Sample Editor', false, Date.UTC(2099, 11, 31)],
        ['Sample Renderer', false, Date.UTC(2020, 5, 30, 23, 59, 59, 999)],
      ]);
      const id = all[0]!.id;
      expect(await provider.entitlements(source, { id })).toEqual([all[0], all[4]]);
      expect(emulator.requests.map(({ query }) => query['productId[eq]'])).toEqual([undefined, id]);
      expect(await provider.entitlements(source, { id: 'no-product-of-theirs' })).toEqual([]);
    }),
  );

  it('of one product are of no other, where the filter is not heeded', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      const source = { origin: provider.origin, getToken: async () => ({ value: accessToken }) };
      emulator.next({
        kind: 'wrong-shape',
        json: [{ id: '1', product: { id: 'a' } }, { id: '2', product: { id: 'b' } }, { id: '3' }],
      });
      expect(await provider.entitlements(source, { id: 'b' })).toEqual([{ id: 'b', active: true }]);
    }));

  it('are of the moment that the clock shows', async () => {
    const clock = virtualClock({ startAt: Date.UTC(2019, 0, 1) });
    await emulated(
      async ({ emulator, provider }) => {
        const source = { origin: provider.origin, getToken: async () => ({ value: 't' }) };
        const expiresAt = clock.now() + 1;
        const json = [{ id: '1', product: { id: 'a' }, expiresAt: new Date(expiresAt).toISOString() }];
        emulator.set({ fault: { kind: 'wrong-shape', json } });
        expect(await provider.entitlements(source)).toEqual([{ id: 'a', active: true, expiresAt }]);
        await clock.advance(1);
        expect(await provider.entitlements(source)).toEqual([{ id: 'a', active: false, expiresAt }]);
      },
      { clock },
    );
  });

  it('are not to be had from a source for another place', () =>
    emulated(async ({ emulator, provider }) => {
      const source = { origin: 'https://api.cryptlex.com', getToken: async () => ({ value: 't' }) };
      await expect(provider.entitlements(source)).rejects.toMatchObject({ code: 'invalid_config' });
      expect(emulator.requests).toHaveLength(0);
    }));

  it('are an error, and no yes, where the provider is down', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      emulator.set({ fault: 'html-500' });
      const source = { origin: provider.origin, getToken: async () => ({ value: accessToken }) };
      await expect(provider.entitlements(source)).rejects.toMatchObject({ code: 'upstream_error' });
    }));
});
