import type { Dispatcher } from 'undici';
import type { Deadline } from './deadline.js';
import { networkFailure, type NetworkFailure } from './network-failure.js';
import type { UpstreamRequest } from './upstream.js';
import { collectBody, type BodyCollector, type ReplyBody } from './reply-body.js';

/** What a provider answered, as `refused` sees it. */
export interface Reply {
  readonly status: number;
  /** By lower-case name; values of a repeated one are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON value, else the text; `undefined` when there is none or it could not be read. */
  readonly body: unknown;
}

/** One request, ready to be sent. */
export interface WireRequest {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly method: NonNullable<UpstreamRequest<unknown>['method']>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** How long each part of an exchange may take, in milliseconds, and how large the body may be. */
export interface ExchangeLimits {
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly maxResponseBytes: number;
}

/** A complete reply, with what is wrong with its body; or the failure to get one. */
export type Outcome =
  | { readonly reply: Reply; readonly bodyProblem?: string | undefined; readonly failure?: undefined }
  | { readonly failure: NetworkFailure; readonly reply?: undefined; readonly bodyProblem?: undefined };

/**
 * Sends one request once, and reads the whole answer. A redirect is an answer like any other: it is not followed.
 *
 * Rejects only at the deadline, with what ends it: at once, wherever the request is by then.
 */
export function exchange(
  request: WireRequest,
  limits: ExchangeLimits,
  dispatcher: Dispatcher,
  deadline: Deadline,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const reading = readReply(limits, (outcome) => {
      forget();
      resolve(outcome);
    });
    const forget = deadline.onEnd((reason) => {
      reject(reason);
      reading.abort();
    });
    if (reading.isOver()) return;
    const options = {
      origin: request.origin,
      path: request.path,
      method: request.method,
      headers: request.headers,
      body: request.body,
      headersTimeout: limits.headersTimeoutMs,
      bodyTimeout: limits.bodyTimeoutMs,
      // A dispatcher of the caller's may hold undici's redirect interceptor; this switches it off for the request.
      maxRedirections: 0,
    };
    try {
      dispatcher.dispatch(options, reading.handler);
    } catch (error) {
      reading.fail(error);
    }
  });
}

/** Reads one reply: of its own, not as a stream, since all of it is wanted and that costs half. */
function readReply(limits: ExchangeLimits, settle: (outcome: Outcome) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  let head: Pick<Reply, 'status' | 'headers'> | undefined;
  let body: BodyCollector | undefined;
  let isOver = false;

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(given) {
      controller = given;
      if (isOver) given.abort(notWanted);
    },
    onResponseStart(_, status, headers) {
      // One that only informs, such as 103 Early Hints, comes before the answer.
      if (status < 200) return;
      head = { status, headers: flattened(headers) };
      body = collectBody(head.headers, limits.maxResponseBytes);
    },
    onResponseData(_, chunk) {
      if (isOver || !body || body.add(chunk)) return;
      complete();
      // With it ends the connection: the rest is not read.
      abort();
    },
    onResponseEnd: complete,
    onResponseError: (_, error) => fail(error),
  };
  return { handler, abort, fail, isOver: () => isOver };

  function complete() {
    if (isOver || !head || !body) return;
    isOver = true;
    const { status, headers } = head;
    const settled = ({ value, problem }: ReplyBody) =>
      settle({ reply: { status, headers, body: value }, bodyProblem: problem });
    const read = body.read();
    if (read instanceof Promise)
      read.then(settled, (error: unknown) => settle({ failure: networkFailure(error) }));
    else settled(read);
  }

  function fail(error: unknown) {
    if (!isOver) settle({ failure: networkFailure(error) });
    isOver = true;
  }

  function abort() {
    isOver = true;
    try {
      controller?.abort(notWanted);
    } catch {
      // A dispatcher that cannot; nobody waits for the answer.
    }
  }
}

function flattened(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = new Flat();
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** An object without a prototype. Unlike one of `Object.create(null)`, V8 does not make a dictionary of it. */
function emptyFlat(): void {
  // has no fields of its own
}
emptyFlat.prototype = Object.create(null) as object;
const Flat = emptyFlat as unknown as new () => Record<string, string>;

// One for all, and seen by nobody: to make one for each costs more than to abort.
const notWanted = new Error('The answer is not waited for any more.');
