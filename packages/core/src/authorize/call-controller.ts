import { errors, type Dispatcher } from 'undici';

type RawHeaders = NonNullable<Dispatcher.DispatchController['rawHeaders']> | null;

/**
 * The controller that a caller holds over a request from its first moment to its last, while the request waits for a
 * token, is sent, and is sent again. It stands for that of the dispatch at hand; with none, an abort ends the call at once.
 */
export class CallController implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler;
  #context: object | undefined;
  #isStarted: boolean;
  #target: Dispatcher.DispatchController | undefined;
  #isOver = false;
  #isAborted = false;
  #reason: unknown = null;
  #isPaused = false;
  #whenAborted: ((reason: unknown) => void) | undefined;

  /** With `startedWith`, the caller has been told of the start of its request already, with that context. */
  constructor(handler: Dispatcher.DispatchHandler, startedWith?: { readonly context: object | undefined }) {
    this.#handler = handler;
    this.#context = startedWith?.context;
    this.#isStarted = startedWith !== undefined;
  }

  /** Whether the caller has been told that its request failed. Nothing more is for it then. */
  isOver(): boolean {
    return this.#isOver;
  }

  get aborted(): boolean {
    return this.#isAborted || (this.#target?.aborted ?? false);
  }

  get reason(): Error | null {
    // Whatever the caller gave; undici's types know errors only.
    return this.#isAborted ? (this.#reason as Error | null) : (this.#target?.reason ?? null);
  }

  get paused(): boolean {
    return this.#isPaused || (this.#target?.paused ?? false);
  }

  get rawHeaders(): RawHeaders {
    return this.#target?.rawHeaders ?? null;
  }

  // Interceptors of undici set both of these.
  set rawHeaders(value: RawHeaders) {
    if (this.#target) this.#target.rawHeaders = value;
  }

  get rawTrailers(): RawHeaders {
    return this.#target?.rawTrailers ?? null;
  }

  set rawTrailers(value: RawHeaders) {
    if (this.#target) this.#target.rawTrailers = value;
  }

  abort(reason?: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason ?? new errors.RequestAbortedError();
    if (this.#target) {
      this.#target.abort(this.#reason as Error);
      return;
    }
    this.#whenAborted?.(this.#reason);
    this.fail(this.#reason);
  }

  pause(): void {
    this.#isPaused = true;
    this.#target?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#target?.resume();
  }

  /** Stands for `target` from now on. The caller is told of the first one that its request starts. */
  attach(target: Dispatcher.DispatchController, context: object | undefined): void {
    if (this.#isAborted) {
      target.abort(this.#reason as Error);
      return;
    }
    this.#target = target;
    if (this.#isPaused) target.pause();
    if (!this.#isStarted) this.start(context && { ...context });
    // What an interceptor inside tells of this dispatch, such as the redirects it follows.
    else if (this.#context) Object.assign(this.#context, context);
  }

  /** Tells the caller that its request starts. `context` is changed when there is more to tell. */
  start(context: object | undefined): void {
    this.#isStarted = true;
    this.#context = context;
    this.#handler.onRequestStart?.(this, context);
  }

  /** Stands for no dispatch from now on; `whenAborted` is called when the caller gives up before there is another. */
  detach(whenAborted: (reason: unknown) => void): void {
    this.#target = undefined;
    this.#whenAborted = whenAborted;
  }

  /** Tells the caller that its request failed, once. */
  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onResponseError?.(this, error as Error);
  }
}
