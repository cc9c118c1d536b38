import type { Answer } from './answer.js';
import { cryptlexAnswer, cryptlexError, cryptlexInvalid } from './cryptlex-answers.js';
import type { CryptlexBehaviour } from './cryptlex-behaviour.js';
import { cryptlexLockout } from './cryptlex-lockout.js';
import { type CryptlexLoginInput, readLogin, readRenewal } from './cryptlex-login-input.js';
import type { CryptlexTokens } from './cryptlex-tokens.js';
import type { CryptlexUser } from './cryptlex-users.js';
import type { ProviderContext } from './emulator.js';
import { dictatedAnswer } from './login-answer.js';
import type { Route } from './route-table.js';

/** What signing in needs to know. */
export interface CryptlexLoginContext extends ProviderContext<CryptlexBehaviour> {
  readonly accountAlias: string;
  readonly accountId: string;
  readonly users: readonly CryptlexUser[];
  readonly tokens: CryptlexTokens;
}

/** The two endpoints that give tokens: the login and the renewal. Failed logins and recovery codes are kept here. */
export function cryptlexLogin(context: CryptlexLoginContext): readonly Route[] {
  const { behaviour, users, tokens, now } = context;
  const lockout = cryptlexLockout(now);
  const usedRecoveryCodes = new Set<string>();

  function login(body: unknown): Answer {
    const { loginAnswer, lockStatus } = behaviour();
    if (loginAnswer !== undefined) return dictatedAnswer(loginAnswer);
    const input = readLogin(body);
    if ('errors' in input) return cryptlexInvalid(input.errors);
    if (!isAccount(input)) {
      return cryptlexError(400, 'ACCOUNT_NOT_FOUND', 'There is no account with this alias or id.');
    }
    const user = users.find(({ email }) => email.toLowerCase() === input.email.toLowerCase());
    if (user?.locked || lockout.isLocked(input.email)) {
      return cryptlexError(
        lockStatus,
        'ACCOUNT_LOCKED',
        'Too many failed logins. The account is locked for 5 minutes.',
      );
    }
    if (user?.password !== input.password) {
      lockout.failed(input.email);
      return cryptlexError(400, 'AUTHENTICATION_FAILED', 'The email address or the password is wrong.');
    }
    const refused = secondFactorRefusal(user, input);
    if (refused !== undefined) return refused;
    lockout.succeeded(input.email);
    return cryptlexAnswer(tokens.signIn(user), behaviour());
  }

  function isAccount({ accountAlias, accountId }: CryptlexLoginInput): boolean {
    return accountAlias === undefined
      ? accountId === context.accountId
      : accountAlias === context.accountAlias;
  }

  function secondFactorRefusal(user: CryptlexUser, input: CryptlexLoginInput): Answer | undefined {
    const code = user.twoFactorCode ?? (behaviour().secondFactor ? STANDARD_CODE : undefined);
    if (code === undefined) return undefined;
    const { twoFactorCode, twoFactorRecoveryCode } = input;
    if (twoFactorCode === undefined && twoFactorRecoveryCode === undefined) {
      return cryptlexError(400, 'TWO_FACTOR_CODE_MISSING', 'The two-factor authentication code is missing.');
    }
    if (twoFactorCode === undefined ? recovers(user, twoFactorRecoveryCode) : twoFactorCode === code)
      return undefined;
    lockout.failed(user.email);
    return cryptlexError(400, 'TWO_FACTOR_CODE_INVALID', 'The two-factor authentication code is wrong.');
  }

  function recovers({ id, recoveryCodes }: CryptlexUser, code = ''): boolean {
    const use = `${id} ${code}`;
    if (!recoveryCodes.includes(code) || usedRecoveryCodes.has(use)) return false;
    usedRecoveryCodes.add(use);
    return true;
  }

  function renew(body: unknown): Answer {
    const { refreshToken: mode, refreshRefusedStatus } = behaviour();
    if (mode === 'none') return cryptlexError(404, 'NOT_FOUND', 'There is nothing at this path.');
    const input = readRenewal(body);
    if ('errors' in input) return cryptlexInvalid(input.errors);
    const renewed = tokens.renew(input.refreshToken);
    if (renewed !== undefined) return cryptlexAnswer(renewed, behaviour());
    return cryptlexError(refreshRefusedStatus, 'REFRESH_TOKEN_INVALID', 'The refresh token is not valid.');
  }

  return [
    { method: 'POST', path: '/v3/accounts/login', answer: ({ body }) => login(body) },
    { method: 'POST', path: '/v3/accounts/login-refresh-token', answer: ({ body }) => renew(body) },
  ];
}

/** The code of users that have none of their own, when the switch says that all have a second factor. */
const STANDARD_CODE = '123456';
