import { virtualClock } from '@latchkey/core/testing';
import type { LclxBehaviour, LoginAnswer } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import refusedSample from './fixtures/lclx-login-refused.json' with { type: 'json' };
import { emulated } from './emulated.js';

const startAt = Date.UTC(2026, 0, 1);
const day = 86_400_000;

describe('the lifetime in a login reply', () => {
  it.each<[string, Partial<LclxBehaviour>, number | undefined]>([
    ['seconds as a number', {}, startAt + day],
    ['seconds as text', { lifetimeType: 'string' }, startAt + day],
    ['under expires_in', { lifetimeName: 'expires_in' }, startAt + day],
    ['beside the user', { lifetimePlace: 'top' }, startAt + day],
    [
      'beside the user, under expires_in, as text',
      { lifetimePlace: 'top', lifetimeName: 'expires_in', lifetimeType: 'string' },
      startAt + day,
    ],
    ['absent', { lifetimeName: 'absent' }, undefined],
  ])('%s', (_, behaviour, expected) => grantedWith({ behaviour, expected }));

  it.each<[unknown, number | undefined]>([
    [1, startAt + 1000],
    [0.5, startAt + 500],
    ['3600', startAt + 3_600_000],
    [' 3600 ', startAt + 3_600_000],
    [(startAt + day) / 1000, startAt + day],
    [String((startAt + day) / 1000), startAt + day],
    [startAt + day, startAt + day],
    // 1,000 years
    [Math.round((startAt + 365_000 * day) / 1000), startAt + 365_000 * day],
    ...[0, -1, '0', '-5', '', 'soon', '1 day', '0x10', null, true, [], {}, [60], 9e15, '1e400'].map(
      (unusable): [unknown, undefined] => [unusable, undefined],
    ),
    // A moment that has passed: a wrong clock somewhere, not a token that is dead on arrival.
    [startAt / 1000 - 60, undefined],
  ])('expires_on %j', (announced, expected) => grantedWith({ user: { expires_on: announced }, expected }));

  it('is the first usable one of the four places', async () => {
    await grantedWith({
      user: { expires_on: 0, expires_in: 60 },
      top: { expires_on: 70 },
      expected: startAt + 60_000,
    });
    await grantedWith({
      user: { expires_in: 'x' },
      top: { expires_on: 70, expires_in: 80 },
      expected: startAt + 70_000,
    });
    await grantedWith({ user: {}, top: { expires_on: null, expires_in: 80 }, expected: startAt + 80_000 });
  });

  it('counts from before the request was sent', async () => {
    const clock = virtualClock({ startAt });
    await emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.next({ kind: 'slow-headers', delayMs: 20 });
        const signingIn = provider.signIn(credentials);
        await clock.advance(4000);
        expect(await signingIn).toMatchObject({ issuedAt: startAt, expiresAt: startAt + day });
      },
      { clock },
    );
  });

  async function grantedWith({
    behaviour = {},
    user,
    top = {},
    expected,
  }: {
    readonly behaviour?: Partial<LclxBehaviour>;
    readonly user?: object;
    readonly top?: object;
    readonly expected: number | undefined;
  }) {
    await emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set(behaviour);
        if (user) {
          emulator.set({
            loginAnswer: { status: 200, body: { user: { access_token: 't', ...user }, ...top } },
          });
        }
        expect((await provider.signIn(credentials)).expiresAt).toBe(expected);
      },
      { clock: virtualClock({ startAt }) },
    );
  }
});

describe('the refusal of a login', () => {
  const other = { message: 'The email field is required.' };

  it.each<[number, unknown, string]>([
    ...[400, 401, 403, 404, 422, 200].map((status): [number, unknown, string] => [
      status,
      refusedSample,
      'invalid_credentials',
    ]),
    [400, { message: 'invalid username or password' }, 'invalid_credentials'],
    [403, { message: 'Wrong password.' }, 'invalid_credentials'],
    [404, { message: 'Incorrect credentials supplied' }, 'invalid_credentials'],
    [200, 'Invalid Username or Password.', 'invalid_credentials'],
    [401, other, 'invalid_credentials'],
    [401, undefined, 'invalid_credentials'],
    [401, '<html>Unauthorized</html>', 'invalid_credentials'],
    [400, other, 'invalid_input'],
    [422, other, 'invalid_input'],
    [400, undefined, 'invalid_input'],
    [403, other, 'account_disabled'],
    [403, undefined, 'account_disabled'],
    [404, other, 'upstream_error'],
    [404, { message: 'Route POST:/api/login not found', error: 'Not Found' }, 'upstream_error'],
    [404, 'The requested URL /api/login was not found on this server.', 'upstream_error'],
    [422, { message: 'Invalid login request: email must be a string' }, 'invalid_input'],
    [400, 'Bad Request: login payload malformed', 'invalid_input'],
    [403, 'Forbidden: bad user agent at /login', 'account_disabled'],
    [403, '<p>Invalid password</p>', 'account_disabled'],
    [405, refusedSample, 'upstream_error'],
    [404, undefined, 'upstream_error'],
    [418, other, 'upstream_error'],
    [429, undefined, 'rate_limited'],
    [429, refusedSample, 'rate_limited'],
    [500, undefined, 'upstream_error'],
    [500, refusedSample, 'upstream_error'],
    [502, '<html>Bad gateway</html>', 'upstream_error'],
    [503, refusedSample, 'upstream_error'],
    [200, undefined, 'invalid_response'],
    [204, undefined, 'invalid_response'],
    [200, {}, 'invalid_response'],
    [200, [], 'invalid_response'],
    [200, other, 'invalid_response'],
    [200, { user: null }, 'invalid_response'],
    [200, { user: { access_token: '' } }, 'invalid_response'],
    [200, { user: { access_token: 5 } }, 'invalid_response'],
    [200, { user: { access_token: 'two words' } }, 'invalid_response'],
    [200, '<html>Welcome. Invalid password? Click here.</html>'.padEnd(400), 'invalid_response'],
    [200, '{"user":{"access_token":"t', 'invalid_response'],
  ])('%i with %j is %s', (status, body, code) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status, body } satisfies LoginAnswer });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({ code, status, provider: 'lclx' });
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  it.each([301, 302, 303, 307, 308] as const)('T8: a %i is upstream_error, and is not followed', (status) =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.next({ kind: 'redirect', status });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({
        code: 'upstream_error',
        status,
        retryable: false,
      });
      expect(emulator.requests).toHaveLength(1);
    }),
  );

  it.each<[string, LoginAnswer['headers'], number | undefined]>([
    ['seconds', { 'retry-after': '120' }, 120_000],
    ['a date', { 'retry-after': new Date(startAt + 60_000).toUTCString() }, 60_000],
    ['nothing', {}, undefined],
  ])('tells from Retry-After as %s how long to wait', (_, headers, retryAfterMs) =>
    emulated(
      async ({ emulator, provider, credentials }) => {
        emulator.set({
          loginAnswer: { status: 429, headers: { date: new Date(startAt).toUTCString(), ...headers } },
        });
        const error: unknown = await provider.signIn(credentials).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'rate_limited', retryable: true });
        expect((error as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs);
      },
      { clock: virtualClock({ startAt }) },
    ),
  );

  it('a 5xx may be tried again, a refusal may not', () =>
    emulated(async ({ emulator, provider, credentials }) => {
      emulator.set({ loginAnswer: { status: 500 } });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({ retryable: true });
      emulator.set({ loginAnswer: { status: 401 } });
      await expect(provider.signIn(credentials)).rejects.toMatchObject({ retryable: false });
    }));
});
