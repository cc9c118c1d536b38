import { startCryptlexEmulator, type CryptlexEmulator } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { ran } from './ran.js';

const account = { email: 'someone@example.com', password: 'canary-password-5d2' };

function at(emulator: CryptlexEmulator, user: { email: string; password: string } = account) {
  return {
    CRYPTLEX_ACCOUNT_ALIAS: emulator.accountAlias,
    CRYPTLEX_EMAIL: user.email,
    CRYPTLEX_PASSWORD: user.password,
    CRYPTLEX_ORIGIN: emulator.origin,
  };
}

describe('the standalone sample at Cryptlex', () => {
  it('signs in at the emulator when no account is given, and shows profile and licences', async () => {
    const { code, out, err } = await ran({});
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const [, cryptlex = ''] = out.split('Cryptlex at ');
    expect(cryptlex).toMatch(/^ {2}E-mail +demo@example\.com$/m);
    expect(cryptlex).toMatch(/^ {2}Token +ends in 1 hour, at /m);
    expect(cryptlex).toMatch(/^ {2}PRODUCT +KEY +STATUS +ACTIVATIONS +EXPIRES$/m);
    expect(cryptlex).toMatch(/^ {2}Sample Editor +[0-9A-F]{8}… +active +0 of 2 +2099-12-31$/m);
    expect(cryptlex).toMatch(/^ {2}Sample Renderer +[0-9A-F]{8}… +active +0 of unlimited +never$/m);
    expect(cryptlex).toMatch(/^ {2}Sample Server +[0-9A-F]{8}… +expired +0 of unlimited +2020-06-30$/m);
    expect(cryptlex).toMatch(/ suspended .*\n.* revoked /);
  });

  it('shows all licences of an account with many, no key in full, and no token or password', async () => {
    await using emulator = await startCryptlexEmulator({ users: [{ ...account, licenses: 237 }] });
    const { code, out } = await ran(at(emulator));
    expect(code).toBe(0);
    expect(out.match(/^ {2}Sample \w+ +[0-9A-F]{8}… /gm)).toHaveLength(237);
    expect(out).not.toMatch(/[0-9A-F]{8}-[0-9A-F]{4}|eyJ/);
    expect(out).not.toContain(account.password);
  });

  it('signs in by the id of the account', async () => {
    await using emulator = await startCryptlexEmulator({ users: [account] });
    const { code, out } = await ran({
      ...at(emulator),
      CRYPTLEX_ACCOUNT_ALIAS: '',
      CRYPTLEX_ACCOUNT_ID: emulator.accountId,
    });
    expect(code).toBe(0);
    expect(out).toContain('No licences.');
  });

  it('takes the second factor from the environment', async () => {
    await using emulator = await startCryptlexEmulator({ users: [{ ...account, twoFactorCode: '654321' }] });
    expect(await ran({ ...at(emulator), CRYPTLEX_TWO_FACTOR_CODE: '654321' })).toMatchObject({
      code: 0,
      err: [],
    });
    const wrong = await ran({ ...at(emulator), CRYPTLEX_TWO_FACTOR_CODE: '111111' });
    expect(wrong).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/CRYPTLEX_TWO_FACTOR_CODE.*\(second_factor_invalid.*\)$/)],
    });
  });

  it('asks for the second factor at a terminal, once', async () => {
    await using emulator = await startCryptlexEmulator({ users: [{ ...account, twoFactorCode: '654321' }] });
    const asked: string[] = [];
    const answering = (answer: string) => async (question: string) => {
      asked.push(question);
      return answer;
    };
    expect(await ran(at(emulator), answering('654 321'))).toMatchObject({ code: 0, err: [] });
    expect(asked).toEqual(['Second-factor code for Cryptlex: ']);
    expect(await ran(at(emulator), answering('111111'))).toMatchObject({ code: 1 });
    expect(asked).toHaveLength(2);
  });

  it('does not try again with an empty answer, which would be one more failure', async () => {
    await using emulator = await startCryptlexEmulator({ users: [{ ...account, twoFactorCode: '654321' }] });
    const { code, err } = await ran(at(emulator), async () => '  ');
    expect(code).toBe(1);
    expect(err).toEqual([expect.stringMatching(/\(second_factor_required/)]);
    expect(emulator.requests).toHaveLength(1);
  });

  it('says which variable to set for the second factor where there is no terminal', async () => {
    await using emulator = await startCryptlexEmulator({ users: [{ ...account, twoFactorCode: '654321' }] });
    const { code, err } = await ran(at(emulator));
    expect(code).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(/Set CRYPTLEX_TWO_FACTOR_CODE.*\(second_factor_required.*\)$/),
    ]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a wrong password',
      { CRYPTLEX_PASSWORD: 'wrong-password' },
      /Check CRYPTLEX_EMAIL and CRYPTLEX_PASSWORD\. \(invalid_credentials.*\)/,
    ],
    ['a short password', { CRYPTLEX_PASSWORD: 'short' }, /password must be text of 8 to 256 characters/],
    [
      'a wrong alias',
      { CRYPTLEX_ACCOUNT_ALIAS: 'nobody' },
      /Check CRYPTLEX_ACCOUNT_ALIAS or CRYPTLEX_ACCOUNT_ID, and CRYPTLEX_REGION\. \(upstream_error: ACCOUNT_NOT_FOUND\)$/,
    ],
    [
      'no account of the vendor',
      { CRYPTLEX_ACCOUNT_ALIAS: '' },
      /^Exactly one of CRYPTLEX_ACCOUNT_ALIAS and CRYPTLEX_ACCOUNT_ID/,
    ],
    [
      'both alias and id',
      { CRYPTLEX_ACCOUNT_ID: 'x' },
      /^Exactly one of CRYPTLEX_ACCOUNT_ALIAS and CRYPTLEX_ACCOUNT_ID/,
    ],
    [
      'a region and an origin',
      { CRYPTLEX_REGION: 'eu' },
      /region and origin must not be given together.* CRYPTLEX_ variables/,
    ],
    ['another region', { CRYPTLEX_REGION: 'mars' }, /region must be us or eu/],
    ['a missing password', { CRYPTLEX_PASSWORD: '' }, /^CRYPTLEX_PASSWORD must be set/],
    [
      'an unreachable host',
      { CRYPTLEX_ORIGIN: 'http://127.0.0.1:9' },
      /refused the connection\. .* CRYPTLEX_ORIGIN\./,
    ],
  ])('says in one line what is wrong with %s', async (_, env, said) => {
    await using emulator = await startCryptlexEmulator({ users: [account] });
    const { code, out, err } = await ran({ ...at(emulator), ...env });
    expect({ code, lines: err.length }).toEqual({ code: 1, lines: 1 });
    expect(err[0]).toMatch(said);
    expect(err[0]).not.toContain(account.password);
    expect(out).not.toContain('Cryptlex at');
  });
});
