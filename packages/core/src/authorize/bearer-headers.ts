import type { Dispatcher } from 'undici';

/** Headers of a request, in every form that undici takes them. */
export type RequestHeaders = Dispatcher.DispatchOptions['headers'];

/** Headers that can be read more than once: by name, or a list of names and values in turn. */
export type OpenHeaders = Record<string, string | string[] | undefined> | string[];

/** The same with an `Authorization` of ours, which stands first in a list. */
export type SignedHeaders = OpenHeaders;

/** `headers` in a form that can be read more than once. What is such already, is given as it is. */
export function openHeaders(headers: RequestHeaders): OpenHeaders {
  if (headers === null || headers === undefined) return none;
  if (Array.isArray(headers) ? !Array.isArray(headers[0]) : !(Symbol.iterator in headers))
    return headers as OpenHeaders;
  const list: string[] = [];
  // Values that are lists stay so; undici takes them in a list, beside its types.
  for (const [name, value] of headers as Iterable<[string, string]>) list.push(name, value);
  return list;
}

/** The value of a header, by its name in lower case; a header without a value is not sent, and counts as absent. */
export function headerIn(headers: OpenHeaders, name: string): string | string[] | undefined {
  if (Array.isArray(headers)) {
    for (let at = 0; at < headers.length; at += 2) {
      if (isNamed(headers[at] ?? '', name) && headers[at + 1] !== undefined) return headers[at + 1];
    }
    return undefined;
  }
  for (const key of Object.keys(headers)) {
    if (isNamed(key, name) && headers[key] !== undefined) return headers[key];
  }
  return undefined;
}

/** A copy of `headers`, which hold no other, with this `Authorization` in front. */
export function signedHeaders(headers: OpenHeaders, authorization: string): SignedHeaders {
  if (Array.isArray(headers)) return ['authorization', authorization, ...headers];
  // In this order: to add a property to what a spread has made takes Node 20 a microsecond.
  const signed = { authorization, ...headers };
  signed.authorization = authorization;
  return signed;
}

/** A copy of what `signedHeaders` gave, with another `Authorization`. */
export function resignedHeaders(signed: SignedHeaders, authorization: string): SignedHeaders {
  return Array.isArray(signed) ? signed.with(1, authorization) : { ...signed, authorization };
}

const none: OpenHeaders = Object.freeze({});

function isNamed(given: string | Buffer, name: string): boolean {
  // Most names differ in length, which is all that is looked at then. In a list they may be bytes, beside the types.
  return given.length === name.length && String(given).toLowerCase() === name;
}
