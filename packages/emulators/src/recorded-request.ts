import type { IncomingMessage } from 'node:http';

/** One request as it arrived, headers and body in full. */
export interface RecordedRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Decoded; a key that came several times has an array of its values. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Names in lower case; the values of a header that came several times are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the body is as JSON, whatever its content type; the text where it is not JSON; `undefined` when empty. */
  readonly body: unknown;
  /** When it had arrived, in epoch milliseconds of the emulator's clock. */
  readonly at: number;
}

/** Reads a request to its end. Rejects when the client goes away before that. */
export async function readRequest(incoming: IncomingMessage, now: () => number): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const [path = '/', ...query] = (incoming.url ?? '/').split('?');
  return {
    method: incoming.method ?? 'GET',
    path,
    query: readQuery(query.join('?')),
    headers: readHeaders(incoming),
    body: readBody(Buffer.concat(chunks).toString()),
    at: now(),
  };
}

/** The token of an `Authorization: Bearer …` header; `undefined` where there is none. */
export function bearerToken({ headers }: RecordedRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
}

function readQuery(text: string): RecordedRequest['query'] {
  const parameters = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length > 1 ? values : (values[0] ?? '')];
    }),
  );
}

// `incoming.headers` drops repeated headers such as `authorization`; a second one must be seen here.
function readHeaders(incoming: IncomingMessage): RecordedRequest['headers'] {
  return Object.fromEntries(
    Object.entries(incoming.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
  );
}

function readBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
