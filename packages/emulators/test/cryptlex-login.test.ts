import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CryptlexEmulator, startCryptlexEmulator } from '../src/index.js';
import { jsonWebToken } from '../src/json-web-token.js';
import { ask, at, cryptlexLogin, cryptlexToken } from './ask.js';

let emulator: CryptlexEmulator;
let origin: string;

beforeEach(async () => {
  emulator = await startCryptlexEmulator();
  ({ origin } = emulator);
});
afterEach(() => emulator.stop());

const works = async (token: unknown) =>
  (await ask(origin, 'GET /v3/me', { token: String(token) })).status === 200;
const renew = (refreshToken: unknown) =>
  ask(origin, 'POST /v3/accounts/login-refresh-token', { body: { refreshToken } });
const claims = (token: unknown): unknown =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());

const wrongPassword = { password: 'a wrong password' };

describe('a login', () => {
  it('answers with an access token, as documented, and a refresh token', async () => {
    const answer = await cryptlexLogin(origin);
    const sample: unknown = JSON.parse(
      readFileSync(fileURLToPath(new URL('fixtures/cryptlex-login.json', import.meta.url)), 'utf8'),
    );
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json() as object)).toEqual([...Object.keys(sample as object), 'refreshToken']);
    expect(answer.at('refreshToken')).toMatch(/^[\w-]{43}$/);
  });

  it('takes the id of the account instead of its alias', async () => {
    const answer = await cryptlexLogin(origin, { accountAlias: undefined, accountId: emulator.accountId });
    expect(answer.status).toBe(200);
  });

  it('takes a null for a field that is left out', async () => {
    expect((await cryptlexLogin(origin, { accountId: null, twoFactorCode: null })).status).toBe(200);
  });

  it('gives a JWT with sub, email, jti, iat, exp and aud', async () => {
    const token = String((await cryptlexLogin(origin)).at('accessToken'));
    const user = emulator.users[0];
    expect(claims(token)).toEqual({
      sub: user?.id,
      email: 'demo@example.com',
      jti: expect.stringMatching(/^[\da-f-]{36}$/) as unknown,
      iat: expect.any(Number) as unknown,
      exp: Number(at(claims(token), 'iat')) + 3_600,
      aud: origin,
    });
    expect(Math.abs(Number(at(claims(token), 'iat')) - Date.now() / 1_000)).toBeLessThan(5);
    expect(claims((await cryptlexLogin(origin)).at('accessToken'))).not.toEqual(claims(token));
  });

  it.each([
    [{ accountAlias: 'other' }],
    [{ accountAlias: undefined, accountId: '00000000-0000-4000-8000-000000000002' }],
    [{ accountAlias: undefined, accountId: 'example' }],
  ])('names the account where it is another one: %j', async (fields) => {
    const answer = await cryptlexLogin(origin, fields);
    expect([answer.status, answer.at('code')]).toEqual([400, 'ACCOUNT_NOT_FOUND']);
    expect(answer.at('message')).toMatch(/account/);
  });

  it('refuses a wrong password and an unknown address alike', async () => {
    const wrong = await cryptlexLogin(origin, wrongPassword);
    const unknown = await cryptlexLogin(origin, { email: 'nobody@example.com' });
    expect([wrong.status, wrong.json()]).toEqual([
      400,
      { message: 'The email address or the password is wrong.', code: 'AUTHENTICATION_FAILED' },
    ]);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it.each([
    [{ email: undefined }, { email: ['The field email is required.'] }],
    [{ email: ['demo@example.com'] }, { email: [expect.any(String)] }],
    [{ email: 'e'.repeat(257) }, { email: [expect.any(String)] }],
    [{ password: 'seven77' }, { password: ['The field password must be a text of 8 to 256 characters.'] }],
    [{ password: 'p'.repeat(2 ** 20) }, { password: [expect.any(String)] }],
    [{ twoFactorCode: '12345' }, { twoFactorCode: [expect.any(String)] }],
    [{ twoFactorRecoveryCode: '' }, { twoFactorRecoveryCode: [expect.any(String)] }],
    [{ accountAlias: undefined }, { accountId: [expect.stringMatching(/^Exactly one/)] }],
    [{ accountId: 'x' }, { accountId: [expect.stringMatching(/^Exactly one/)] }],
    [{ accountId: 'x'.repeat(37) }, { accountId: [expect.stringMatching(/1 to 36/)] }],
  ])('answers fields out of their limits with structured errors: %o', async (fields, errors) => {
    const answer = await cryptlexLogin(origin, fields);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message: 'The request is invalid.', code: 'INVALID_REQUEST', errors });
  });

  it.each([undefined, 'no JSON', '[]', 'null', '{"__proto__":{"email":"demo@example.com"}}'])(
    'answers the body %j likewise',
    async (body) => {
      const answer = await ask(origin, 'POST /v3/accounts/login', { body });
      expect([answer.status, answer.at('code')]).toEqual([400, 'INVALID_REQUEST']);
    },
  );

  it('knows the account it was started with', async () => {
    const own = await startCryptlexEmulator({
      accountAlias: 'own',
      accountId: '11111111-1111-4111-8111-111111111111',
      users: [{ email: 'own@example.com', password: 'own password' }],
    });
    const credentials = { accountAlias: 'own', email: 'OWN@example.com', password: 'own password' };
    expect((await cryptlexLogin(own.origin, credentials)).status).toBe(200);
    const byId = { ...credentials, accountAlias: undefined, accountId: own.accountId };
    expect((await cryptlexLogin(own.origin, byId)).status).toBe(200);
    await own.stop();
  });
});

