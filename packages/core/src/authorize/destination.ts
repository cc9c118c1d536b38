import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import { headerIn, openHeaders } from './bearer-headers.js';

/**
 * Where a request goes, seen from one origin: to it; to another one; to it, though an interceptor for DNS has put an address
 * in its place; or somewhere that the request does not say.
 */
export type Destination = 'origin' | 'elsewhere' | 'rewritten' | 'unknown';

/** Where `options` send a request to, seen from `origin`. Origins are compared whole: scheme, host and port. */
export function destinationOf(options: Dispatcher.DispatchOptions, origin: string): Destination {
  // Not in the types of undici: the name for TLS, which the interceptor for DNS sets when it rewrites.
  const { origin: given, servername } = options as { origin?: string | URL; servername?: string };
  if (given === origin && servername === undefined) return 'origin';
  if (!given) return 'unknown';
  const url = parsed(String(given));
  // Undici refuses it, in its own words.
  if (url?.pathname !== '/' || url.search !== '' || url.hash !== '') return 'elsewhere';
  const meant = servername ? originBeforeDns(url, servername, options.headers, origin) : url.origin;
  if (meant !== origin) return 'elsewhere';
  return url.origin === origin ? 'origin' : 'rewritten';
}

/**
 * The origin that stood in a request before undici's interceptor for DNS put an address there. It keeps the host in
 * `servername`, and, where the caller brings none, in the `Host` header.
 */
function originBeforeDns(
  url: URL,
  servername: string,
  headers: Dispatcher.DispatchOptions['headers'],
  origin: string,
): string {
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0) return url.origin;
  // An iterable is not read here: the interceptor has made a list of it, and anybody else's could be read only once.
  const isReadable = Array.isArray(headers) || !(headers && Symbol.iterator in headers);
  const host = isReadable ? headerIn(openHeaders(headers), 'host') : undefined;
  const named = typeof host === 'string' ? parsed(`${url.protocol}//${host}`) : undefined;
  if (named?.hostname === servername) return named.origin;
  if (url.origin === origin) return origin;
  return parsed(`${url.protocol}//${servername}:${url.port}`)?.origin ?? url.origin;
}

function parsed(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
