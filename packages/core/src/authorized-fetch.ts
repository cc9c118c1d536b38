import { z } from 'zod';
import { createBearerHeader } from './bearer-header.js';
import { checkedOptions } from './checked.js';
import { LatchkeyError } from './latchkey-error.js';
import { bodyOf, headersOf, nextHop, type GivenHeaders, type Hop } from './hop.js';
import { functionOption } from './option-schemas.js';
import { checkedOrigin } from './origin.js';
import { isResendable } from './resendable-body.js';
import type { Token } from './token.js';
import { tokenFrom, tokenSourceOf, type TokenSource, type TokenSourceHolder } from './token-source.js';

type Fetch = typeof globalThis.fetch;

export interface AuthorizedFetchOptions {
  /** What sends, such as the `fetch` of undici. Default: the global one of the moment. */
  readonly fetch?: Fetch | undefined;
}

/**
 * The platform's `fetch`, with the tokens of a source.
 *
 * URLs are relative to the origin of the source; one of another origin is refused, since the token is for that one alone.
 * Redirects that stay there carry the token, those that leave do not, and one that comes back from elsewhere is refused. A
 * 401 is answered with one renewal, and the request is sent once more if its body can be (a stream cannot: then the 401
 * is the answer, and the renewal goes on). A second 401 is the answer, and so is 403. A request with an `Authorization`
 * header of its own is sent as it is.
 *
 * The call rejects with `LatchkeyError` `invalid_input` for a URL that the token is not for, and with the error of the
 * source where no token can be had: nothing is sent without one. Else as `fetch` does.
 *
 * @throws LatchkeyError `invalid_config` for a source or options that are none, and for an origin that is not https, save on
 *   loopback.
 *
 * @example
 * const fetch = authorizedFetch(tokenSource(provider, credentials));
 * const response = await fetch('/v3/licenses?limit=10');
 */
export function authorizedFetch(
  given: TokenSource | TokenSourceHolder,
  options: AuthorizedFetchOptions = {},
): Fetch {
  const source = tokenSourceOf(given);
  const origin = checkedOrigin(source.origin);
  const { fetch } = checkedOptions('authorizedFetch()', optionsSchema, options);
  const bearer = createBearerHeader();

  return async (input, init) => {
    const first = firstHop(input, init);
    const redirect = first.init.redirect ?? first.request?.redirect ?? 'follow';
    // Whoever signs a request answers for it, too.
    if (hasHeader(headersOf(first), 'authorization')) return send(first, first.init);
    if (redirect !== 'follow') return authorized(first, first.init);

    let hop = first;
    for (let followed = 0; ; followed += 1) {
      // Followed here and not by `send`, so that each 401 is that of one request, and of the origin that was asked. The
      // name stands before the spread, since to add one after it takes Node 20 a microsecond.
      const manual: RequestInit = { redirect: 'manual', ...hop.init };
      manual.redirect = 'manual';
      const response = await (hop.hasLeft ? send(hop, manual) : authorized(hop, manual));
      const next = nextHop(hop, response, followed);
      if (next === 'stay') return followed === 0 ? response : redirected(response);
      await response.body?.cancel();
      if (next instanceof Error) throw next;
      if (next.hasLeft && new URL(next.url).origin === origin) throw cameBack();
      hop = next;
    }
  };

  function firstHop(input: Parameters<Fetch>[0], init: RequestInit = {}): Hop {
    const request = typeof input === 'object' && 'url' in input ? input : undefined;
    const url = ownUrl(request?.url ?? (input as string | URL).toString());
    if (url === undefined) {
      const message = `The URL must be of ${origin}, or relative to it: the token is for no other origin.`;
      throw new LatchkeyError('invalid_input', { message });
    }
    return { url, init: readTwice(init), hasLeft: false, ...(request && { request }) };
  }

  /** The URL that `text` means, if it is one of the origin. */
  function ownUrl(text: string): string | undefined {
    // What follows the origin and a slash cannot change the origin. A slash and then another one, or what a URL leaves out
    // before another one, could.
    if (text.startsWith(`${origin}/`)) return text;
    if (/^\/[^/\\\s]/.test(text)) return origin + text;
    const url = URL.canParse(text, origin) ? new URL(text, origin) : undefined;
    const isOwn = url?.origin === origin && url.username === '' && url.password === '';
    return isOwn ? url.href : undefined;
  }

  async function authorized(hop: Hop, init: RequestInit): Promise<Response> {
    const signal = init.signal ?? hop.request?.signal;
    const token = source.peek?.() ?? (await tokenFrom(source, { signal }));
    const response = await signed(hop, init, token);
    if (response.status !== 401) return response;
    if (!isResendable(bodyOf(hop))) {
      tokenFrom(source, { rejected: token }).catch(() => {}); // the next call is told, if it fails
      return response;
    }
    const stopDraining = drain(response);
    try {
      return await signed(hop, init, await tokenFrom(source, { signal, rejected: token }));
    } finally {
      stopDraining();
    }
  }

  async function signed(hop: Hop, init: RequestInit, token: Token): Promise<Response> {
    const headers = withAuthorization(headersOf(hop), bearer(token));
    const signedInit: RequestInit = { headers, ...init };
    signedInit.headers = headers;
    const response = await send(hop, signedInit);
    if (response.status >= 200 && response.status < 400) source.accepted?.(token);
    return response;
  }

  function send({ request, url }: Hop, init: RequestInit): Promise<Response> {
    return (fetch ?? globalThis.fetch)(request ?? url, init);
  }

  function cameBack(): LatchkeyError {
    const message = `A redirect led away from ${origin} and back; it was not followed without a token.`;
    return new LatchkeyError('upstream_error', { message });
  }
}

/** The same, with headers that can be looked at before they are sent: an iterator is gone once it was read. */
function readTwice(init: RequestInit): RequestInit {
  const { headers } = init;
  if (!headers || headers instanceof Headers || Array.isArray(headers) || !(Symbol.iterator in headers))
    return init;
  return { ...init, headers: [...(headers as Iterable<[string, string]>)] };
}

function withAuthorization(headers: GivenHeaders | undefined, authorization: string): GivenHeaders {
  if (headers === undefined) return { authorization };
  if (!(Symbol.iterator in headers)) return { ...headers, authorization };
  const copy = new Headers(headers);
  copy.set('authorization', authorization);
  return copy;
}

function hasHeader(headers: GivenHeaders | undefined, name: string): boolean {
  if (headers === undefined) return false;
  if (headers instanceof Headers) return headers.has(name);
  const names = Symbol.iterator in headers ? [...headers].map(([one]) => one) : Object.keys(headers);
  return names.some((one) => one?.toLowerCase() === name);
}

/** Reads a body and throws it away, so that its connection can be used again; a long one is broken off. Gives what stops it. */
function drain({ body }: Response): () => void {
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
  const stop = () => {
    reader?.cancel().catch(() => {}); // it has ended, or failed: no matter
  };
  const read = async (left: number): Promise<void> => {
    const piece = await reader?.read();
    if (!piece || piece.done) return;
    if (piece.value.byteLength > left) stop();
    else await read(left - piece.value.byteLength);
  };
  read(mostDrained).catch(() => {}); // nobody waits for what is thrown away
  return stop;
}

/** Says of a response what `fetch` would, had it followed the redirects itself. */
function redirected(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true });
}

const optionsSchema = z.strictObject({ fetch: functionOption<Fetch>().optional() });

const mostDrained = 64 * 1024;