describe('the second factor', () => {
  const factor = { email: 'factor@example.com', password: 'sample-password-2' };
  const code = async (fields: object) => {
    const answer = await cryptlexLogin(origin, { ...factor, ...fields });
    return answer.status === 200 ? 200 : answer.at('code');
  };

  it('is asked for, refused when wrong and taken when right', async () => {
    expect(await code({})).toBe('TWO_FACTOR_CODE_MISSING');
    expect(await code({ twoFactorCode: '654321' })).toBe('TWO_FACTOR_CODE_INVALID');
    expect(await code({ twoFactorCode: '123456' })).toBe(200);
  });

  it('comes after the password', async () => {
    expect(await code({ ...wrongPassword, twoFactorCode: '123456' })).toBe('AUTHENTICATION_FAILED');
  });

  it('can be a recovery code, once, and again after a reset', async () => {
    expect(await code({ twoFactorRecoveryCode: 'another' })).toBe('TWO_FACTOR_CODE_INVALID');
    expect(await code({ twoFactorRecoveryCode: 'sample-recovery-code' })).toBe(200);
    expect(await code({ twoFactorRecoveryCode: 'sample-recovery-code' })).toBe('TWO_FACTOR_CODE_INVALID');
    emulator.reset();
    expect(await code({ twoFactorRecoveryCode: 'sample-recovery-code' })).toBe(200);
  });

  it('counts as a failure when wrong and not when missing', async () => {
    for (let round = 0; round < 6; round++) await code({});
    for (let round = 0; round < 5; round++) expect(await code({ twoFactorCode: '654321' })).not.toBe(200);
    expect(await code({ twoFactorCode: '123456' })).toBe('ACCOUNT_LOCKED');
  });

  it('secondFactor: everybody has one', async () => {
    emulator.set({ secondFactor: true });
    expect((await cryptlexLogin(origin)).at('code')).toBe('TWO_FACTOR_CODE_MISSING');
    const token = await cryptlexToken(origin, { twoFactorCode: '123456' });
    expect((await ask(origin, 'GET /v3/me', { token })).at('twoFactorEnabled')).toBe(true);
  });
});

