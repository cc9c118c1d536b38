import { providerContract } from '@latchkey/core/testing';
import { startCryptlexEmulator } from '@latchkey/emulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cryptlex, type CryptlexOptions, type CryptlexProvider } from '../src/index.js';
import { emulated } from './emulated.js';
import loginSample from './fixtures/cryptlex-login.json' with { type: 'json' };

describe('cryptlex', () => {
  providerContract(
    it,
    async () => {
      const emulator = await startCryptlexEmulator();
      const { email, password } = emulator.users[0]!;
      return {
        provider: cryptlex({ accountAlias: emulator.accountAlias, origin: emulator.origin }),
        credentials: { email, password },
        requestCount: () => emulator.requests.length,
        signInCost: 1,
        revokeTokens: () => emulator.revokeTokens(),
        stop: () => emulator.stop(),
      };
    },
    { has: ['renew', 'verify', 'entitlements'] },
  );

  it.each<[string, CryptlexOptions<'cryptlex'>, string]>([
    ['in the US unless told otherwise', { accountAlias: 'acme' }, 'https://api.cryptlex.com'],
    ['in the US', { accountAlias: 'acme', region: 'us' }, 'https://api.cryptlex.com'],
    ['in the EU', { accountId: 'acme', region: 'eu' }, 'https://api.eu.cryptlex.com'],
    [
      'on premise',
      { accountAlias: 'acme', origin: 'https://keys.example.com:8443' },
      'https://keys.example.com:8443',
    ],
  ])('is %s', (_, options, origin) => {
    const provider = cryptlex(options);
    expect(provider).toMatchObject({ name: 'cryptlex', origin, upstream: { origin } });
  });

  it.each<[string, object, string]>([
    ['neither alias nor id', {}, 'exactly one of accountAlias and accountId'],
    ['both alias and id', { accountAlias: 'a', accountId: 'b' }, 'exactly one of accountAlias and accountId'],
    ['an empty alias', { accountAlias: '' }, 'accountAlias must be text of 1 to 256 characters'],
    ['an empty id beside an alias', { accountAlias: 'a', accountId: '' }, 'accountId must be text'],
    ['a long alias', { accountAlias: 'a'.repeat(257) }, 'accountAlias must be text of 1 to 256 characters'],
    ['a long id', { accountId: 'a'.repeat(37) }, 'accountId must be text of 1 to 36 characters'],
    ['an alias that is no text', { accountAlias: 5 }, 'accountAlias must be text'],
    ['another region', { accountAlias: 'a', region: 'asia' }, 'region must be us or eu'],
    [
      'a region beside an origin',
      { accountAlias: 'a', region: 'eu', origin: 'https://keys.example.com' },
      'region and origin must not be given together',
    ],
    ['an origin that is none', { accountAlias: 'a', origin: 'keys.example.com' }, 'origin must be a URL'],
    ['T9: plain http', { accountAlias: 'a', origin: 'http://keys.example.com' }, 'origin must be https'],
    ['a misspelt option', { accountAlias: 'a', timeout: 5 }, '"timeout"'],
    ['a timeout that is none', { accountAlias: 'a', timeoutMs: 0 }, 'timeoutMs must be above 0'],
    ['a name that is none', { accountAlias: 'a', name: 'Cryptlex EU' }, 'name must be lower-case letters'],
    ['a pace that is none', { accountAlias: 'a', pace: { requests: 0, perMs: 1 } }, 'pace'],
    [
      'a meaning that is none',
      { accountAlias: 'a', errorCodes: { SUBSCRIPTION_ENDED: 'disabled' } },
      'errorCodes.SUBSCRIPTION_ENDED must be an error code of Latchkey',
    ],
    ['a meaning that objects have', { accountAlias: 'a', errorCodes: { X: 'constructor' } }, 'errorCodes.X'],
    [
      'codes that are a list',
      { accountAlias: 'a', errorCodes: ['X'] },
      'errorCodes must be an object of codes',
    ],
  ])('refuses %s at construction', (_, options, said) => {
    expect(() => cryptlex(options)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(said) as string }),
    );
  });

  it('takes a name, to run two accounts side by side', () =>
    emulated(async ({ emulator, credentials }) => {
      const { origin, accountAlias, accountId } = emulator;
      const [west, east] = [
        cryptlex({ name: 'cryptlex-west', accountAlias, origin }),
        cryptlex({ name: 'cryptlex-east', accountId, origin }),
      ];
      for (const provider of [west, east] as CryptlexProvider[]) {
        const grant = await provider.signIn(credentials);
        expect(grant.provider).toBe(provider.name);
        expect(provider.identify(await provider.account(grant)).provider).toBe(provider.name);
        const renewed = await provider.renew(grant);
        expect(renewed.provider).toBe(provider.name);
        await expect(provider.signIn({ ...credentials, password: 'wrong-password' })).rejects.toMatchObject({
          provider: provider.name,
        });
        await provider.upstream.close();
      }
    }));

  it.each([' ', '\t\n', '\0', 'a\0b', 'a\ud800'])(
    'refuses %j for an account, and does not repeat it',
    (text) => {
      for (const field of ['accountAlias', 'accountId']) {
        expect(() => cryptlex({ [field]: text })).toThrow(
          expect.objectContaining({
            code: 'invalid_config',
            message: expect.stringContaining(`${field} must`) as string,
          }),
        );
      }
    },
  );

  it('names the credentials that work once', () => {
    expect(cryptlex({ accountAlias: 'a' }).oneTime).toEqual(['twoFactorCode', 'twoFactorRecoveryCode']);
  });

  it('T7: two providers are for the same audience only with the same origin and the same account', () => {
    const word = fc.oneof(
      fc.constantFrom('a', 'A', 'a&accountId=b', 'a b', 'a+b', 'a%20b', 'ä'),
      fc.string({ minLength: 1, maxLength: 36, unit: 'grapheme' }),
    );
    const options = fc.tuple(
      fc.constantFrom<object>({ region: 'us' }, { region: 'eu' }, { origin: 'https://keys.example.com' }),
      fc.constantFrom('accountAlias', 'accountId'),
      // Blank ones are refused at construction, which has a test of its own.
      word.filter((text) => text.length <= 36 && /\S/.test(text)),
    );
    const audienceOf = ([place, field, value]: [object, string, string]) => {
      const { audience, origin } = cryptlex({ ...place, [field]: value });
      expect(audience.startsWith(origin)).toBe(true);
      return audience;
    };
    // Most pairs share some parts, so that each part is seen to count by itself.
    const shared = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(options, options, shared, (one, drawn, [place, field, value]) => {
        const other: typeof one = [
          place ? one[0] : drawn[0],
          field ? one[1] : drawn[1],
          value ? one[2] : drawn[2],
        ];
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(audienceOf(one) === audienceOf(other)).toBe(isSame);
      }),
      { numRuns: 300 },
    );
  });

  it('tells the account in common terms', () => {
    const { identify } = cryptlex({ accountAlias: 'a' });
    const account = { id: '7', email: 'A@Example.com' };
    const bare = { provider: 'cryptlex', subject: '7', email: 'A@Example.com' };
    expect(identify(account)).toEqual(bare);
    expect(identify({ ...account, firstName: 'Ada', lastName: 'King' })).toEqual({
      ...bare,
      name: 'Ada King',
      givenName: 'Ada',
      familyName: 'King',
    });
    expect(identify({ ...account, firstName: 'Ada' })).toMatchObject({ name: 'Ada', givenName: 'Ada' });
    expect(identify({ ...account, name: 'A. King', firstName: 'Ada' })).toMatchObject({ name: 'A. King' });
  });

  it('reads the documented sample, whose token is no decodable JWT', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 200, body: loginSample } });
      const grant = await provider.signIn(credentials);
      expect(grant.accessToken).toBe(loginSample.accessToken);
      expect(grant).not.toHaveProperty('expiresAt');
      expect(grant).not.toHaveProperty('refreshToken');
    }));
});
