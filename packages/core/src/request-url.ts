import { LatchkeyError } from './latchkey-error.js';

/** Values of a query; a list repeats its name, `undefined` is left out. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>;
export type QueryValue = string | number | boolean;

/**
 * The URL of a request, which always lies on `origin`.
 *
 * @param path begins with `/`; a query in it is kept.
 * @throws LatchkeyError `invalid_input` for a path that does not begin with `/` or leads elsewhere.
 */
export function requestUrl(origin: string, path: string, query: Query = {}): URL {
  const text = `${origin}${path}`;
  // Without the slash a path such as `@other.example` or `.other.example` would change the host.
  const url = path.startsWith('/') && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin !== origin || url.hash !== '') {
    throw new LatchkeyError('invalid_input', {
      message: 'The path of a request must begin with / and have no fragment.',
    });
  }
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) {
      if (one !== undefined) url.searchParams.append(name, String(one));
    }
  }
  return url;
}
