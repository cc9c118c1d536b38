import { inspect } from 'node:util';
import { createGrant, isLatchkeyError, staticTokenSource } from '@latchkey/core';
import { startCryptlexEmulator } from '@latchkey/emulators';
import { describe, expect, it } from 'vitest';
import { cryptlex, cryptlexClient, type CryptlexAccount } from '../src/index.js';
import { faults, timeoutFor } from './faults.js';

const marked = { email: 'somebody@example.com', password: 'canary-password-9c1', licenses: 3 };
const { email, password } = marked;
const tokens = { accessToken: 'canary-access-4e2', refreshToken: 'canary-refresh-b07' };
const codes = [{ twoFactorCode: 'canary' }, { twoFactorRecoveryCode: 'canary-recovery-5d8' }];

describe('F3: no outcome shows a password, a code or a token', () => {
  it.each(faults)('$kind', async ({ fault, signIn }) => {
    await using emulator = await startCryptlexEmulator({ users: [marked] });
    const { origin, accountAlias } = emulator;
    const provider = cryptlex({ accountAlias, origin, maxResponseBytes: 2 ** 20, ...timeoutFor(signIn) });
    const [real, other] = [await provider.signIn(marked), await provider.signIn(marked)];
    const ours = createGrant<CryptlexAccount>({ provider: 'cryptlex', issuedAt: 0, ...tokens });
    const clientOf = ({ accessToken }: { readonly accessToken: string }) =>
      cryptlexClient(staticTokenSource(accessToken, provider));
    const refusable = () => [
      ...codes.map((code) => provider.signIn({ email, password, ...code })),
      provider.renew(ours),
      provider.account(ours),
      provider.entitlements(staticTokenSource(ours.accessToken, origin)),
    ];

    // A good login answers with tokens that are marked too, which some faults break off or alter.
    emulator.set({ fault, loginAnswer: { status: 200, body: tokens } });
    const outcomes = await Promise.allSettled([
      provider.signIn(marked),
      provider.renew(real),
      clientOf(other).licenses().toArray(),
      ...refusable(),
    ]);
    emulator.set({
      fault: undefined,
      loginAnswer: { status: 400, body: { code: 'TWO_FACTOR_CODE_INVALID' } },
    });
    outcomes.push(...(await Promise.allSettled(refusable())));
    await provider.upstream.close();
    outcomes.push(...(await Promise.allSettled([provider.signIn(marked), ...refusable()])));

    const secrets = [real, other].flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken!]);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(11);
    for (const outcome of outcomes) {
      const told = shown(outcome.status === 'rejected' ? outcome.reason : outcome.value);
      for (const secret of ['canary', ...secrets]) expect(told).not.toContain(secret);
    }
  });

  it.each([password, `wrong: ${password}`, tokens.refreshToken])(
    'the provider saying it as its code: %s',
    async (said) => {
      await using emulator = await startCryptlexEmulator({ users: [marked] });
      const provider = cryptlex({ accountAlias: emulator.accountAlias, origin: emulator.origin });
      const body = { code: said, message: said, errors: { [said]: [said] } };
      emulator.set({ loginAnswer: { status: 400, body } });
      const refused: unknown = await provider
        .signIn({ email, password, twoFactorRecoveryCode: tokens.refreshToken })
        .catch((error: unknown) => error);
      expect(isLatchkeyError(refused)).toBe(true);
      expect(shown(refused)).not.toContain('canary');
      await provider.upstream.close();
    },
  );
});

function shown(value: unknown): string {
  const stack = value instanceof Error ? value.stack : '';
  return `${inspect(value, { showHidden: true, getters: true, depth: Infinity })}${stack}${JSON.stringify(value)}`;
}
