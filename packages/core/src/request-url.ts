import { LatchkeyError } from './latchkey-error.js';
import type { Upstream } from './upstream.js';

/** Values of a query; a list repeats its name, `undefined` is left out. */
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>;
export type QueryValue = string | number | boolean;

/**
 * The URL of a request, which always lies on the origin of the upstream.
 *
 * @param path begins with `/`; a query in it is kept.
 * @throws LatchkeyError `invalid_input` for a path that does not begin with `/` or leads elsewhere.
 */
export function requestUrl(
  { name: provider, origin }: Pick<Upstream, 'name' | 'origin'>,
  path: string,
  query: Query = {},
): URL {
  const text = `${origin}${path}`;
  // Without the slash a path such as `@other.example` or `.other.example` would change the host.
  const url = text.startsWith(`${origin}/`) && URL.canParse(text) ? new URL(text) : undefined;
  if (url?.origin !== origin || url.hash !== '') {
    throw new LatchkeyError('invalid_input', {
      provider,
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
