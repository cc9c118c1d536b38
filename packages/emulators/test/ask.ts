import { type Dispatcher, request } from 'undici';

/** An answer read to its end. */
export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; throws where it is none. */
  json(): unknown;
  /** What stands at a path such as `user.access_token` of the JSON body. */
  at(path: string): unknown;
}

export interface Question {
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly dispatcher?: Dispatcher;
  readonly signal?: AbortSignal;
}

/** Sends one request such as `GET /api/route` and reads the whole answer. */
export async function ask(origin: string, call: string, question: Question = {}): Promise<Answered> {
  const answer = await begin(origin, call, question);
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  const text = bytes.toString();
  const json = () => JSON.parse(text) as unknown;
  return {
    status: answer.statusCode,
    headers: answer.headers,
    bytes,
    text,
    json,
    at: (path) => at(json(), path),
  };
}

/** Sends one request and gives the answer as soon as its headers are there. */
export async function begin(
  origin: string,
  call: string,
  question: Question = {},
): Promise<Dispatcher.ResponseData> {
  const [method = 'GET', path = '/'] = call.split(' ');
  const { body, token, headers, ...rest } = question;
  return request(`${origin}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...rest,
  });
}

/** What stands at a path such as `0.name` of a JSON value. */
export function at(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Record<string, unknown>)[key];
  }, json);
}

/** Signs in to LCLXchange as the first sample user, or another one. */
export const lclxLogin = (
  origin: string,
  { email = 'demo@example.com', password = 'sample-password-1' }: { email?: string; password?: string } = {},
): Promise<Answered> => ask(origin, 'POST /api/login', { body: { email, password } });

/** The token of such a sign-in. */
export async function lclxToken(origin: string, credentials = {}): Promise<string> {
  return String((await lclxLogin(origin, credentials)).at('user.access_token'));
}

/** Waits, a turn of the event loop at a time, until something has become true. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Signs in to Cryptlex as the first sample user, or with other fields. */
export const cryptlexLogin = (origin: string, fields: Record<string, unknown> = {}): Promise<Answered> =>
  ask(origin, 'POST /v3/accounts/login', {
    body: { accountAlias: 'example', email: 'demo@example.com', password: 'sample-password-1', ...fields },
  });

/** The access token of such a sign-in. */
export async function cryptlexToken(origin: string, fields: Record<string, unknown> = {}): Promise<string> {
  return String((await cryptlexLogin(origin, fields)).at('accessToken'));
}
