export type { CryptlexBehaviour } from './cryptlex-behaviour.js';
export {
  startCryptlexEmulator,
  type CryptlexEmulator,
  type CryptlexEmulatorOptions,
} from './cryptlex-emulator.js';
export type { CryptlexLicense, CryptlexMeterAttribute, CryptlexProduct } from './cryptlex-license.js';
export type { CryptlexUser, CryptlexUserInput } from './cryptlex-users.js';
export type { Emulator, EmulatorUser, FaultSwitch } from './emulator.js';
export type { Fault, FaultKind, FaultObject } from './fault.js';
export type { FaultTarget } from './fault-queue.js';
export type { LclxBehaviour } from './lclx-behaviour.js';
export { startLclxEmulator, type LclxEmulator, type LclxEmulatorOptions } from './lclx-emulator.js';
export type { LclxUser, LclxUserInput } from './lclx-users.js';
export type { LoginAnswer } from './login-answer.js';
export type { RateLimit } from './rate-limit.js';
export type { RecordedRequest } from './recorded-request.js';
