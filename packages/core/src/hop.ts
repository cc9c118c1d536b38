import { isResendable } from './resendable-body.js';

/** One request of those that a call of `fetch` comes to when it is redirected. */
export interface Hop {
  readonly url: string;
  /** What the caller handed over in place of a URL; the first hop may have one. */
  readonly request?: Request;
  readonly init: RequestInit;
  /** Whether a redirect has led to another origin by now. */
  readonly hasLeft: boolean;
}

/** Headers in one of the forms that `fetch` takes. */
export type GivenHeaders = NonNullable<RequestInit['headers']>;

export function headersOf({ request, init }: Hop): GivenHeaders | undefined {
  return init.headers ?? request?.headers;
}

export function bodyOf({ request, init }: Hop): RequestInit['body'] | undefined {
  return init.body ?? request?.body;
}

/**
 * Where a response redirects to, by the rules of the Fetch standard (section 4.4, HTTP-redirect fetch); `stay` when it does
 * not.
 *
 * @returns a TypeError, as `fetch` rejects with, for what cannot be followed: more than 20 in a row, a URL that is none, or a body
 *   that would have to be sent twice and cannot be.
 */
export function nextHop(hop: Hop, response: Response, followed: number): Hop | TypeError | 'stay' {
  const location = response.headers.get('location');
  if (!redirects.has(response.status) || location === null) return 'stay';
  if (followed >= mostRedirects) return new TypeError(`More than ${mostRedirects} redirects in a row.`);
  const from = new URL(hop.url);
  const url = URL.canParse(location, hop.url) ? new URL(location, from) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    return new TypeError('A redirect leads to what is no http or https URL.');
  }
  if (url.hash === '') url.hash = from.hash;

  const headers = new Headers(headersOf(hop));
  const leaves = url.origin !== from.origin;
  if (leaves) for (const name of ofOneOrigin) headers.delete(name);
  const kept: RequestInit = { ...(hop.request && { signal: hop.request.signal }), ...hop.init, headers };

  const method = (hop.init.method ?? hop.request?.method ?? 'GET').toUpperCase();
  if (becomesGet(response.status, method)) {
    for (const name of ofBody) headers.delete(name);
    return { url: url.href, hasLeft: hop.hasLeft || leaves, init: { ...kept, method: 'GET', body: null } };
  }
  if (!isResendable(bodyOf(hop)))
    return new TypeError('A redirect asks for the body again, which was a stream.');
  return { url: url.href, hasLeft: hop.hasLeft || leaves, init: { ...kept, method } };
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const mostRedirects = 20;
const ofOneOrigin = ['authorization', 'proxy-authorization', 'cookie', 'host'];
const ofBody = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];
