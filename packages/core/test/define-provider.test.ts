import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createGrant,
  credentialText,
  defineProvider,
  emailText,
  LatchkeyError,
  staticTokenSource,
  type ProviderDefinition,
} from '../src/index.js';
import { failureOf, shown, thrownBy } from './failures.js';
import { upstreamAt } from './upstreams.js';

interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly code?: string | undefined;
}
type Definition = ProviderDefinition<'acme', Credentials, { id: string }>;

const credentials = { email: 'a@example.com', password: 'c4nary-password' };

function definition(changes: Partial<Definition> = {}): Definition {
  return {
    name: 'acme',
    upstream: upstreamAt('https://api.example.com'),
    credentials: z.object({
      email: emailText(),
      password: credentialText(256),
      code: z.string().optional(),
    }),
    signIn: async () =>
      createGrant({ provider: 'acme', accessToken: 'token', issuedAt: 1, account: { id: 'one' } }),
    identify: ({ id }) => ({ provider: 'acme', subject: id }),
    ...changes,
  };
}

describe('defineProvider', () => {
  it('fills in origin, audience and account', async () => {
    const provider = defineProvider(definition());
    expect(provider).toMatchObject({
      name: 'acme',
      origin: 'https://api.example.com',
      audience: 'https://api.example.com',
    });
    expect(await provider.account(await provider.signIn(credentials))).toEqual({ id: 'one' });
    expect(['renew', 'verify', 'entitlements', 'oneTime'].filter((name) => name in provider)).toEqual([]);
  });

  it('does not change afterwards, and takes no part in changes of its definition', () => {
    const oneTime = ['code'];
    const provider = defineProvider(definition({ oneTime }));
    oneTime.push('password');
    expect(provider.oneTime).toEqual(['code']);
    expect(Object.isFrozen(provider) && Object.isFrozen(provider.oneTime)).toBe(true);
  });

  it('keeps the methods and the audience that it is given', async () => {
    const audience = 'https://api.example.com/accounts/5';
    const provider = defineProvider(
      definition({ audience, account: async () => ({ id: 'asked' }), verify: async () => undefined }),
    );
    expect(provider.audience).toBe(audience);
    expect(await provider.account(await provider.signIn(credentials))).toEqual({ id: 'asked' });
    expect(await provider.verify!('x')).toBeUndefined();
  });

  it('has an account of its own too where the definition says `account: undefined`', async () => {
    const given: object = { ...definition(), account: undefined };
    const provider = defineProvider(given as Definition);
    expect(await provider.account(await provider.signIn(credentials))).toEqual({ id: 'one' });
  });

  it('says what to do about a grant without an account', async () => {
    const grant = createGrant<{ id: string }>({ provider: 'acme', accessToken: 'token', issuedAt: 1 });
    const error = await failureOf(defineProvider(definition()).account(grant));
    expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
    expect(error.message).toMatch(/Sign in again/);
  });

  it.each<[string, object, RegExp]>([
    ['a name with capitals', { name: 'Acme' }, /name must be lower-case/],
    ['a name with a slash', { name: 'a/b' }, /name must be lower-case/],
    ['a name that begins with a digit', { name: '1a' }, /name must be lower-case/],
    ['a name that is too long', { name: 'x'.repeat(65) }, /name must be lower-case/],
    ['an empty name', { name: '' }, /name must be lower-case/],
    ['no upstream', { upstream: undefined }, /createUpstream/],
    ['an upstream of another kind', { upstream: { origin: 'https://api.example.com' } }, /upstream/],
    ['another origin', { origin: 'https://other.example.com' }, /origin must be that of the upstream/],
    ['an audience elsewhere', { audience: 'https://other.example.com' }, /audience must begin/],
    ['no schema', { credentials: {} }, /credentials/],
    ['no signIn', { signIn: undefined }, /signIn must be a function/],
    ['an identify that is no function', { identify: 'email' }, /identify must be a function/],
    ['a renew that is no function', { renew: true }, /renew must be a function/],
    ['one-time fields that are no list', { oneTime: 'code' }, /oneTime must be a list/],
  ])('refuses %s', (_, changes, said) => {
    const error = thrownBy(() => defineProvider({ ...definition(), ...changes }));
    expect(error.code).toBe('invalid_config');
    expect(error.message).toMatch(said);
  });

  it('tells every problem in one message', () => {
    const bad = { name: 'A', upstream: definition().upstream } as unknown as Definition;
    const { message } = thrownBy(() => defineProvider(bad));
    for (const part of ['name', 'credentials', 'signIn', 'identify']) expect(message).toContain(part);
  });
});

