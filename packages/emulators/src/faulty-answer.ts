import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Answer, emptyAnswer, jsonAnswer, textAnswer } from './answer.js';
import type { CompleteFault } from './complete-fault.js';
import type { Exchange } from './play-fault.js';

/** The faults that lie in the answer itself, not in the way it is sent. */
export type AnswerFault = Exclude<
  CompleteFault,
  {
    kind:
      | 'slow-headers'
      | 'slow-body'
      | 'never'
      | 'reset'
      | 'reset-mid-body'
      | 'garbage'
      | 'huge-body'
      | 'gzip-bomb';
  }
>;

/** The real answer, altered, or another one in its place; what each kind does stands in `fault.ts`. */
export function faultyAnswer(fault: AnswerFault, exchange: Exchange): Answer {
  const { request, answer, withToken, now } = exchange;
  switch (fault.kind) {
    case 'html-500':
      return htmlPage(500, 'Internal Server Error');
    case 'bad-gateway':
      return htmlPage(502, 'Bad Gateway');
    case 'gateway-timeout':
      return htmlPage(504, 'Gateway Timeout');
    case 'unavailable':
      return retryLater(503, 'Service Unavailable', fault, now);
    case 'rate-limited':
      return retryLater(429, 'Too Many Requests', fault, now);
    case 'redirect':
      return emptyAnswer(fault.status, { location: fault.location ?? elsewhere(exchange) });
    case 'echo':
      return jsonAnswer(fault.status, { headers: request.headers, body: request.body });
    case 'wrong-shape':
      return jsonAnswer(200, fault.json);
    case 'deep-nesting':
      return textAnswer(200, '['.repeat(fault.depth) + ']'.repeat(fault.depth), 'application/json');
    case 'truncated-json':
      return firstHalf(answer());
    case 'wrong-content-type':
      return labelled(answer(), { 'content-type': 'text/html; charset=utf-8' });
    case 'bom':
      return withByteOrderMark(answer());
    case 'gzip':
      return compressed(answer(), fault.encoding);
    case 'token-crlf':
      return withToken(answer(), 'token\r\nX-Injected: yes\r\n\r\nafter');
    case 'token-huge':
      return withToken(answer(), 'a'.repeat(fault.bytes));
    case 'close':
      return labelled(answer(), { connection: 'close' });
  }
}

/** The answer with a byte order mark in front. */
export function withByteOrderMark(answer: Answer): Answer {
  return { ...answer, body: Buffer.concat([Buffer.from('\uFEFF'), answer.body]) };
}

function htmlPage(status: number, title: string): Answer {
  const page = `<html>\n<head><title>${status} ${title}</title></head>\n<body><h1>${title}</h1></body>\n</html>\n`;
  return textAnswer(status, page, 'text/html; charset=utf-8');
}

type RetryLater = Extract<CompleteFault, { kind: 'unavailable' | 'rate-limited' }>;

function retryLater(
  status: number,
  text: string,
  { retryAfter, form }: RetryLater,
  now: () => number,
): Answer {
  if (retryAfter === false) return textAnswer(status, text);
  const asDate = form === 'date' && typeof retryAfter === 'number';
  const value = asDate ? new Date(now() + retryAfter * 1_000).toUTCString() : String(retryAfter);
  return labelled(textAnswer(status, text), { 'retry-after': value });
}

const elsewhere = ({ port, request }: Exchange) => `http://localhost:${port}${request.path}`;

// An empty body has no half that is broken JSON.
function firstHalf(answer: Answer): Answer {
  const { body } = answer;
  return { ...answer, body: body.length < 2 ? Buffer.from('{') : body.subarray(0, body.length >> 1) };
}

function labelled(answer: Answer, headers: Answer['headers']): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

const compressors = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };

function compressed(answer: Answer, encoding: keyof typeof compressors): Answer {
  return labelled({ ...answer, body: compressors[encoding](answer.body) }, { 'content-encoding': encoding });
}
