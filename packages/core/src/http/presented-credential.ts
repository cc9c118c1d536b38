import { bearerIn } from './bearer-token.js';
import { credentialHeaders, type RequestHeaders } from './request-headers.js';

/** What a request shows of who sent it. */
export interface PresentedCredential {
  /** The bearer value of the `Authorization` header, whatever its shape. */
  readonly bearer: string | undefined;
  /** The value of the cookie, whatever its shape; none where there is an `Authorization` header of any kind (S3). */
  readonly cookie: string | undefined;
}

/** Makes what reads requests, for the cookie of that name. It never throws, and takes time in proportion to the headers. */
export function credentialReader(cookieName: string): (headers: RequestHeaders) => PresentedCredential {
  return (headers) => {
    const { authorization, cookie } = credentialHeaders(headers);
    // The browser adds the cookie by itself, so it never stands in for a credential that was chosen.
    if (authorization.length > 0) return { bearer: bearerIn(authorization), cookie: undefined };
    return { bearer: undefined, cookie: onlyCookie(cookie, cookieName) };
  };
}

/**
 * The value of the only cookie of that name (RFC 6265, section 4.2), neither unquoted nor decoded. Of two with one name
 * either may have been planted by a neighbouring host, so that neither counts.
 */
function onlyCookie(headers: readonly unknown[], name: string): string | undefined {
  let found: string | undefined;
  for (const header of headers) {
    if (typeof header !== 'string') continue;
    for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at + name.length)) {
      if (!isWholeName(header, at, at + name.length)) continue;
      if (found !== undefined) return undefined;
      found = valueAt(header, at + name.length + 1);
    }
  }
  return found;
}

function isWholeName(header: string, start: number, end: number): boolean {
  if (header[end] !== '=') return false;
  let before = start - 1;
  while (isBlank(header[before])) before -= 1;
  return before < 0 || header[before] === ';';
}

function valueAt(header: string, start: number): string {
  const semicolon = header.indexOf(';', start);
  let end = semicolon === -1 ? header.length : semicolon;
  while (end > start && isBlank(header[end - 1])) end -= 1;
  return header.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
