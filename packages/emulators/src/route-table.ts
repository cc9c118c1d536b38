import type { Answer } from './answer.js';
import type { RecordedRequest } from './recorded-request.js';

/** One endpoint: a method, a path, and what answers there. */
export interface Route {
  readonly method: string;
  /** Compared with the whole path; a segment written `{id}` matches any text without a slash. */
  readonly path: string;
  /** `id` is what stood in the place of `{id}`. */
  readonly answer: (request: RecordedRequest, id: string) => Answer;
}

/** What a request found: the route's answer, or why there is none. */
export type RouteResult =
  | { readonly found: true; readonly answer: () => Answer }
  | { readonly found: false; readonly status: 404 | 405 };

/** Finds the route of a request: 404 where no route has its path, 405 where one has, with another method. */
export function findRoute(routes: readonly Route[], request: RecordedRequest): RouteResult {
  const here = routes.filter((route) => idIn(route.path, request.path) !== undefined);
  const route = here.find(({ method }) => method === request.method);
  if (route === undefined) return { found: false, status: here.length > 0 ? 405 : 404 };
  return { found: true, answer: () => route.answer(request, idIn(route.path, request.path) ?? '') };
}

/** The text at `{id}`, '' for a pattern without it, `undefined` where the path does not match. */
function idIn(pattern: string, path: string): string | undefined {
  const [before = '', after] = pattern.split('{id}');
  if (after === undefined) return path === pattern ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const id = path.slice(before.length, path.length - after.length);
  return id === '' || id.includes('/') ? undefined : id;
}
