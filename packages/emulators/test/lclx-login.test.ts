import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LclxEmulator, startLclxEmulator } from '../src/index.js';
import { ask, at, lclxLogin, lclxToken } from './ask.js';

let emulator: LclxEmulator;
let origin: string;

beforeEach(async () => {
  emulator = await startLclxEmulator();
  ({ origin } = emulator);
});
afterEach(() => emulator.stop());

const fixture = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), 'utf8')) as unknown;

/** A JSON value with the names of types in place of its values. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.entries(value).map(([key, one]) => [key, shape(one)]);
}

const works = async (token: unknown) =>
  (await ask(origin, 'GET /api/carrier', { token: String(token) })).status === 200;

describe('a login', () => {
  it('answers with exactly the documented keys and types', async () => {
    const answer = await lclxLogin(origin);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(shape(answer.json())).toEqual(shape(fixture('lclx-login.json')));
    expect(answer.at('user.expires_on')).toBe(86_400);
    expect(answer.at('user.enabled')).toBe('TRUE');
    expect(answer.at('user.middlename')).toBe('');
  });

  it('keeps leading zeros in text', async () => {
    const { company } = (await lclxLogin(origin)).at('user') as { company: unknown };
    expect(company).toMatchObject({ postal: '02110', otilicense: '001234' });
  });

  it('gives an opaque token, a new one each time, and all of them live', async () => {
    const [one, other] = [await lclxToken(origin), await lclxToken(origin)];
    expect(one).toMatch(/^[\w-]{40,}$/);
    expect(other).not.toBe(one);
    expect(await works(one)).toBe(true);
    expect(await works(other)).toBe(true);
  });

  it('takes the address in any case', async () => {
    expect((await lclxLogin(origin, { email: 'Demo@Example.COM' })).status).toBe(200);
  });

  it('refuses a wrong password and an unknown address alike, with the documented body', async () => {
    const wrong = await lclxLogin(origin, { password: 'wrong' });
    const unknown = await lclxLogin(origin, { email: 'nobody@example.com' });
    expect(wrong.status).toBe(401);
    expect(wrong.json()).toEqual(fixture('lclx-login-refused.json'));
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it.each([
    undefined,
    'no JSON',
    '[]',
    'null',
    {},
    { email: 'demo@example.com' },
    { email: ['demo@example.com'], password: 'sample-password-1' },
    { email: 'demo@example.com', password: { length: 1 } },
  ])('answers %j with a 400 and a message', async (body) => {
    const answer = await ask(origin, 'POST /api/login', { body });
    expect(answer.status).toBe(400);
    expect(answer.at('message')).toBe('Email and password are required.');
  });

  it('takes a password of 1 MB for a wrong one', async () => {
    expect((await lclxLogin(origin, { password: 'p'.repeat(2 ** 20) })).status).toBe(401);
  });

  it('signs in users of a test', async () => {
    const own = await startLclxEmulator({
      users: [{ email: 'own@example.com', password: 'own', title: 'Owner' }],
    });
    const answer = await lclxLogin(own.origin, { email: 'own@example.com', password: 'own' });
    expect(answer.at('user.title')).toBe('Owner');
    expect((await lclxLogin(own.origin)).status).toBe(401);
    await own.stop();
  });
});

describe('a token', () => {
  it('lives for its lifetime and does not slide', async () => {
    const token = await lclxToken(origin);
    emulator.advance(86_399_000);
    expect(await works(token)).toBe(true);
    emulator.advance(1_001);
    expect(await works(token)).toBe(false);
  });

  it('dies when tokens are revoked', async () => {
    const token = await lclxToken(origin);
    emulator.revokeTokens();
    expect(await works(token)).toBe(false);
  });
});

describe('switches of the login', () => {
  it.each([200, 400, 401, 403, 404, 422] as const)('refusedStatus %i', async (refusedStatus) => {
    emulator.set({ refusedStatus });
    const answer = await lclxLogin(origin, { password: 'wrong' });
    expect(answer.status).toBe(refusedStatus);
    expect(answer.json()).toEqual(fixture('lclx-login-refused.json'));
  });

  it('loginAnswer: JSON, text, nothing, with headers', async () => {
    emulator.set({ loginAnswer: { status: 418, body: { odd: true } } });
    const json = await lclxLogin(origin);
    expect([json.status, json.json(), json.headers['content-type']]).toEqual([
      418,
      { odd: true },
      'application/json',
    ]);
    emulator.set({ loginAnswer: { status: 400, body: 'plain', headers: { 'x-odd': 'yes' } } });
    const text = await lclxLogin(origin);
    expect([text.text, text.headers['x-odd']]).toEqual(['plain', 'yes']);
    expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
    emulator.set({ loginAnswer: { status: 204 } });
    expect((await lclxLogin(origin)).bytes).toHaveLength(0);
    emulator.set({ loginAnswer: undefined });
    expect((await lclxLogin(origin)).status).toBe(200);
  });

  it('lifetimeSeconds: how long the token lives, and what is said of it', async () => {
    emulator.set({ lifetimeSeconds: 60 });
    const answer = await lclxLogin(origin);
    expect(answer.at('user.expires_on')).toBe(60);
    emulator.advance(60_000);
    expect(await works(answer.at('user.access_token'))).toBe(false);
  });

  it.each([0, -5])('lifetimeSeconds %i: a token that is refused at once', async (lifetimeSeconds) => {
    emulator.set({ lifetimeSeconds });
    const answer = await lclxLogin(origin);
    expect(answer.at('user.expires_on')).toBe(lifetimeSeconds);
    expect(await works(answer.at('user.access_token'))).toBe(false);
  });

  it.each([0, -1, 'soon', '86400', null])(
    'announcedLifetime %j: said, and not true',
    async (announcedLifetime) => {
      emulator.set({ announcedLifetime });
      const answer = await lclxLogin(origin);
      expect(answer.at('user.expires_on')).toBe(announcedLifetime);
      expect(await works(answer.at('user.access_token'))).toBe(true);
    },
  );

  it('lifetimeName', async () => {
    emulator.set({ lifetimeName: 'expires_in' });
    const named = (await lclxLogin(origin)).at('user');
    expect(named).toHaveProperty('expires_in', 86_400);
    expect(named).not.toHaveProperty('expires_on');
    emulator.set({ lifetimeName: 'absent' });
    expect((await lclxLogin(origin)).text).not.toMatch(/expires/);
  });

  it('lifetimeType', async () => {
    const told = async () => (await lclxLogin(origin)).at('user.expires_on');
    emulator.set({ lifetimeType: 'string' });
    expect(await told()).toBe('86400');
    const before = Date.now() + 86_400_000;
    emulator.set({ lifetimeType: 'epoch' });
    const epoch = Number(await told());
    expect(epoch).toBeGreaterThanOrEqual(Math.round(before / 1_000));
    expect(epoch).toBeLessThan(before / 1_000 + 10);
    emulator.set({ lifetimeType: 'epoch-ms' });
    const epochMs = Number(await told());
    expect(epochMs).toBeGreaterThanOrEqual(before);
    expect(epochMs).toBeLessThan(before + 10_000);
  });

  it('lifetimePlace', async () => {
    emulator.set({ lifetimePlace: 'top' });
    const answer = await lclxLogin(origin);
    expect(answer.at('expires_on')).toBe(86_400);
    expect(answer.at('user')).not.toHaveProperty('expires_on');
  });

  it.each([
    ['TRUE', 'TRUE', 'FALSE'],
    ['FALSE', 'FALSE', 'FALSE'],
    [true, true, false],
    [false, false, false],
    [1, 1, 0],
    [0, 0, 0],
    ['absent', undefined, undefined],
  ] as const)('enabled %j: %j for an enabled user, %j for a disabled one', async (enabled, yes, no) => {
    emulator.set({ enabled });
    expect((await lclxLogin(origin)).at('user.enabled')).toBe(yes);
    const disabled = { email: 'disabled@example.com', password: 'sample-password-3' };
    expect((await lclxLogin(origin, disabled)).at('user.enabled')).toBe(no);
  });

  it.each([
    ['object', { name: 'Example Freight & Sons' }],
    ['empty', {}],
    ['array', []],
    ['null', null],
  ] as const)('company %s', async (company, expected) => {
    emulator.set({ company });
    const user = (await lclxLogin(origin)).at('user');
    if (company === 'object') expect(at(user, 'company')).toMatchObject(expected);
    else expect(at(user, 'company')).toEqual(expected);
  });

  it('company absent', async () => {
    emulator.set({ company: 'absent' });
    expect((await lclxLogin(origin)).at('user')).not.toHaveProperty('company');
  });

  it('sameToken: the live token with the time that is left, a new one after its end, and one for each user', async () => {
    emulator.set({ sameToken: true });
    const token = await lclxToken(origin);
    emulator.advance(400_000);
    const again = await lclxLogin(origin);
    expect(again.at('user.access_token')).toBe(token);
    expect(again.at('user.expires_on')).toBe(86_000);
    expect(await lclxToken(origin, { email: 'second@example.com', password: 'sample-password-2' })).not.toBe(
      token,
    );
    emulator.revokeTokens();
    expect(await lclxToken(origin)).not.toBe(token);
  });

  it('loginEndsOldToken: the tokens of the same user, no others', async () => {
    emulator.set({ loginEndsOldToken: true });
    const [old, other] = [
      await lclxToken(origin),
      await lclxToken(origin, { email: 'second@example.com', password: 'sample-password-2' }),
    ];
    const fresh = await lclxToken(origin);
    expect([await works(old), await works(other), await works(fresh)]).toEqual([false, true, true]);
  });
});
