export type { CallOptions, Provider } from './provider.js';
export { defineProvider, type ProviderDefinition } from './define-provider.js';
export type { Identity } from './identity.js';
export type { Entitlement } from './entitlement.js';
export {
  createGrant,
  packGrant,
  unpackGrant,
  type Grant,
  type GrantFields,
  type PackedGrant,
} from './grant.js';

export { createToken, type Token } from './token.js';
export {
  tokenSourceOf,
  type GetTokenOptions,
  type TokenSource,
  type TokenSourceHolder,
} from './token-source.js';
export { staticTokenSource } from './static-token-source.js';
export { authorize } from './authorize.js';
export { authorizedFetch } from './authorized-fetch.js';
export { tokenSource, type ManagedTokenSource, type TokenSourceOptions } from './managed-token-source.js';
export { createSessions } from './create-sessions.js';
export type { SessionsOptions } from './sessions-options.js';
export { Sessions, type SignedIn, type SignInOptions } from './sessions.js';
export type { CredentialsOf, NameOf, Session, SessionOf } from './session.js';
export { isSessionId } from './session-id.js';
export type { SignInLimits } from './sign-in-throttle.js';
export type { TryLimit } from './tries.js';
export type { LatchkeyEvent, LatchkeyEventType } from './event.js';

export type { Lease, Store } from './store.js';
export { memoryStore, type MemoryStoreOptions } from './memory-store.js';

export {
  createUpstreamTokens,
  type UpstreamToken,
  type UpstreamTokens,
  type VerifyTokenOptions,
} from './upstream-tokens.js';
export type { UpstreamTokensOptions, VerifyingProvider } from './upstream-tokens-options.js';

export { createUpstream } from './create-upstream.js';
export { signedUpstream, type SignedUpstream } from './signed-upstream.js';
export type { Refusal, Upstream, UpstreamOptions, UpstreamRequest } from './upstream.js';
export type { ReadRateLimit } from './allowance.js';
export type { PaceOptions, Purpose } from './pace.js';
export type { Reply } from './exchange.js';
export type { Query, QueryValue } from './request-url.js';

export { LatchkeyError, isLatchkeyError, type LatchkeyErrorDetails } from './latchkey-error.js';
export { errorCodes, isErrorCode, type ErrorCode } from './error-code.js';

export { systemClock, type Clock } from './clock.js';
export { credentialText, emailText } from './credential-text.js';
export { checkedInput, checkedOptions } from './checked.js';
export { concealer } from './concealer.js';
export { knownFields, type KnownFields } from './known-fields.js';
