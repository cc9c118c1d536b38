import { isLatchkeyError, memoryStore } from '@latchkey/core';
import { providerContract, virtualClock } from '@latchkey/core/testing';
import { startLclxEmulator, type LclxBehaviour } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { lclx } from '../src/index.js';
import { emulated } from './emulated.js';
import loginSample from './fixtures/lclx-login.json' with { type: 'json' };

describe('lclx', () => {
  providerContract(it, async () => {
    const emulator = await startLclxEmulator();
    const { email, password } = emulator.users[0]!;
    return {
      provider: lclx({ origin: emulator.origin }),
      credentials: { email, password },
      requestCount: () => emulator.requests.length,
      stop: () => emulator.stop(),
    };
  });

  it('signs in at the documented origin unless told otherwise', () => {
    expect(lclx()).toMatchObject({
      name: 'lclx',
      origin: 'https://lclxchange.com',
      audience: 'https://lclxchange.com',
    });
  });

  it('takes a name, to run two accounts side by side', () =>
    emulated(async ({ emulator, credentials }) => {
      const provider = lclx({ name: 'lclx-east', origin: emulator.origin });
      const grant = await provider.signIn(credentials);
      expect(grant.provider).toBe('lclx-east');
      expect(provider.identify(await provider.account(grant)).provider).toBe('lclx-east');
    }));

  it.each<[string, object, string]>([
    ['an origin that is none', { origin: 'lclxchange.com' }, 'origin must be a URL'],
    ['T9: plain http', { origin: 'http://lclxchange.com' }, 'origin must be https'],
    ['a misspelt option', { timeout: 5 }, '"timeout"'],
    ['a timeout that is none', { timeoutMs: 0 }, 'timeoutMs must be above 0'],
    ['a store that is none', { pace: { requests: 1, perMs: 1, store: {} } }, 'pace must be'],
  ])('refuses %s at construction', (_, options, said) => {
    expect(() => lclx(options)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(said) as string }),
    );
  });

  it('costs one request, which carries nothing but the two credentials', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      await provider.account(await provider.signIn(credentials));
      expect(emulator.requests).toHaveLength(1);
      const [request] = emulator.requests;
      expect(request).toMatchObject({ method: 'POST', path: '/api/login', body: credentials });
      expect(request?.headers).toMatchObject({ 'content-type': 'application/json' });
      expect(request?.headers).not.toHaveProperty('authorization');
    }));

  it('T14: sign-ins have half of the pace at most', () =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => provider.signIn(credentials)));
        expect(emulator.requests).toHaveLength(2);
        expect(outcomes.map(({ status }) => status).sort()).toEqual([
          'fulfilled',
          'fulfilled',
          'rejected',
          'rejected',
          'rejected',
        ]);
      },
      // Two are sent, two wait, one is refused; those who wait give up.
      { pace: { requests: 4, perMs: 60_000 }, timeoutMs: 500 },
    ));

  it('X7: providers with a store in common keep one pace', () =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        const store = memoryStore();
        const pace = { requests: 2, perMs: 60_000, store };
        const { origin } = emulator;
        const all = [1, 2].map(() => lclx({ origin, pace, timeoutMs: 500 }));
        const outcomes = await Promise.allSettled(all.map((one) => one.signIn(credentials)));
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        await provider.signIn(credentials);
        expect(emulator.requests).toHaveLength(2);
        for (const { upstream } of all) await upstream.close();
      },
      { pace: false },
    ));

  it('reads the documented sample, whose token is no decodable JWT', async () => {
    const clock = virtualClock();
    await emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set({ loginAnswer: { status: 200, body: loginSample } });
        const grant = await provider.signIn(credentials);
        expect(grant.accessToken).toBe(loginSample.user.access_token);
        expect(grant.expiresAt).toBe(clock.now() + 86_400_000);
        expect(await provider.account(grant)).toEqual({
          email: 'john.doe@lclxchange.com',
          firstName: 'John',
          lastName: 'Doe',
          title: 'President',
          enabled: true,
          lastLogin: '2018-12-11 07:41:03',
          imageUrl: 'https://lclxchange.com/images/bleebill_avatar_icon.png',
          company: {
            name: 'Shipping & Freight',
            address1: 'Suite 111',
            city: 'New York City',
            state: 'NY',
            postal: '11355',
            country: 'UNITED STATES',
            phone: '+55 (55) 2341-1234',
            otiLicense: '003920',
          },
        });
      },
      { clock },
    );
  });

  it('tells the account in common terms, with the address in lower case as its subject', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const user = { ...loginSample.user, email: 'John.Doe@Example.com', middlename: 'Q.' };
      emulator.set({ loginAnswer: { status: 200, body: { user } } });
      const grant = await provider.signIn(credentials);
      expect(provider.identify(await provider.account(grant))).toEqual({
        provider: 'lclx',
        subject: 'john.doe@example.com',
        email: 'John.Doe@Example.com',
        name: 'John Q. Doe',
        givenName: 'John',
        middleName: 'Q.',
        familyName: 'Doe',
        picture: loginSample.user.imageUrl,
      });
    }));

  it('reads a profile of which nothing is there: the address that was sent stands', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 200, body: { user: { access_token: 'opaque' } } } });
      const grant = await provider.signIn(credentials);
      expect(grant).toEqual({
        provider: 'lclx',
        issuedAt: grant.issuedAt,
        account: { email: credentials.email },
      });
      expect(provider.identify({ email: 'A@Example.com' })).toEqual({
        provider: 'lclx',
        subject: 'a@example.com',
        email: 'A@Example.com',
      });
    }));

  it('reads numbers where text is documented, and leaves out what is neither', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      const user = {
        access_token: 't',
        firstname: 7,
        lastname: ['x'],
        title: null,
        company: { postal: 2110, city: {} },
      };
      emulator.set({ loginAnswer: { status: 201, body: { user } } });
      const { account } = await provider.signIn(credentials);
      expect(account).toEqual({ email: credentials.email, firstName: '7', company: { postal: '2110' } });
    }));

  it.each<[LclxBehaviour['company'], unknown]>([
    ['object', expect.objectContaining({ city: 'Boston', otiLicense: '001234' })],
    ['empty', undefined],
    ['array', undefined],
    ['null', undefined],
    ['absent', undefined],
  ])('reads a company sent as %s', (company, expected) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ company });
      expect((await provider.signIn(credentials)).account?.company).toEqual(expected);
    }),
  );

  it.each(['TRUE', 'true', true, 1, '1'])('takes enabled %j for yes', (enabled) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 200, body: { user: { access_token: 't', enabled } } } });
      expect((await provider.signIn(credentials)).account?.enabled).toBe(true);
    }),
  );

  it.each(['FALSE', 'false', 'False', false, 0, '0'])(
    'refuses an account with enabled %j as disabled',
    (enabled) =>
      emulated(async ({ emulator, provider, credentials }) => {
        emulator.set({ loginAnswer: { status: 200, body: { user: { access_token: 't', enabled } } } });
        const error: unknown = await provider.signIn(credentials).catch((thrown: unknown) => thrown);
        expect(isLatchkeyError(error, 'account_disabled')).toBe(true);
      }),
  );

  it.each([undefined, null, 'perhaps', 2, {}])('lets an account in whose enabled is %j', (enabled) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 200, body: { user: { access_token: 't', enabled } } } });
      expect((await provider.signIn(credentials)).account).not.toHaveProperty('enabled');
    }),
  );

  it.each<[string, Partial<LclxBehaviour>]>([
    ['under a content type of text/html', { contentType: 'text/html' }],
    ['behind a byte order mark', { bom: true }],
  ])('reads JSON %s', (_, behaviour) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set(behaviour);
      expect((await provider.signIn(credentials)).account?.email).toBe(credentials.email);
    }),
  );

  it('says that a grant without an account needs another sign-in', () =>
    emulated(async ({ provider, credentials }) => {
      const { account: _, ...rest } = await provider.signIn(credentials);
      await expect(provider.account({ ...rest, accessToken: 't' })).rejects.toMatchObject({
        code: 'invalid_input',
      });
    }));
});
