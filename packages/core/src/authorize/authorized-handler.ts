import type { Dispatcher } from 'undici';
import type { CallController } from './call-controller.js';
import { ForwardingHandler } from './forwarding-handler.js';
import { renewalAfter, type Renewal } from './renewal.js';
import type { RenewableRequest } from './signed-request.js';

type Controller = Dispatcher.DispatchController;
type Headers = Record<string, string | string[] | undefined>;

/** Hands the answer to a signed request on to the caller, save a 401 that is met with another token. */
export class AuthorizedHandler extends ForwardingHandler {
  readonly #request: RenewableRequest;
  #renewal: Renewal | undefined;

  constructor(request: RenewableRequest, controller: CallController) {
    super(request, controller);
    this.#request = request;
  }

  override onResponseStart(target: Controller, status: number, headers: Headers, message?: string): void {
    if (status === 401 && !this.controller.isOver()) {
      this.#renewal = renewalAfter(
        this.#request,
        this.context,
        () => this.controller,
        (reason) => target.abort(reason),
      );
      if (this.#renewal) {
        if (target.paused) target.resume();
        return;
      }
    }
    super.onResponseStart(target, status, headers, message);
  }

  override onResponseData(target: Controller, chunk: Buffer): void {
    if (this.#renewal) this.#renewal.drop(chunk);
    else super.onResponseData(target, chunk);
  }

  override onResponseEnd(target: Controller, trailers: Headers): void {
    if (this.#renewal) this.#renewal.end();
    else super.onResponseEnd(target, trailers);
  }

  override onResponseError(target: Controller, error: Error): void {
    if (this.#renewal) this.#renewal.end();
    else super.onResponseError(target, error);
  }
}
