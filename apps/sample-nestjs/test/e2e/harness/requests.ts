import type { AppProcess } from './app-process.js';
import type { Person } from './sample-users.js';

/** Asks without a browser; redirects are given as they are. */
export function ask(app: AppProcess, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${app.origin}${path}`, { redirect: 'manual', ...init });
}

/** Posts a form as a page of the application would, unless `headers` say otherwise. */
export function postForm(
  app: AppProcess,
  path: string,
  fields: Fields,
  headers: Readonly<Record<string, string>> = { 'sec-fetch-site': 'same-origin' },
): Promise<Response> {
  const pairs = isList(fields) ? fields : Object.entries(fields);
  const body = new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value]));
  return ask(app, path, { method: 'POST', headers, body });
}

/** As a record, or as a list where a name comes twice. */
export type Fields = Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];

function isList(fields: Fields): fields is readonly (readonly [string, string])[] {
  return Array.isArray(fields);
}

/** The cookies that an answer sets, as a browser sends them back. */
export function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** Signs in with the form, and gives the cookie. */
export async function signedInCookie(app: AppProcess, person: Person): Promise<string> {
  const response = await postForm(app, '/sign-in', { ...person });
  if (response.status !== 303 && response.status !== 302)
    throw new Error(`Signing in was answered ${response.status}: ${await response.text()}`);
  return cookiesOf(response);
}
