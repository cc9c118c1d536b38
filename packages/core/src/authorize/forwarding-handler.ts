import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { isToToken, redirectProblem, type DispatchContext } from './dispatch-context.js';
import type { CallController } from './call-controller.js';
import { tellAccepted } from './source-calls.js';
import type { SignedRequest } from './signed-request.js';

type Controller = Dispatcher.DispatchController;
type Headers = Record<string, string | string[] | undefined>;

/** Hands what a signed request brings on to the caller, with a controller that outlives the dispatch. */
export class ForwardingHandler implements Dispatcher.DispatchHandler {
  readonly #request: SignedRequest;
  protected readonly controller: CallController;
  protected context: DispatchContext;

  constructor(request: SignedRequest, controller: CallController) {
    this.#request = request;
    this.controller = controller;
  }

  onRequestStart(target: Controller, context: DispatchContext): void {
    this.context = context;
    const problem = redirectProblem(context, this.#request.signer.origin);
    if (problem) target.abort(problem);
    else this.controller.attach(target, context);
  }

  onRequestUpgrade(_target: Controller, status: number, headers: Headers, socket: Duplex): void {
    if (this.controller.isOver()) return;
    // The step at hand is not in the history here: without redirects it is to the token.
    if (!this.context?.history?.length) tellAccepted(this.#request);
    this.#request.handler.onRequestUpgrade?.(this.controller, status, headers, socket);
  }

  onResponseStart(_target: Controller, status: number, headers: Headers, message?: string): void {
    if (this.controller.isOver()) return;
    if (status >= 200 && status < 400 && isToToken(this.context)) tellAccepted(this.#request);
    this.#request.handler.onResponseStart?.(this.controller, status, headers, message);
  }

  onResponseData(_target: Controller, chunk: Buffer): void {
    if (!this.controller.isOver()) this.#request.handler.onResponseData?.(this.controller, chunk);
  }

  onResponseEnd(_target: Controller, trailers: Headers): void {
    if (!this.controller.isOver()) this.#request.handler.onResponseEnd?.(this.controller, trailers);
  }

  onResponseError(_target: Controller, error: Error): void {
    this.controller.fail(error);
  }

  onBodySent(chunk: unknown): void {
    this.#progress.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#progress.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#progress.onResponseStarted?.();
  }

  get #progress(): ProgressMethods {
    return this.#request.handler as ProgressMethods;
  }
}

/** What undici tells handlers beside the types of the new style. `fetch` takes its timing from the last. */
interface ProgressMethods {
  onBodySent?(chunk: unknown): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
}
