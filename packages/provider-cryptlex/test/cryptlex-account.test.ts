import type { CryptlexBehaviour } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { emulated } from './emulated.js';

describe('the account', () => {
  it('is read in full', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const account = await provider.account(await provider.signIn(credentials));
      expect(account).toEqual({
        id: emulator.users[0]!.id,
        email: 'demo@example.com',
        name: 'Sample User',
        firstName: 'Sample',
        lastName: 'User',
        role: 'user',
        company: 'Example Ltd.',
        twoFactorEnabled: false,
        googleSsoEnabled: false,
        createdAt: Date.UTC(2024, 0, 15, 10, 0, 0, 123),
        updatedAt: Date.UTC(2026, 9, 5, 8, 15, 42, 123),
        lastLoginAt: Date.UTC(2026, 9, 5, 8, 15, 42, 123),
      });
      expect(provider.identify(account)).toEqual({
        provider: 'cryptlex',
        subject: emulator.users[0]!.id,
        email: 'demo@example.com',
        name: 'Sample User',
        givenName: 'Sample',
        familyName: 'User',
      });
    }));

  it.each<[string, Partial<CryptlexBehaviour>]>([
    ['dates without Z', { datesWithoutZ: true }],
    ['fields that nobody documented', { extraFields: true }],
  ])('is the same with %s', (_, behaviour) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      const before = await provider.account(grant);
      emulator.set(behaviour);
      expect(await provider.account(grant)).toEqual(before);
    }),
  );

  it('is the id and the address alone where all else is null', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.set({ nulls: true });
      const account = await provider.account(grant);
      const { id } = emulator.users[0]!;
      expect(account).toEqual({ id, email: credentials.email });
      expect(provider.identify(account)).toEqual({
        provider: 'cryptlex',
        subject: id,
        email: credentials.email,
      });
    }));

  it('of somebody whose last name is empty has none', () =>
    emulated(async ({ provider, credentialsOf }) => {
      const credentials = { ...credentialsOf('factor@example.com'), twoFactorCode: '123456' };
      const account = await provider.account(await provider.signIn(credentials));
      expect(account).toMatchObject({ firstName: 'Sample', name: 'Sample', twoFactorEnabled: true });
      expect(account).not.toHaveProperty('lastName');
    }));

  const known = { id: '7', email: 'a@example.com' };
  it.each<[string, object, object]>([
    ['nothing else', {}, {}],
    ['numbers for texts', { id: 7, name: 8, company: 9 }, { name: '8', company: '9' }],
    ['lists and objects for texts', { name: ['x'], firstName: {}, company: { name: 'x' }, role: true }, {}],
    ['empty texts', { name: '', firstName: '', lastName: '', role: '', company: '' }, {}],
    [
      'flags in other forms',
      { twoFactorEnabled: 'TRUE', googleSsoEnabled: 0 },
      { twoFactorEnabled: true, googleSsoEnabled: false },
    ],
    ['flags that are none', { twoFactorEnabled: 'perhaps', googleSsoEnabled: [] }, {}],
    ['dates that are none', { createdAt: 'soon', updatedAt: 5, lastLoginAt: {} }, {}],
    [
      'a date with an offset',
      { createdAt: '2026-01-01T02:00:00.5+02:00' },
      { createdAt: Date.UTC(2026, 0, 1) + 500 },
    ],
    ['a field that all objects have', JSON.parse('{"__proto__":{"role":"admin"}}') as object, {}],
  ])('is read with %s', (_, wire, expected) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.next({ kind: 'wrong-shape', json: { ...known, ...wire } });
      expect(await provider.account(grant)).toEqual({ ...known, ...expected });
      expect({}).not.toHaveProperty('role');
    }),
  );

  it.each<[string, unknown]>([
    ['no id', { email: 'a@example.com' }],
    ['no address', { id: '7' }],
    ['an empty id', { id: '', email: 'a@example.com' }],
    ['null for an address', { id: '7', email: null }],
    ['a list for an id', { id: ['7'], email: 'a@example.com' }],
    ['a list', [known]],
    ['null', null],
    ['text', 'text'],
  ])('is invalid_response with %s', (_, json) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.next({ kind: 'wrong-shape', json });
      await expect(provider.account(grant)).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
    }),
  );

  it('is asked for anew where the grant has none, and not otherwise', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.requests.length = 0;
      const account = { id: '7', email: 'seven@example.com' };
      expect(await provider.account({ ...grant, accessToken: 'x', account })).toEqual(account);
      expect(emulator.requests).toHaveLength(0);
      expect(await provider.account(grant)).toMatchObject({ email: credentials.email });
      expect(emulator.requests).toMatchObject([
        {
          method: 'GET',
          path: '/v3/me',
          query: {},
          headers: { authorization: `Bearer ${grant.accessToken}` },
        },
      ]);
    }));

  it('of a token that has ended is token_rejected', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const grant = await provider.signIn(credentials);
      emulator.advance(3_601_000);
      await expect(provider.account(grant)).rejects.toMatchObject({ code: 'token_rejected', status: 401 });
    }));
});

describe('verify', () => {
  it.each([false, true])('tells whose token it is, with one request; empty 401: %j', (emptyUnauthorized) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ emptyUnauthorized });
      const grant = await provider.signIn(credentials);
      emulator.requests.length = 0;
      expect(await provider.verify(grant.accessToken)).toMatchObject({ email: credentials.email });
      expect(emulator.requests).toHaveLength(1);
      emulator.revokeTokens();
      expect(await provider.verify(grant.accessToken)).toBeUndefined();
      expect(await provider.verify('no-token-of-theirs')).toBeUndefined();
    }),
  );

  it.each([
    ['html-500', 'upstream_error'],
    ['rate-limited', 'rate_limited'],
    ['wrong-shape', 'invalid_response'],
    ['garbage', 'invalid_response'],
  ] as const)('does not take %s for a no', (fault, code) =>
    emulated(async ({ emulator, provider, credentials }) => {
      const { accessToken } = await provider.signIn(credentials);
      emulator.set({ fault });
      await expect(provider.verify(accessToken)).rejects.toMatchObject({ code });
    }),
  );
});
