import { type Answer, withJsonText } from './answer.js';
import { type CryptlexAccountData, cryptlexAccountData } from './cryptlex-account-data.js';
import { cryptlexError } from './cryptlex-answers.js';
import { type CryptlexBehaviour, cryptlexSettings } from './cryptlex-behaviour.js';
import type { CryptlexLicense } from './cryptlex-license.js';
import { cryptlexLogin } from './cryptlex-login.js';
import { cryptlexRateLimit } from './cryptlex-rate-limit.js';
import { cryptlexTokens } from './cryptlex-tokens.js';
import {
  completeCryptlexUser,
  type CryptlexUser,
  type CryptlexUserInput,
  sampleCryptlexUsers,
} from './cryptlex-users.js';
import { type EmulatedProvider, type Emulator, type ProviderContext, startEmulator } from './emulator.js';
import type { RecordedRequest } from './recorded-request.js';
import { findRoute, type Route } from './route-table.js';
import { checkStartOptions, textOption } from './start-options.js';

/** Cryptlex on loopback. */
export interface CryptlexEmulator extends Emulator<CryptlexBehaviour> {
  readonly users: readonly CryptlexUser[];
  readonly accountAlias: string;
  readonly accountId: string;
  /** Ends every live refresh token; `revokeTokens` ends access tokens only. */
  revokeRefreshTokens(): void;
  /**
   * Gives a user a licence, created now unless it says otherwise, and returns it as it is on the wire. `reset`
   * takes it away. Throws TypeError where nobody has the address.
   */
  addLicense(email: string, license?: Partial<CryptlexLicense>): CryptlexLicense;
  /** Takes a licence away, until `reset`; says whether there was one. */
  removeLicense(id: string): boolean;
}

/** How a Cryptlex emulator starts. */
export interface CryptlexEmulatorOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default `example`. */
  readonly accountAlias?: string;
  /** Default `00000000-0000-4000-8000-000000000001`. */
  readonly accountId?: string;
  /**
   * Who can sign in. Default: `demo@example.com` with six licences, `factor@example.com` with a second factor,
   * `locked@example.com` and `many@example.com` with 237 licences.
   */
  readonly users?: readonly CryptlexUserInput[];
  /** Switches that differ from the defaults; `reset` comes back to these. */
  readonly behaviour?: Partial<CryptlexBehaviour>;
}

/**
 * Starts Cryptlex on 127.0.0.1: login, renewal, the profile and the licences of the user.
 *
 * @throws TypeError for bad options and switches; the error of `listen` where the port cannot be had.
 */
export async function startCryptlexEmulator(
  options: CryptlexEmulatorOptions = {},
): Promise<CryptlexEmulator> {
  checkStartOptions(options, { accountAlias: textOption, accountId: textOption });
  const { port = 0, behaviour = {}, accountAlias = 'example', accountId = STANDARD_ACCOUNT_ID } = options;
  const users = (options.users ?? sampleCryptlexUsers).map(completeCryptlexUser);
  const account = { accountAlias, accountId, users };
  const build = (context: ProviderContext<CryptlexBehaviour>) => cryptlexProvider(context, account);
  const { emulator, provider } = await startEmulator({
    port,
    users,
    settings: cryptlexSettings,
    behaviour,
    build,
  });
  return {
    ...emulator,
    ...account,
    revokeRefreshTokens: () => provider().revokeRefreshTokens(),
    addLicense: (email, license = {}) => provider().addLicense(email, license),
    removeLicense: (id) => provider().removeLicense(id),
  };
}

const STANDARD_ACCOUNT_ID = '00000000-0000-4000-8000-000000000001';

type CryptlexProvider = EmulatedProvider &
  Pick<CryptlexAccountData, 'addLicense' | 'removeLicense'> & { readonly revokeRefreshTokens: () => void };

function cryptlexProvider(
  context: ProviderContext<CryptlexBehaviour>,
  account: Pick<CryptlexEmulator, 'accountAlias' | 'accountId' | 'users'>,
): CryptlexProvider {
  const tokens = cryptlexTokens(context, account.users);
  const { routes, addLicense, removeLicense } = cryptlexAccountData(context, account.users, tokens);
  const allRoutes = [...cryptlexLogin({ ...context, ...account, tokens }), ...routes];
  return {
    answer: cryptlexRateLimit(context, (request) => answerOf(allRoutes, request)),
    withToken: (answer, token) => withJsonText(answer, 'accessToken', token),
    revokeTokens: tokens.revokeAccessTokens,
    revokeRefreshTokens: tokens.revokeRefreshTokens,
    addLicense,
    removeLicense,
  };
}

function answerOf(routes: readonly Route[], request: RecordedRequest): Answer {
  const result = findRoute(routes, request);
  if (result.found) return result.answer();
  return result.status === 404
    ? cryptlexError(404, 'NOT_FOUND', 'There is nothing at this path.')
    : cryptlexError(405, 'METHOD_NOT_ALLOWED', 'This path has no such method.');
}
