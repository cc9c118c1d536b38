export { LATCHKEY_OPTIONS, LatchkeyModule, type LatchkeyModuleAsyncOptions } from './latchkey.module.js';
export type {
  ClientRequest,
  Credential,
  CredentialSource,
  CredentialSources,
  LatchkeyModuleExtras,
  LatchkeyModuleOptions,
  UpstreamTokenOptions,
} from './latchkey.options.js';

export { AuthGuard } from './auth.guard.js';
export { AuthException } from './auth.exception.js';
export { LatchkeyExceptionFilter } from './latchkey-exception.filter.js';
export {
  OptionalAuth,
  Providers,
  Public,
  Realm,
  RequireAuth,
  RequireEntitlement,
} from './access.decorators.js';
export { accessRules, type Access, type AccessRules, type EntitlementRule } from './access.js';
export { AccessToken, CurrentSession, CurrentUser, type LatchkeyAuth } from './caller.decorators.js';
export { rememberHandshake } from './contexts/ws.context.js';

export { Sessions } from '@latchkey/core';
export { sessionsToken } from './latchkey.tokens.js';
export {
  SignInService,
  signInServiceToken,
  type HttpExchange,
  type ProviderSummary,
  type Transport,
} from './sign-in.service.js';
export type { SessionSummary } from './auth.controller.js';
