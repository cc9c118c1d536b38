import './express-types.js';

export {
  Strategy,
  Strategy as LatchkeyStrategy,
  Strategy as default,
  type SignInCallOptions,
} from './strategy.js';
export type {
  AccountOf,
  SessionSignInResult,
  SignInProvider,
  SignInResult,
  SignInSessions,
  StrategyOptions,
  WithoutSessions,
  WithSessions,
} from './strategy-options.js';
export { SessionStrategy } from './session-strategy.js';
export type {
  SessionFinder,
  SessionResult,
  SessionStrategyOptions,
  UpstreamTokenResult,
  WithoutUpstreamTokens,
  WithUpstreamTokens,
} from './session-strategy-options.js';

export type { CommonOptions, WithoutRequest, WithRequest } from './common-options.js';
export type { PassportActions, PassportBaseClass } from './passport-base.js';
export type { StrategyRequest } from './strategy-request.js';
export type { Verify, VerifyDone } from './verify.js';

export { answer } from './answer.js';
export { answerOf } from './answer-of.js';
export { errorHandler, type ErrorHandler, type ErrorHandlerOptions } from './error-handler.js';
export type { FailureInfo } from './refusal.js';