describe('signIn of a provider', () => {
  it('F4: malformed credentials are refused before the definition is asked, and not repeated', async () => {
    let asked = 0;
    const provider = defineProvider(
      definition({
        signIn: async () => {
          asked += 1;
          throw new Error('asked');
        },
      }),
    );
    const hostile: unknown[] = [
      undefined,
      'c4nary',
      [],
      {},
      { ...credentials, email: 'c4nary' },
      { ...credentials, password: ['c4nary'] },
      JSON.parse('{"__proto__":{"email":"a@example.com","password":"c4nary"}}'),
    ];
    for (const given of hostile) {
      const error = await failureOf(provider.signIn(given as Credentials));
      expect(error).toMatchObject({ code: 'invalid_input', provider: 'acme' });
      expect(shown(error)).not.toContain('c4nary');
    }
    expect(asked).toBe(0);
  });

  it('hands on the credentials as the schema reads them, and the options', async () => {
    const seen: unknown[] = [];
    const provider = defineProvider(
      definition({
        signIn: async (...given) => {
          seen.push(...given);
          return createGrant({ provider: 'acme', accessToken: 'token', issuedAt: 1 });
        },
      }),
    );
    const { signal } = new AbortController();
    const given: Credentials & { readonly more: string } = { ...credentials, more: 'x' };
    await provider.signIn(given, { signal });
    expect(seen).toEqual([credentials, { signal }]);
  });

  it('lets a LatchkeyError through as it is', async () => {
    const error = new LatchkeyError('account_locked');
    const provider = defineProvider(definition({ signIn: () => Promise.reject(error) }));
    expect(await failureOf(provider.signIn(credentials))).toBe(error);
  });

  it.each<[string, () => never]>([
    [
      'an error with the password',
      () => {
        throw new TypeError(`no ${credentials.password}`);
      },
    ],
    [
      'text',
      () => {
        throw credentials.password;
      },
    ],
    [
      'nothing',
      () => {
        throw undefined;
      },
    ],
  ])('F3: %s thrown by the definition is an internal_error without the password', async (_, signIn) => {
    const provider = defineProvider(definition({ signIn }));
    for (const given of [credentials, { ...credentials, code: undefined }]) {
      const error = await failureOf(provider.signIn(given));
      expect(error).toMatchObject({ code: 'internal_error', provider: 'acme' });
      expect(error.cause).toBeInstanceOf(Error);
      expect(shown(error)).not.toContain('c4nary');
    }
  });

  it('F3: credentials inside credentials are not repeated either', async () => {
    const { name, upstream, identify } = definition();
    const provider = defineProvider({
      name,
      upstream,
      identify,
      credentials: z.object({ inner: z.array(z.object({ secret: z.string() })) }),
      signIn: async ({ inner }) => {
        throw new Error(`no ${inner[0]?.secret ?? ''}`);
      },
    });
    expect(shown(await failureOf(provider.signIn({ inner: [{ secret: 'c4nary' }] })))).not.toContain(
      'c4nary',
    );
  });

  it('rejects with the reason of the signal, as it came, before and during', async () => {
    const reason = { no: 'error' };
    const controller = new AbortController();
    const { signal } = controller;
    const provider = defineProvider(
      definition({
        signIn: (_, options) =>
          new Promise((_resolve, reject) => {
            options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
          }),
      }),
    );
    const outcome = expect(provider.signIn(credentials, { signal })).rejects.toBe(reason);
    controller.abort(reason);
    await outcome;
    await expect(provider.signIn({} as Credentials, { signal })).rejects.toBe(reason);
  });
});

