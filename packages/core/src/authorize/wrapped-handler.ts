import type { Duplex } from 'node:stream';
import { Dispatcher } from 'undici';
import { isToToken, redirectProblem, type DispatchContext } from './dispatch-context.js';
import { CallController } from './call-controller.js';
import { tellAccepted } from './source-calls.js';
import { renewalAfter, type Renewal } from './renewal.js';
import type { RenewableRequest } from './signed-request.js';

/** A handler as undici 7 wraps those of its old style for interceptors: it has the methods of both styles. */
export type WrappedHandler = OldHandler & Omit<Dispatcher.DispatchHandler, keyof OldHandler>;

/**
 * As `AuthorizedHandler`, in the old style of undici 7, for a handler that is of this style inside. `request` and `fetch`
 * of undici 7 make such handlers; to take their answers in the new style makes undici turn all headers into objects and
 * back, a third of what a small request costs.
 */
export class AuthorizedWrappedHandler implements OldHandler {
  readonly #request: RenewableRequest;
  readonly #handler: WrappedHandler;
  #context: DispatchContext;
  #abort: Abort | undefined;
  #renewal: Renewal | undefined;
  /** What the caller's aborts go to once this dispatch is not the caller's any more. */
  #controller: CallController | undefined;

  constructor(request: RenewableRequest, handler: WrappedHandler) {
    this.#request = request;
    this.#handler = handler;
  }

  onConnect(abort: Abort, context?: DispatchContext): void {
    const problem = redirectProblem(context, this.#request.signer.origin);
    if (problem) {
      abort(problem);
      return;
    }
    this.#abort = abort;
    this.#context = context && { ...context };
    this.#handler.onConnect((reason) => {
      if (this.#controller) this.#controller.abort(reason);
      else this.#abort?.(reason);
    }, this.#context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, message: string): boolean {
    if (status === 401) {
      this.#renewal = renewalAfter(
        this.#request,
        this.#context,
        () => (this.#controller = new CallController(this.#handler, { context: this.#context })),
        (reason) => this.#abort?.(reason),
      );
      if (this.#renewal) return true;
    } else if (status >= 200 && status < 400 && isToToken(this.#context)) {
      tellAccepted(this.#request);
    }
    return this.#handler.onHeaders(status, rawHeaders, resume, message);
  }

  onData(chunk: Buffer): boolean {
    if (!this.#renewal) return this.#handler.onData(chunk);
    this.#renewal.drop(chunk);
    return true;
  }

  onComplete(trailers: string[] | null): void {
    if (this.#renewal) this.#renewal.end();
    else this.#handler.onComplete(trailers);
  }

  onError(error: Error): void {
    if (this.#renewal) this.#renewal.end();
    else this.#handler.onError(error);
  }

  onUpgrade(status: number, rawHeaders: Buffer[] | string[] | null, socket: Duplex): void {
    // The step at hand is not in the history here: without redirects it is to the token.
    if (!this.#context?.history?.length) tellAccepted(this.#request);
    this.#handler.onUpgrade(status, rawHeaders, socket);
  }
}

/** The class of wrapped handlers, where this undici has one: undici 7 does. */
export function wrappedHandlerClass(): (new (old: object) => WrappedHandler) | undefined {
  let wrapped: object = {};
  // Undici does not export it, but shows it to every interceptor.
  const looking = new Dispatcher().compose(() => (_options, handler) => {
    wrapped = handler;
    return true;
  });
  looking.dispatch({ method: 'GET', path: '/' }, {});
  if (!ofBothStyles.every((method) => method in wrapped)) return undefined;
  return wrapped.constructor as new (old: object) => WrappedHandler;
}

const ofBothStyles = [
  ...['onConnect', 'onHeaders', 'onData', 'onComplete', 'onError', 'onUpgrade'],
  ...[
    'onRequestStart',
    'onRequestUpgrade',
    'onResponseStart',
    'onResponseData',
    'onResponseEnd',
    'onResponseError',
  ],
];

// Whatever the caller gives as a reason; undici's types know errors only.
type Abort = (reason?: Error) => void;

interface OldHandler {
  onConnect(abort: Abort, context?: DispatchContext): void;
  onResponseStarted?(): void;
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, message: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(trailers: string[] | null): void;
  onError(error: Error): void;
  onUpgrade(status: number, rawHeaders: Buffer[] | string[] | null, socket: Duplex): void;
}
