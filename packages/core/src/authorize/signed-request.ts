import type { Dispatcher } from 'undici';
import type { Token } from '../token.js';
import type { TokenSource } from '../token-source.js';
import type { SignedHeaders } from './bearer-headers.js';

/** A request that carries a token. */
export interface SignedRequest {
  readonly signer: Signer;
  /** With the header in them. */
  readonly options: Dispatcher.DispatchOptions & { headers: SignedHeaders };
  /** The caller's. */
  readonly handler: Dispatcher.DispatchHandler;
  readonly token: Token;
}

/** The same, with what has to be known of its body before it is sent. */
export interface RenewableRequest extends SignedRequest {
  readonly isResendable: boolean;
}

/** What all requests that go through one `authorize()` share. */
export interface Signer {
  readonly source: TokenSource;
  /** That of the source, in its one spelling. */
  readonly origin: string;
  /** What is inside of the interceptor. */
  readonly dispatch: Dispatcher.Dispatch;
  /** The `Authorization` that `token` makes. */
  authorization(token: Token): string;
}
