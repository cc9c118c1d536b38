import { request as send, type Dispatcher } from 'undici';
import { networkFailure, type NetworkFailure } from './network-failure.js';
import type { UpstreamRequest } from './upstream.js';
import { acceptEncoding, readReplyBody } from './reply-body.js';

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
  readonly url: URL;
  readonly method: NonNullable<UpstreamRequest<unknown>['method']>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
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
 * Rejects only when `signal` is aborted, with its reason.
 */
export async function exchange(
  request: WireRequest,
  limits: ExchangeLimits,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Outcome> {
  const options = {
    dispatcher,
    method: request.method,
    headers: { ...request.headers, accept: 'application/json', 'accept-encoding': acceptEncoding },
    body: request.body ?? null,
    signal,
    headersTimeout: limits.headersTimeoutMs,
    bodyTimeout: limits.bodyTimeoutMs,
    // A dispatcher of the caller's may hold undici's redirect interceptor; this switches it off for the request.
    maxRedirections: 0,
  };
  try {
    signal.throwIfAborted();
    const response = await send(request.url, options);
    const headers = flattened(response.headers);
    const { value, problem } = await readReplyBody(response.body, headers, limits.maxResponseBytes);
    return { reply: { status: response.statusCode, headers, body: value }, bodyProblem: problem };
  } catch (error) {
    signal.throwIfAborted();
    return { failure: networkFailure(error) };
  }
}

function flattened(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
