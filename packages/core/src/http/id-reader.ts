import { isSessionId } from '../session-id.js';
import { bearerIn } from './bearer-token.js';
import { headerValues, type RequestHeaders } from './request-headers.js';

/** Makes what reads the id of a session from a request. It never throws, and takes time in proportion to the headers. */
export function idReader(
  cookieName: string,
  bearer: boolean,
): (headers: RequestHeaders) => string | undefined {
  return (headers) => {
    const authorization = headerValues(headers, 'authorization');
    // S3: the browser adds the cookie by itself, so it never stands in for a credential that was chosen.
    const value =
      authorization.length > 0
        ? bearer && bearerIn(authorization)
        : onlyCookie(headerValues(headers, 'cookie'), cookieName);
    return isSessionId(value) ? value : undefined;
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
