import { startLclxEmulator } from '@latchkey/emulators';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ran } from './ran.js';

const account = { email: 'someone@example.com', password: 'canary-password-5d2' };

describe('the standalone sample at LCLXchange', () => {
  afterEach(() => vi.useRealTimers());

  it('signs in at the emulator when no account is given, and shows user, company, expiry, routes and carriers', async () => {
    // The first sailing of the emulator leaves seven days after its start.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 11, 28, 9, 30) });
    const { code, out, err } = await ran({});
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out).toMatch(/^ {2}User +Sample User$/m);
    expect(out).toMatch(/^ {2}Company +Example Freight & Sons, Boston, MA, UNITED STATES$/m);
    expect(out).toMatch(/^ {2}Token +ends in 1 day, at 2026-12-29 09:30 UTC$/m);
    expect(out).toMatch(
      /^ {2}1 +Shanghai, CN +Los Angeles, US +China COSCO Shipping +COSCO Sample 1 +2027-01-04 +2027-01-21$/m,
    );
    expect(out.split('\n').every((line) => line.length <= 120 && !line.endsWith(' '))).toBe(true);
  });

  it('signs in with the account of the environment, at the origin it names, and shows no token or password', async () => {
    await using emulator = await startLclxEmulator({
      users: [{ ...account, firstname: 'Somebody', lastname: 'Else' }],
    });
    const { code, out } = await ran({
      LCLX_EMAIL: account.email,
      LCLX_PASSWORD: account.password,
      LCLX_ORIGIN: emulator.origin,
    });
    expect(code).toBe(0);
    expect(out).toContain('Somebody Else');
    expect(out).toContain(`LCLXchange at ${emulator.origin}`);
    const token = emulator.requests.at(-1)?.headers['authorization']?.replace('Bearer ', '');
    expect(token).toMatch(/^\S{20,}$/);
    expect(out).not.toContain(token);
    expect(out).not.toContain(account.password);
    expect(emulator.requests.map(({ path }) => path).sort()).toEqual([
      '/api/carrier',
      '/api/login',
      '/api/route',
    ]);
  });

  it('says in one line that the credentials are wrong', async () => {
    await using emulator = await startLclxEmulator({ users: [account] });
    const { code, out, err } = await ran({
      LCLX_EMAIL: account.email,
      LCLX_PASSWORD: 'wrong-canary',
      LCLX_ORIGIN: emulator.origin,
    });
    expect(code).toBe(1);
    expect(out).not.toContain('LCLXchange at');
    expect(err).toEqual([
      'lclx answered 401. The e-mail address or the password is wrong. Check LCLX_EMAIL and LCLX_PASSWORD. (invalid_credentials)',
    ]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'an unreachable host',
      { LCLX_ORIGIN: 'http://127.0.0.1:9' },
      /^http:\/\/127\.0\.0\.1:9 refused the connection\. .* LCLX_ORIGIN\./,
    ],
    [
      'T9: plain http to another host',
      { LCLX_ORIGIN: 'http://example.com' },
      /origin must be https.* Check the LCLX_ variables\./,
    ],
    [
      'an address that is none',
      { LCLX_EMAIL: 'someone' },
      /email must be an e-mail address.* LCLX_ variables/,
    ],
    ['a missing password', { LCLX_PASSWORD: '' }, /^LCLX_PASSWORD must be set to sign in/],
    ['a missing address', { LCLX_EMAIL: '' }, /^LCLX_EMAIL must be set to sign in/],
    [
      'an origin without an account',
      { LCLX_EMAIL: '', LCLX_PASSWORD: '', LCLX_ORIGIN: 'https://example.com' },
      /^LCLX_EMAIL and LCLX_PASSWORD must be set/,
    ],
  ])('says in one line what is wrong with %s', async (_, env, said) => {
    const { code, out, err } = await ran({
      LCLX_EMAIL: account.email,
      LCLX_PASSWORD: account.password,
      ...env,
    });
    expect({ code, lines: err.length }).toEqual({ code: 1, lines: 1 });
    expect(out).not.toContain('LCLXchange at');
    expect(err[0]).toMatch(said);
    expect(err[0]).not.toContain(account.password);
    expect(err[0]).not.toContain('\n');
  });

  it('says how long to wait where the provider says it', async () => {
    await using emulator = await startLclxEmulator({ users: [account] });
    emulator.next({ kind: 'rate-limited', retryAfter: 90 });
    const { err } = await ran({
      LCLX_EMAIL: account.email,
      LCLX_PASSWORD: account.password,
      LCLX_ORIGIN: emulator.origin,
    });
    expect(err).toEqual([expect.stringContaining('Try again in 1 minute 30 seconds.')]);
  });

  it('lets nothing that the provider sends move the cursor or break a line', async () => {
    await using emulator = await startLclxEmulator({
      users: [{ ...account, firstname: '\u001b[2J\u001b]0;title\u0007Eve\r\n', lastname: '\u202eliame' }],
    });
    const { out } = await ran({
      LCLX_EMAIL: account.email,
      LCLX_PASSWORD: account.password,
      LCLX_ORIGIN: emulator.origin,
    });
    expect(out).toMatch(/^ {2}User +Eve liame$/m);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
