import type { ServerResponse } from 'node:http';

/** One finished HTTP answer, before anything of it is on the wire. Header names are lower-case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer with a JSON body. Keys whose value is `undefined` are left out, as `JSON.stringify` does. */
export function jsonAnswer(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** An answer with a text body, plain unless `contentType` says otherwise. */
export function textAnswer(status: number, text: string, contentType = 'text/plain; charset=utf-8'): Answer {
  return { status, headers: { 'content-type': contentType }, body: Buffer.from(text) };
}

/** An answer without a body and without a content type. */
export function emptyAnswer(status: number, headers: Answer['headers'] = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** The same answer with the text value of one JSON key replaced; unchanged where the key does not occur. */
export function withJsonText(answer: Answer, key: string, value: string): Answer {
  const field = new RegExp(`"${key}":"[^"]*"`);
  const replaced = answer.body.toString().replace(field, () => `"${key}":${JSON.stringify(value)}`);
  return { ...answer, body: Buffer.from(replaced) };
}

/** Puts the whole answer on the wire, with its length declared. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': String(answer.body.length),
  });
  response.end(answer.body);
}