describe('the lock', () => {
  const fail = async (times: number, fields: object = {}) => {
    for (let round = 0; round < times; round++) {
      expect((await cryptlexLogin(origin, { ...wrongPassword, ...fields })).at('code')).toBe(
        'AUTHENTICATION_FAILED',
      );
    }
  };

  it('closes after five failures, for the right password too, and opens after 300 s', async () => {
    await fail(5);
    const locked = await cryptlexLogin(origin);
    expect([locked.status, locked.at('code')]).toEqual([400, 'ACCOUNT_LOCKED']);
    emulator.advance(299_000);
    expect((await cryptlexLogin(origin)).at('code')).toBe('ACCOUNT_LOCKED');
    emulator.advance(1_000);
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('counts again from nothing once it has opened', async () => {
    await fail(5);
    emulator.advance(300_000);
    await fail(4);
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('forgets failures at a good login', async () => {
    await fail(4);
    expect((await cryptlexLogin(origin)).status).toBe(200);
    await fail(4);
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('is for one address, in any case, and for unknown ones alike', async () => {
    await fail(3);
    await fail(2, { email: 'DEMO@example.com' });
    await fail(5, { email: 'nobody@example.com' });
    const known = await cryptlexLogin(origin);
    const unknown = await cryptlexLogin(origin, { email: 'nobody@example.com' });
    expect(unknown.text).toBe(known.text);
    const other = await cryptlexLogin(origin, { email: 'many@example.com', password: 'sample-password-4' });
    expect(other.status).toBe(200);
  });

  it('does not count a wrong account or fields out of their limits', async () => {
    for (let round = 0; round < 6; round++) {
      await cryptlexLogin(origin, { accountAlias: 'other' });
      await cryptlexLogin(origin, { password: 'short' });
    }
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('opens at a reset', async () => {
    await fail(5);
    emulator.reset();
    expect((await cryptlexLogin(origin)).status).toBe(200);
  });

  it('is for good for the locked sample user', async () => {
    const credentials = { email: 'locked@example.com', password: 'sample-password-3' };
    emulator.advance(1e9);
    expect((await cryptlexLogin(origin, credentials)).at('code')).toBe('ACCOUNT_LOCKED');
  });

  it('lockStatus 409', async () => {
    emulator.set({ lockStatus: 409 });
    const credentials = { email: 'locked@example.com', password: 'sample-password-3' };
    expect((await cryptlexLogin(origin, credentials)).status).toBe(409);
  });
});

describe('access tokens', () => {
  it('live for an hour', async () => {
    const token = await cryptlexToken(origin);
    emulator.advance(3_599_000);
    expect(await works(token)).toBe(true);
    emulator.advance(1_001);
    expect(await works(token)).toBe(false);
  });

  it('accessTokenSeconds', async () => {
    emulator.set({ accessTokenSeconds: 5 });
    const token = await cryptlexToken(origin);
    expect(Number(at(claims(token), 'exp')) - Number(at(claims(token), 'iat'))).toBe(5);
    emulator.advance(5_000);
    expect(await works(token)).toBe(false);
    emulator.set({ accessTokenSeconds: 0 });
    expect(await works(await cryptlexToken(origin))).toBe(false);
  });

  it('opaqueTokens', async () => {
    emulator.set({ opaqueTokens: true });
    const token = await cryptlexToken(origin);
    expect(token).toMatch(/^[\w-]{64}$/);
    expect(await works(token)).toBe(true);
  });

  it('noExp: not said, and true all the same', async () => {
    emulator.set({ noExp: true });
    const token = await cryptlexToken(origin);
    expect(claims(token)).not.toHaveProperty('exp');
    emulator.advance(3_600_000);
    expect(await works(token)).toBe(false);
  });

  it('are looked up, so that no other JWT is taken', async () => {
    const forged = jsonWebToken(
      claims(await cryptlexToken(origin)) as Record<string, unknown>,
      Buffer.from('other'),
    );
    expect(await works(forged)).toBe(false);
  });

  it('are signed with HMAC SHA-256', () => {
    const [header = '', payload = '', signature] = jsonWebToken({ sub: 'x' }, Buffer.from('secret')).split(
      '.',
    );
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
    const expected = createHmac('sha256', 'secret').update(`${header}.${payload}`).digest('base64url');
    expect(signature).toBe(expected);
  });

  it('token faults replace them', async () => {
    emulator.next({ kind: 'token-huge', bytes: 5 });
    expect((await cryptlexLogin(origin)).at('accessToken')).toBe('aaaaa');
    emulator.next('token-crlf');
    expect(await cryptlexToken(origin)).toContain('\r\n');
  });
});

describe('a 401', () => {
  it('has a body, a code and a challenge', async () => {
    const answer = await ask(origin, 'GET /v3/me');
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toEqual({ message: 'The access token is not valid.', code: 'UNAUTHORIZED' });
  });

  it('emptyUnauthorized: an empty body and the challenge', async () => {
    emulator.set({ emptyUnauthorized: true });
    const answer = await ask(origin, 'GET /v3/me/licenses', { token: 'unknown' });
    expect([answer.status, answer.text, answer.headers['www-authenticate']]).toEqual([401, '', 'Bearer']);
  });
});

describe('the renewal', () => {
  it('rotates: a new pair each time, and the old refresh token is used up', async () => {
    const first = await cryptlexLogin(origin);
    const second = await renew(first.at('refreshToken'));
    expect(second.status).toBe(200);
    expect(second.at('refreshToken')).not.toBe(first.at('refreshToken'));
    expect(await works(second.at('accessToken'))).toBe(true);
    expect(await works(first.at('accessToken'))).toBe(true);
    const again = await renew(first.at('refreshToken'));
    expect([again.status, again.at('code')]).toEqual([400, 'REFRESH_TOKEN_INVALID']);
    expect((await renew(second.at('refreshToken'))).status).toBe(200);
  });

  it('kept: the same refresh token again', async () => {
    emulator.set({ refreshToken: 'kept' });
    const { refreshToken } = (await cryptlexLogin(origin)).json() as { refreshToken: string };
    expect((await renew(refreshToken)).at('refreshToken')).toBe(refreshToken);
    expect((await renew(refreshToken)).status).toBe(200);
  });

  it('absent-on-renewal: no refresh token in the answer, and the old one goes on', async () => {
    emulator.set({ refreshToken: 'absent-on-renewal' });
    const { refreshToken } = (await cryptlexLogin(origin)).json() as { refreshToken: string };
    for (let round = 0; round < 2; round++) {
      const renewed = await renew(refreshToken);
      expect(Object.keys(renewed.json() as object)).toEqual(['accessToken']);
      expect(await works(renewed.at('accessToken'))).toBe(true);
    }
  });

  it('none: no refresh token at the login and no endpoint', async () => {
    emulator.set({ refreshToken: 'none' });
    expect(Object.keys((await cryptlexLogin(origin)).json() as object)).toEqual(['accessToken']);
    expect((await renew('any')).status).toBe(404);
  });

  it('refuses an unknown token, with the status of the switch', async () => {
    expect((await renew('unknown')).status).toBe(400);
    emulator.set({ refreshRefusedStatus: 401 });
    expect((await renew('unknown')).status).toBe(401);
  });

  it.each([undefined, {}, { refreshToken: 5 }, { refreshToken: '' }, { refreshToken: 'r'.repeat(257) }])(
    'answers the body %j with structured errors',
    async (body) => {
      const answer = await ask(origin, 'POST /v3/accounts/login-refresh-token', { body });
      expect(answer.status).toBe(400);
      expect(answer.at('errors')).toHaveProperty('refreshToken');
    },
  );

  it('refreshTokenSeconds: 30 days, or as the switch says', async () => {
    const long = (await cryptlexLogin(origin)).at('refreshToken');
    emulator.set({ refreshTokenSeconds: 10 });
    const short = (await cryptlexLogin(origin)).at('refreshToken');
    emulator.advance(10_000);
    expect((await renew(short)).status).toBe(400);
    expect((await renew(long)).status).toBe(200);
    emulator.set({ refreshTokenSeconds: 30 * 86_400 });
    const another = (await cryptlexLogin(origin)).at('refreshToken');
    emulator.advance(30 * 86_400_000);
    expect((await renew(another)).status).toBe(400);
  });

  it('outlives revokeTokens, and ends with revokeRefreshTokens', async () => {
    const answer = await cryptlexLogin(origin);
    emulator.revokeTokens();
    expect(await works(answer.at('accessToken'))).toBe(false);
    const renewed = await renew(answer.at('refreshToken'));
    expect(renewed.status).toBe(200);
    emulator.revokeRefreshTokens();
    expect((await renew(renewed.at('refreshToken'))).status).toBe(400);
    expect(await works(renewed.at('accessToken'))).toBe(true);
  });

  it('token faults replace its access token, too', async () => {
    const { refreshToken } = (await cryptlexLogin(origin)).json() as { refreshToken: string };
    emulator.next({ kind: 'token-huge', bytes: 5 });
    expect((await renew(refreshToken)).at('accessToken')).toBe('aaaaa');
  });
});

describe('loginAnswer', () => {
  it.each([
    [
      { status: 400, body: { message: 'Nope', code: 'SOMETHING_NEW' } },
      '{"message":"Nope","code":"SOMETHING_NEW"}',
    ],
    [{ status: 409, body: 'plain' }, 'plain'],
    [{ status: 403 }, ''],
  ])('%j', async (loginAnswer, text) => {
    emulator.set({ loginAnswer });
    const answer = await cryptlexLogin(origin);
    expect([answer.status, answer.text]).toEqual([loginAnswer.status, text]);
  });
});
