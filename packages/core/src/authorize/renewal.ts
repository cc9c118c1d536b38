import { isRedirected, isToToken, type DispatchContext } from './dispatch-context.js';
import type { CallController } from './call-controller.js';
import { ForwardingHandler } from './forwarding-handler.js';
import { resignedHeaders } from './bearer-headers.js';
import { tokenFrom } from '../token-source.js';
import { awaitedToken } from './source-calls.js';
import type { RenewableRequest, SignedRequest } from './signed-request.js';
import { thrownOutside } from './thrown-outside.js';

/**
 * Begins the renewal that a 401 asks for. Gives it where the request is sent again with the new token and the 401 is
 * dropped; `undefined` where the 401 is for the caller.
 *
 * @param controllerOf gives the controller that the caller holds.
 * @param leave ends the dispatch that brought the 401.
 */
export function renewalAfter(
  request: RenewableRequest,
  context: DispatchContext,
  controllerOf: () => CallController,
  leave: (reason: Error) => void,
): Renewal | undefined {
  if (!isToToken(context)) return undefined;
  const { isResendable, signer, options, token } = request;
  // What a redirect inside has made of another method is not known here, and its first step has been taken.
  if (isResendable && (!isRedirected(context) || /^(GET|HEAD)$/i.test(options.method)))
    return new Renewal(request, controllerOf(), leave);
  // For the next request. How it ends is of no interest to this one, which has its answer.
  tokenFrom(signer.source, { rejected: token }).catch(() => {});
  return undefined;
}

/** The time from a 401, which is dropped, to the request being sent again with the token that replaces the refused one. */
export class Renewal {
  readonly #request: SignedRequest;
  readonly #controller: CallController;
  readonly #leave: (reason: Error) => void;
  #hasLeft = false;
  #droppedBytes = 0;

  constructor(request: SignedRequest, controller: CallController, leave: (reason: Error) => void) {
    this.#request = request;
    this.#controller = controller;
    this.#leave = leave;
    this.#resend().catch(thrownOutside);
  }

  /** Told of each piece of the 401's body. A short one is read to its end, so that the connection can be used again. */
  drop({ length }: { readonly length: number }): void {
    this.#droppedBytes += length;
    if (this.#droppedBytes > mostDroppedBytes) this.#leaveFirst();
  }

  /** Told that the dispatch which brought the 401 is over. */
  end(): void {
    this.#hasLeft = true;
  }

  async #resend(): Promise<void> {
    const { signer, options } = this.#request;
    try {
      const token = await awaitedToken(signer.source, this.#controller, this.#request.token);
      this.#leaveFirst();
      if (this.#controller.isOver()) return;
      const headers = resignedHeaders(options.headers, signer.authorization(token));
      const resent = { ...this.#request, token, options: { ...options, headers } };
      signer.dispatch(resent.options, new ForwardingHandler(resent, this.#controller));
    } catch (error) {
      this.#leaveFirst();
      this.#controller.fail(error);
    }
  }

  /** Ends the dispatch that brought the 401, if it still goes on: nobody waits for the rest of its body. */
  #leaveFirst(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#leave(new Error('The request is being sent again with another token.'));
  }
}

const mostDroppedBytes = 64 * 1024;