describe('the other methods of a provider', () => {
  const grant = createGrant<{ id: string }>({
    provider: 'acme',
    accessToken: 'c4nary-token',
    refreshToken: 'c4nary-refresh',
    issuedAt: 1,
  });
  const failing = () => {
    throw new TypeError('cannot use c4nary-token or c4nary-refresh');
  };
  const provider = () =>
    defineProvider(definition({ account: failing, renew: failing, verify: failing, entitlements: failing }));

  it.each<[string, (of: ReturnType<typeof provider>) => Promise<unknown> | undefined]>([
    ['account', (of) => of.account(grant)],
    ['renew', (of) => of.renew?.(grant)],
  ])('F3: an error of %s that is not ours is an internal_error without the tokens', async (_, call) => {
    const error = await failureOf(Promise.resolve(call(provider())));
    expect(error).toMatchObject({ code: 'internal_error', provider: 'acme' });
    expect(shown(error)).not.toMatch(/c4nary-(token|refresh)/);
  });

  it('F3: an error of verify that is not ours is an internal_error without the token', async () => {
    const verify = () => {
      throw new TypeError('cannot use c4nary-token');
    };
    const error = await failureOf(
      Promise.resolve(defineProvider(definition({ verify })).verify?.('c4nary-token')),
    );
    expect(error).toMatchObject({ code: 'internal_error', provider: 'acme' });
    expect(shown(error)).not.toContain('c4nary-token');
  });

  it.each(['', 'two words', 'a\r\nb', undefined, null, 5, { value: 'token' }])(
    'verify knows nobody with the token %j, and asks nobody',
    async (token) => {
      const { verify } = defineProvider(definition({ verify: failing }));
      expect(await verify?.(token as string)).toBeUndefined();
    },
  );

  it('T7: a grant of another provider is refused, and goes nowhere', async () => {
    let asked = 0;
    const account = async () => ({ id: String((asked += 1)) });
    const renew = async () => {
      asked += 1;
      return grant;
    };
    const { renew: renewing, account: telling } = defineProvider(definition({ account, renew }));
    const foreign = createGrant<{ id: string }>({
      provider: 'other',
      accessToken: 'c4nary-token',
      issuedAt: 1,
    });
    for (const given of [foreign, undefined, null, 'grant', {}] as (typeof foreign)[]) {
      expect(await failureOf(Promise.resolve(renewing?.(given)))).toMatchObject({
        code: 'invalid_input',
        provider: 'acme',
      });
      expect(await failureOf(telling(given))).toMatchObject({ code: 'invalid_input', provider: 'acme' });
    }
    expect(asked).toBe(0);
    expect(await telling(grant)).toEqual({ id: '1' });
  });

  it('entitlements refuse what is no token source', async () => {
    const { entitlements } = defineProvider(definition({ entitlements: async () => [] }));
    expect(await failureOf(Promise.resolve(entitlements?.(undefined as never)))).toMatchObject({
      code: 'invalid_config',
    });
  });

  it('are absent where the definition has none', () => {
    const { renew, verify, entitlements } = defineProvider(definition());
    expect({ renew, verify, entitlements }).toEqual({});
  });

  it('an error of entitlements that is not ours is an internal_error', async () => {
    const source = staticTokenSource('token', 'https://api.example.com');
    expect(await failureOf(Promise.resolve(provider().entitlements?.(source)))).toMatchObject({
      code: 'internal_error',
    });
  });

  it('reject with the reason of the signal, as it came', async () => {
    const reason = new Error('gave up');
    const { verify } = defineProvider(
      definition({ verify: (_, options) => Promise.reject(options?.signal?.reason as Error) }),
    );
    await expect(verify?.('token', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a definition', () => {
  it('may be an instance of a class', async () => {
    class Acme {
      readonly name = 'acme' as const;
      readonly upstream = upstreamAt('https://api.example.com');
      readonly credentials = definition().credentials;
      readonly id = 'own';
      async signIn() {
        return createGrant({ provider: 'acme', accessToken: 'token', issuedAt: 1, account: { id: this.id } });
      }
      async renew() {
        return createGrant({ provider: 'acme', accessToken: this.id, issuedAt: 1, account: { id: this.id } });
      }
      identify({ id }: { id: string }) {
        return { provider: this.name, subject: `${this.id}:${id}` };
      }
    }
    const provider = defineProvider(new Acme());
    const grant = await provider.signIn(credentials);
    expect(provider.identify(await provider.account(grant)).subject).toBe('own:own');
    expect((await provider.renew?.(grant))?.accessToken).toBe('own');
  });

  it.each(['https://api.example.com.evil', 'https://api.example.community', 'https://api.example.com:8443'])(
    'T7: does not take %s for an audience within its origin',
    (audience) => {
      expect(thrownBy(() => defineProvider(definition({ audience }))).message).toContain(
        'audience must begin with the origin',
      );
    },
  );
});
