import { LatchkeyError } from './latchkey-error.js';

/** `token_rejected` for the reason that the refresh token was refused: a sign-in may still give a token. */
export class RenewalRefused extends LatchkeyError {
  constructor(provider: string, cause: LatchkeyError) {
    const { message, status, upstreamCode } = cause;
    super('token_rejected', { provider, message, status, upstreamCode, cause });
  }
}
