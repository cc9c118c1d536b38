import type { ServerResponse } from 'node:http';
import { pipeline, Readable, type Writable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** How large a padded body is and how it is put on the wire. */
export interface Padding {
  /** Before compression; at least 14. */
  readonly bytes: number;
  /** With `Content-Length` rather than chunked. */
  readonly declared?: boolean;
  readonly gzip?: boolean;
}

/**
 * Answers 200 with valid JSON of so many bytes. It is made while the client reads, in pieces of 64 KiB, so that it
 * takes no memory here, and it ends when the client goes away.
 */
export function paddedAnswer(
  response: ServerResponse,
  { bytes, declared = false, gzip = false }: Padding,
): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(declared ? { 'content-length': String(bytes) } : {}),
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  });
  streamPadding(response, { bytes, gzip });
}

/**
 * Writes `{"padding":"    …"}` of so many bytes into `sink`, no faster than it takes them. Gives the source back,
 * which is destroyed when the sink is.
 */
export function streamPadding(sink: Writable, { bytes, gzip = false }: Padding): Readable {
  const source = Readable.from(paddedJson(bytes), { objectMode: false });
  // A client that leaves early is what this is for: no error of ours.
  const ended = () => undefined;
  if (gzip) pipeline(source, createGzip(), sink, ended);
  else pipeline(source, sink, ended);
  return source;
}

const OPENING = '{"padding":"';
const CLOSING = '"}';
const PIECE = 64 * 1024;

function* paddedJson(bytes: number): Generator<Buffer> {
  yield Buffer.from(OPENING);
  const piece = Buffer.alloc(PIECE, ' ');
  for (let left = bytes - OPENING.length - CLOSING.length; left > 0; left -= PIECE) {
    yield piece.subarray(0, Math.min(left, PIECE));
  }
  yield Buffer.from(CLOSING);
}
